"""The page on performance: prose that people write, and between its markers the tables of a run.

A block begins with `<!-- generated: NAME -->` and ends with `<!-- end -->`, each on a line of its own. All else is kept
as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from benchmarks.budgets import BUDGETS, PEERS
from benchmarks.committed import Figures
from benchmarks.report_machine import BUDGET_BARE_US, BUDGET_UUID4_US
from benchmarks.report_results import Results
from benchmarks.report_tables import (
    instructions_table,
    layers_table,
    markdown_table,
    memory_table,
    profile_tables,
    scenario_table,
    stacks_table,
    wire_table,
)
from benchmarks.report_verdicts import Row, Verdict, judge_all
from benchmarks.serve import ACCESS_LOG

__all__ = ["BLOCKS", "PageError", "render_budget", "render_page", "render_text"]

_NOT_MEASURED: Final = "Not measured in this run.\n"
_QUICK: Final = "**A quick run: its figures are only roughly right.**\n\n"
_block: Final = re.compile(r"^<!-- generated: (\w+) -->\n(?:.*?\n)??<!-- end -->$", re.MULTILINE | re.DOTALL)
_marker: Final = re.compile(r"^<!-- (?:generated: \w+|end) -->$", re.MULTILINE)


class PageError(ValueError):
    """A page has other blocks than a run can fill; the message says which."""


def render_page(page: str, results: Results) -> str:
    """Write the tables of a run into a page.

    Args:
        page: The page as it is, with all blocks of `BLOCKS` in any order.
        results: The run.

    Raises:
        PageError: A block is missing, unknown, there twice, or without its end.
    """
    names = _block.findall(page)
    if len(_marker.findall(page)) != 2 * len(names):
        raise PageError("a block has no end, or no beginning")
    if sorted(names) != sorted(BLOCKS):
        raise PageError(f"the page has the blocks {', '.join(sorted(names))}, and should have {', '.join(BLOCKS)}")
    return _block.sub(lambda found: _framed(found[1], results), page)


def render_text(results: Results) -> str:
    """Give all blocks that have something to tell, for a terminal."""
    rendered = {name: block(results) for name, block in BLOCKS.items()}
    return "\n".join(f"# {name}\n\n{text}" for name, text in rendered.items() if text != _NOT_MEASURED)


def render_budget(results: Results) -> str:
    """Show the budget table: missed figures first, and at its end those that have no budget."""
    rows = judge_all(results, BUDGETS)
    return markdown_table(["figure", "measured", "must", "goal", "verdict"], map(_budget_row, rows)) + _footnotes(
        results
    )


def _framed(name: str, results: Results) -> str:
    return f"<!-- generated: {name} -->\n{BLOCKS[name](results)}<!-- end -->"


def _summary(results: Results) -> str:
    remark = _QUICK if results.is_quick else ""
    facts = [_fact_of_budget(results), *_facts_in_process(results), *_facts_behind_uvicorn(results)]
    return remark + "".join(f"- {fact}\n" for fact in facts)


def _fact_of_budget(results: Results) -> str:
    rows = [row.verdict for row in judge_all(results, BUDGETS) if row.verdict is not Verdict.NO_BUDGET]
    counts = ", ".join(f"{rows.count(verdict)} {verdict.value}" for verdict in dict.fromkeys(rows))
    return f"Of the {len(rows)} figures of the budget: {counts}."


def _facts_in_process(results: Results) -> list[str]:
    if results.in_process is None:
        return []
    stacks = results.in_process.scenarios["success"].stacks
    ours, peers, base_http = (stacks[name] for name in ("ours", PEERS, "basehttp_fast"))
    fact = (
        f"In process all layers together add {ours.added_us} µs to a request; peers that do the same add "
        f"{peers.times_ours} times as much, four BaseHTTPMiddleware {base_http.times_ours} times."
    )
    return [fact]


def _facts_behind_uvicorn(results: Results) -> list[str]:
    wire = results.wire_host_alone
    if wire is None:
        return []
    ours, bare = (wire.stacks[name].cpu_us_per_request.median for name in ("ours", "bare"))
    requests = wire.ratio("requests_per_second", "ours", ACCESS_LOG)
    fact = (
        f"Behind uvicorn a request takes {ours:.0f} µs of the server's processor time, without any layer {bare:.0f} "
        f"µs; the requests/s are {requests} times those of a bare app with uvicorn's access log."
    )
    return [fact]


def _budget_row(row: Row) -> list[str]:
    budget, verdict = row.budget, row.verdict.value
    if row.verdict is Verdict.MISSED:
        verdict = f"**{verdict}**"
    if not row.is_sure:
        verdict = f"{verdict}, not surely"
    if row.doubt:
        verdict = f"{verdict}; {row.doubt}"
    return [budget.figure, _measured(row), *_limits(row), verdict]


def _measured(row: Row) -> str:
    unit, measured, judged = row.budget.unit, row.measured, row.judged
    if measured is None:
        return "-"
    text = unit.write(measured.median)
    if measured.low != measured.high:
        text += f" ({unit.write(measured.low)} to {unit.write(measured.high)})"
    return text if judged is measured or judged is None else f"{text}, there {unit.write(judged.median)}"


def _limits(row: Row) -> tuple[str, str]:
    must, goal, unit = row.budget.must, row.budget.goal, row.budget.unit
    if must is None or goal is None:
        return "-", "-"
    sign = "≥" if goal > must else "≤"
    return f"{sign} {unit.write_limit(must)}", f"{sign} {unit.write_limit(goal)}"


def _footnotes(results: Results) -> str:
    return (
        "\n¹ Requests have a Host header alone, as those of `wrk` in the measurement that the budget comes from.\n\n"
        f"² In microseconds of the machine that the budget was set on, where a bare app call took {BUDGET_BARE_US} µs."
        f"{_bare_here(results)}\n\n"
        "³ Microseconds depend on the machine: the first figures are those of this one, and the verdict is about what "
        "it would be `there`, on the machine that the budget was set on. Both are compared by what `uuid4().hex` "
        f"takes: there {BUDGET_UUID4_US} µs, {_uuid4_here(results)}.\n\n"
        "`not surely`: an end of the 95 % interval would have another verdict. `server not saturated`: too few "
        "requests came to the server, see below; such a ratio to a cheaper stack is too low.\n"
    )


def _bare_here(results: Results) -> str:
    speed = results.speed
    if speed is None:
        return ""
    with_scope, without = (speed.to_budgets_machine(us).median for us in (speed.bare_us, speed.bare_call_us))
    return (
        f" This machine's call is {with_scope:.2f} µs there with the scope that each request of these tables has made "
        f"for it, and {without:.2f} µs without."
    )


def _uuid4_here(results: Results) -> str:
    speed = results.speed
    if speed is None:
        return "it was not measured here"
    return f"here {speed.uuid4_us} µs, so a microsecond here counts as {speed.factor:.2f} µs there"


def _scenario(name: str, results: Results) -> str:
    if results.in_process is None or name not in results.in_process.scenarios:
        return _NOT_MEASURED
    return scenario_table(results.in_process.scenarios[name])


def _layers(results: Results) -> str:
    return _NOT_MEASURED if results.in_process is None else layers_table(results.in_process)


def _wire(results: Results) -> str:
    return _NOT_MEASURED if results.wire is None else wire_table(results.wire)


def _wire_host_alone(results: Results) -> str:
    return _NOT_MEASURED if results.wire_host_alone is None else wire_table(results.wire_host_alone)


def _instructions(results: Results) -> str:
    return instructions_table(Figures.read(), results.instructions, results.machine.python_version)


def _profile(results: Results) -> str:
    return _NOT_MEASURED if results.profile is None else profile_tables(results.profile)


def _memory(results: Results) -> str:
    return _NOT_MEASURED if results.memory is None else memory_table(results.memory)


def _run(results: Results) -> str:
    machine, in_process = results.machine, results.in_process
    facts = {
        "date": results.date,
        "run": "a quick one" if results.is_quick else "a full one",
        "Python": machine.python,
        "processor": f"{machine.processor}, {machine.cores} cores",
        "kernel": machine.kernel,
        "rounds in process": "-" if in_process is None else str(in_process.rounds),
        "valgrind": "-" if results.instructions is None else results.instructions.valgrind,
        "packages": ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items())),
    }
    return "".join(f"- {name}: {fact}\n" for name, fact in facts.items())


BLOCKS: Final[Mapping[str, Callable[[Results], str]]] = MappingProxyType(
    {
        "summary": _summary,
        "budget": render_budget,
        "stacks": stacks_table,
        **{
            name: partial(_scenario, name)
            for name in (
                "success",
                "error",
                "error_without_text",
                "not_found",
                "stream",
                "request_headers",
                "query",
                "response_headers",
            )
        },
        "layers": _layers,
        "wire": _wire,
        "wire_host_alone": _wire_host_alone,
        "instructions": _instructions,
        "profile": _profile,
        "memory": _memory,
        "run": _run,
    }
)
"""What a page shows of a run, by the names of its blocks."""
