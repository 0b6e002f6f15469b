"""The budget: what a request may cost, in figures that hold on any machine as far as they can."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.report_machine import BUDGET_BARE_US, scaled
from benchmarks.report_results import Results
from benchmarks.report_verdicts import COUNT, MICROSECONDS, SECONDS, Budget
from benchmarks.rounds import Estimate
from benchmarks.serve import ACCESS_LOG
from benchmarks.wire_figures import Figure

__all__ = ["BUDGETS", "PEERS"]

PEERS: Final = "peers_as_documented"
"""The peers that the budget compares with: each set up as its own documentation says."""


def _times_ours(scenario: str, stack: str, results: Results) -> Estimate | None:
    if results.in_process is None or stack not in results.in_process.scenarios[scenario].stacks:
        return None
    return results.in_process.scenarios[scenario].stacks[stack].times_ours


def _without_log_over_bare(results: Results) -> Estimate | None:
    if results.in_process is None:
        return None
    stacks = results.in_process.scenarios["success"].stacks
    added, bare = stacks["ours_without_log"].added_us, stacks["bare"].us
    # Their ratio was not taken round by round: so the widest that it can be.
    return Estimate(added.median / bare.median, added.low / bare.high, added.high / bare.low)


def _without_log_over_budgets_bare(results: Results) -> Estimate | None:
    if results.in_process is None or results.speed is None:
        return None
    added = results.in_process.scenarios["success"].stacks["ours_without_log"].added_us
    return scaled(results.speed.to_budgets_machine(added), 1 / BUDGET_BARE_US)


def _added_by_chunk(results: Results) -> Estimate | None:
    if results.in_process is None:
        return None
    stream = results.in_process.scenarios["stream"]
    return scaled(stream.stacks["ours"].added_us, 1 / stream.chunks)


def _more_than_success(scenario: str, results: Results) -> Estimate | None:
    if results.in_process is None:
        return None
    return results.in_process.scenarios[scenario].stacks["ours"].more_than_success_us


def _on_wire(figure: Figure, to: str, results: Results) -> Estimate | None:
    return None if results.wire is None else results.wire.ratio(figure, "ours", to)


def _on_wire_host_alone(figure: Figure, to: str, results: Results) -> Estimate | None:
    return None if results.wire_host_alone is None else results.wire_host_alone.ratio(figure, "ours", to)


def _instructions(results: Results) -> Estimate | None:
    if results.instructions is None:
        return None
    counts = results.instructions.counts
    return _exactly(counts["success:ours"] - counts["success:bare"])


def _instructions_of_peers(results: Results) -> Estimate | None:
    own = _instructions(results)
    if results.instructions is None or own is None:
        return None
    counts = results.instructions.counts
    return _exactly((counts[f"success:{PEERS}"] - counts["success:bare"]) / own.median)


def _exactly(value: float) -> Estimate:
    return Estimate(value, value, value)


def _importing(figure: str, results: Results) -> Estimate | None:
    found: Estimate | None = None if results.imports is None else getattr(results.imports, figure)
    return found


_ERROR: Final = "an error response without traceback text, added: peers / ours"


def _behind_uvicorn(what: str, figure: Figure, to: str, must: float, goal: float) -> tuple[Budget, Budget]:
    """Judge a figure with the requests of all other figures, and with those of `wrk`."""
    return (
        Budget(f"behind uvicorn, {what}", partial(_on_wire, figure, to), must, goal),
        Budget(f"behind uvicorn, {what} ¹", partial(_on_wire_host_alone, figure, to), must, goal),
    )


BUDGETS: Final[Sequence[Budget]] = (
    Budget(
        "the four concerns, added: peers / ours, the same log fields", partial(_times_ours, "success", PEERS), 2.3, 3.5
    ),
    Budget(
        "the four concerns, added: peers with their 8 log fields / ours",
        partial(_times_ours, "success", "peers_as_they_are"),
        1.7,
        2.5,
    ),
    Budget("the four concerns, added: peers with secure.py / ours", partial(_times_ours, "success", "secure"), 3.2, 5),
    Budget(
        "the four concerns, added: four BaseHTTPMiddleware / ours",
        partial(_times_ours, "success", "basehttp_fast"),
        42,
        70,
    ),
    Budget("without the request line, added / a bare app call", _without_log_over_bare, 11, 7),
    Budget(
        f"without the request line, added ² / the {BUDGET_BARE_US} µs of a bare app call where the budget was set",
        _without_log_over_budgets_bare,
        11,
        7,
    ),
    *_behind_uvicorn("the server's processor time: ours / bare app", "cpu_us_per_request", "bare", 2.7, 2.0),
    *_behind_uvicorn(
        "requests/s: ours / bare app with uvicorn's access log", "requests_per_second", ACCESS_LOG, 1.1, 1.5
    ),
    *_behind_uvicorn("requests/s: ours / peers", "requests_per_second", PEERS, 1.3, 1.8),
    Budget("a streamed chunk through all layers, added ²", _added_by_chunk, 0.35, 0.20, MICROSECONDS),
    Budget(_ERROR, partial(_times_ours, "error_without_text", PEERS), 1.7, 3),
    Budget(
        "a query of three harmless keys, more than without one ²",
        partial(_more_than_success, "query"),
        0.8,
        0.4,
        MICROSECONDS,
    ),
    Budget(
        "20 response headers, more than with 2 ²", partial(_more_than_success, "response_headers"), 3, 1.5, MICROSECONDS
    ),
    Budget("instructions a request, all layers, added", _instructions, 95_000, 65_000, COUNT),
    Budget("`import asgi_stack`, within an interpreter", partial(_importing, "alone_s"), 0.4, 0.3, SECONDS),
    Budget("`python -c 'import asgi_stack'`, the whole process", partial(_importing, "process_s"), 0.4, 0.3, SECONDS),
    # What has no limit of its own shows what the others leave out.
    Budget(
        "the four concerns, added: peers tuned by hand / ours, the same log fields",
        partial(_times_ours, "success", "peers"),
    ),
    Budget(
        "the four concerns, added: four BaseHTTPMiddleware with usual logging / ours",
        partial(_times_ours, "success", "basehttp"),
    ),
    Budget("behind uvicorn, requests/s: ours / peers tuned by hand", partial(_on_wire, "requests_per_second", "peers")),
    Budget(f"{_ERROR}, tuned by hand", partial(_times_ours, "error_without_text", "peers")),
    Budget(
        "an error response with traceback text, added: peers tuned by hand / ours",
        partial(_times_ours, "error", "peers_traceback"),
    ),
    Budget("instructions a request, added: peers / ours", _instructions_of_peers),
    Budget(
        "`from asgi_stack import *`: with all that is loaded on first use",
        partial(_importing, "everything_s"),
        unit=SECONDS,
    ),
)
"""The whole budget, but for layers that do not exist yet."""
