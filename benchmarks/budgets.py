"""The budget: what a request may cost, in figures that hold on any machine as far as they can."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, Literal, TypeAlias

from benchmarks.report_machine import BUDGET_BARE_US, scaled
from benchmarks.report_results import Results
from benchmarks.report_verdicts import COUNT, MICROSECONDS, SECONDS, Budget
from benchmarks.rounds import Estimate
from benchmarks.serve import ACCESS_LOG
from benchmarks.wire_figures import Figure, WireResults

__all__ = ["BUDGETS", "PEERS", "WirePart"]

PEERS: Final = "peers"
"""The peers that the budget compares with: each set up as its own documentation says."""

WirePart: TypeAlias = Literal["wire", "wire_host_alone"]
"""Which of the two measurements behind uvicorn a figure is of."""


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


def _on_wire(part: WirePart, figure: Figure, to: str, results: Results) -> Estimate | None:
    found: WireResults | None = getattr(results, part)
    return None if found is None else found.ratio(figure, "ours", to)


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


def _unsaturated(part: WirePart, names: Collection[str], results: Results) -> str:
    """Say that too few requests came to the server of one of these stacks; an empty text where that is not so."""
    found: WireResults | None = getattr(results, part)
    return "server not saturated" if found and set(found.unsaturated) & set(names) else ""


def _behind_uvicorn(
    what: str, figure: Figure, to: str, limits: tuple[float, float] | None = None, part: WirePart = "wire_host_alone"
) -> Budget:
    """Make a row of the requests that have a Host header alone, as `wrk` has them, or of those with ten headers."""
    must, goal = limits or (None, None)
    mark = " ¹" if part == "wire_host_alone" else ", requests with ten headers"
    doubt = partial(_unsaturated, part, ("ours", to))
    return Budget(f"behind uvicorn, {what}{mark}", partial(_on_wire, part, figure, to), must, goal, doubt=doubt)


_CPU: Final = "the server's processor time: ours / bare app"
_OVER_ACCESS_LOG: Final = "requests/s: ours / bare app with uvicorn's access log"
_OVER_PEERS: Final = "requests/s: ours / peers"
_FOUR: Final = "the four concerns, added"
_ERROR: Final = "an error response without traceback text, added"

BUDGETS: Final[Sequence[Budget]] = (
    Budget(f"{_FOUR}: peers / ours, the same log fields", partial(_times_ours, "success", PEERS), 2.3, 3.5),
    Budget(f"{_FOUR}: peers with 8 log fields / ours", partial(_times_ours, "success", "peers_as_they_are"), 1.7, 2.5),
    Budget(f"{_FOUR}: peers with secure.py / ours", partial(_times_ours, "success", "secure"), 3.2, 5),
    Budget(f"{_FOUR}: four BaseHTTPMiddleware / ours", partial(_times_ours, "success", "basehttp_fast"), 42, 70),
    Budget("without the request line, added / a bare app call ²", _without_log_over_budgets_bare, 11, 7),
    _behind_uvicorn(_CPU, "cpu_us_per_request", "bare", (2.7, 2.0)),
    _behind_uvicorn(_OVER_ACCESS_LOG, "requests_per_second", ACCESS_LOG, (1.1, 1.5)),
    _behind_uvicorn(_OVER_PEERS, "requests_per_second", PEERS, (1.3, 1.8)),
    Budget("a streamed chunk through all layers, added ³", _added_by_chunk, 0.35, 0.20, MICROSECONDS),
    Budget(f"{_ERROR}: peers / ours", partial(_times_ours, "error_without_text", PEERS), 1.7, 3),
    Budget("a query of three harmless keys, added ³", partial(_more_than_success, "query"), 0.8, 0.4, MICROSECONDS),
    Budget(
        "20 response headers, more than with 2 ³", partial(_more_than_success, "response_headers"), 3, 1.5, MICROSECONDS
    ),
    Budget("instructions a request, all layers, added", _instructions, 95_000, 65_000, COUNT),
    Budget("`import asgi_stack`", partial(_importing, "alone_s"), 0.4, 0.3, SECONDS),
    # What has no limit of its own shows what the others leave out.
    Budget(f"{_FOUR}: peers tuned by hand / ours", partial(_times_ours, "success", "peers_tuned")),
    Budget(f"{_FOUR}: BaseHTTPMiddleware with usual logging / ours", partial(_times_ours, "success", "basehttp")),
    Budget("without the request line, added / the bare app call of this run", _without_log_over_bare),
    _behind_uvicorn(_CPU, "cpu_us_per_request", "bare", part="wire"),
    _behind_uvicorn(_OVER_ACCESS_LOG, "requests_per_second", ACCESS_LOG, part="wire"),
    _behind_uvicorn(_OVER_PEERS, "requests_per_second", PEERS, part="wire"),
    _behind_uvicorn(f"{_OVER_PEERS} tuned by hand", "requests_per_second", "peers_tuned"),
    Budget(f"{_ERROR}: peers tuned by hand / ours", partial(_times_ours, "error_without_text", "peers_tuned")),
    Budget(
        "an error response with traceback text, added: peers / ours", partial(_times_ours, "error", "peers_traceback")
    ),
    Budget("instructions a request, added: peers / ours", _instructions_of_peers),
    Budget("`python -c 'import asgi_stack'`, the whole process", partial(_importing, "process_s"), unit=SECONDS),
    Budget(
        "`from asgi_stack import *`: with all that is loaded on first use",
        partial(_importing, "everything_s"),
        unit=SECONDS,
    ),
)
"""The whole budget, but for layers that do not exist yet."""
