"""The tables of a run, each as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from benchmarks.apps import SCENARIOS
from benchmarks.bytecodes import FunctionCost
from benchmarks.committed import Figures
from benchmarks.gate import FIGURES
from benchmarks.in_process import InProcess, LayersResult, ScenarioResult, StackResult
from benchmarks.memory import Growth, find_problems
from benchmarks.report_results import Instructions, Results
from benchmarks.rounds import Estimate
from benchmarks.serve import FLOOR
from benchmarks.wire_figures import SATURATED, WireFigures, WireResults

__all__ = [
    "instructions_table",
    "label",
    "layers_table",
    "markdown_table",
    "memory_table",
    "profile_tables",
    "scenario_table",
    "stacks_table",
    "wire_table",
]

_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bare": "bare app",
        FLOOR: "bare app that sends our headers",
        "access_log": "bare app, uvicorn's access log",
        "ours": "**ours**",
        "ours_without_log": "ours without the request line",
        "headers": "ours, security headers alone",
        "context": "ours, request context alone",
        "logging": "ours, request line alone",
        "errors": "ours, error layer alone",
        "lifespan": "ours, lifespan layer alone",
        "peers": "peers",
        "peers_tuned": "peers, tuned by hand",
        "peers_traceback": "peers, with traceback text",
        "peers_as_they_are": "peers, 8 log fields",
        "peers_usual": "peers, usual logging",
        "secure": "peers with secure.py",
        "secure_usual": "peers with secure.py, usual logging",
        "basehttp_fast": "four BaseHTTPMiddleware",
        "basehttp": "four BaseHTTPMiddleware, usual logging",
    }
)
_OURS: Final = "ours"
_PROFILED: Final = 25
_PLAIN: Final = "success"


def label(name: str) -> str:
    """Give a stack's name for people; its own where it has none."""
    return _LABELS.get(name, name)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Align a table, so that it can be read as it is.

    Args:
        head: Names of the columns.
        rows: Their cells.
        words: How many of the first columns are words, set from the left; the others are figures.
    """
    cells = [head, *rows]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |\n"

    rule = ["-" * width if column < words else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "".join([line(head), line(rule), *map(line, cells[1:])])


def stacks_table(results: Results) -> str:
    """Say what each label stands for, and in what each stack differs from ours, as it was found by running both."""
    titles = _titles(results)
    lines = [f"- {label(name)}: {title}" for name, title in titles.items() if label(name) != title]
    differing: dict[tuple[str, ...], list[str]] = {}
    for name, found in (results.in_process.differences if results.in_process else {}).items():
        differing.setdefault(found, []).append(label(name))
    told = [f"- {'; '.join(names)}:\n{_bullets(found)}" for found, names in differing.items()]
    return "\n".join([*lines, "", "What remains different from ours, found by running both:", "", *told, ""])


def scenario_table(scenario: ScenarioResult) -> str:
    """Show what each stack adds to a kind of request, in microseconds."""
    head = ["stack", "added µs a request", "times ours"]
    if scenario.chunks > 1:
        head.append("added µs a chunk")
    elif scenario.name != _PLAIN:
        head.append("of it more than for a plain answer, µs")
    bare = scenario.stacks["bare"].us
    of_it = f", {bare.median / scenario.chunks:.3f} µs a chunk" if scenario.chunks > 1 else ""
    rows = [_scenario_row(scenario, scenario.stacks[name]) for name in _in_order(scenario.stacks) if name != "bare"]
    return f"The bare app takes {bare} µs{of_it}.\n\n{markdown_table(head, rows)}"


def layers_table(in_process: InProcess) -> str:
    """Show what trivial layers add, by their number, in microseconds."""
    counts = sorted({int(count) for kind in in_process.layers.values() for count in kind.added_us})
    return markdown_table(
        ["µs added by", *map(str, counts)], [_layers_row(kind, counts) for kind in in_process.layers.values()]
    )


def wire_table(wire: WireResults) -> str:
    """Show what each stack costs behind uvicorn, and name those whose server was not saturated."""
    head = [
        "stack",
        "server's CPU µs a request",
        "of bare",
        "requests/s",
        "of bare",
        "p50 µs",
        "p99 µs",
        "busy",
        "had requests",
    ]
    rounds = len(wire.stacks["bare"].rounds)
    remark = (
        f"{rounds} rounds of {wire.seconds} s for each stack, {wire.connections} connections, {wire.request_headers} "
        f"request {'header' if wire.request_headers == 1 else 'headers'}. {_saturation(wire)}\n\n"
    )
    return remark + markdown_table(head, [_wire_row(wire.stacks[name]) for name in _in_order(wire.stacks)])


def _saturation(wire: WireResults) -> str:
    if not wire.unsaturated:
        return f"Every server had requests to answer for {SATURATED:.0%} of the time at least."
    names = "; ".join(label(name) for name in _in_order(wire.unsaturated))
    return (
        f"**Not saturated**, with requests to answer for less than {SATURATED:.0%} of the time: {names}. Their "
        "processor time is too high, and ratios to it are too low."
    )


def instructions_table(committed: Figures, counted: Instructions | None, python: str) -> str:
    """Show the committed figures of each version of Python, and those of the run.

    Args:
        committed: What the gate compares with.
        counted: The run's counts, if it counted.
        python: The run's version.
    """
    versions = sorted({each for histories in committed.instructions.values() for each in histories}, key=_by_number)
    counts = {} if counted is None else counted.counts
    rows = [
        [
            figure.title,
            *(_count(committed.current(figure.name, version)) for version in versions),
            _count(figure.of(counts) if {figure.point, figure.bare or figure.point} <= set(counts) else None),
        ]
        for figure in FIGURES
    ]
    return markdown_table(["figure", *versions, f"this run, {python}"], rows)


def profile_tables(profile: Mapping[str, Sequence[FunctionCost]]) -> str:
    """Show where requests of each scenario spend the interpreter's instructions, as far as it counts."""
    return "\n".join(_profile_table(SCENARIOS[name].title, costs) for name, costs in profile.items())


def _profile_table(title: str, costs: Sequence[FunctionCost]) -> str:
    total = sum(cost.bytecodes for cost in costs)
    rows = [[f"`{cost.name}`", f"{cost.bytecodes:.0f}", f"{cost.calls:g}"] for cost in costs[:_PROFILED]]
    rest = costs[_PROFILED:]
    rows.append(
        [f"{len(rest)} others", f"{sum(cost.bytecodes for cost in rest):.0f}", f"{sum(c.calls for c in rest):g}"]
    )
    head = f"{title[:1].upper()}{title[1:]}: {total:.0f} instructions of the interpreter.\n\n"
    return head + markdown_table(["function", "instructions", "calls"], rows)


def memory_table(memory: Sequence[Growth]) -> str:
    """Show what requests left behind."""
    head = ["requests of the whole stack", "number", "blocks more", "objects in cycles", "KiB more", "verdict"]
    rows = [
        [
            growth.name,
            f"{growth.requests:,}",
            f"{growth.blocks:,}",
            _count(growth.cyclic),
            _count(growth.resident_kib),
            "; ".join(find_problems(growth)) or "ok",
        ]
        for growth in memory
    ]
    return markdown_table(head, rows)


def _titles(results: Results) -> dict[str, str]:
    measured: dict[str, str] = {}
    for scenario in results.in_process.scenarios.values() if results.in_process else ():
        measured |= {name: stack.title for name, stack in scenario.stacks.items()}
    measured |= {name: stack.title for name, stack in (results.wire.stacks if results.wire else {}).items()}
    return {name: measured[name] for name in _in_order(measured)}


def _in_order(names: Collection[str]) -> list[str]:
    """Sort stacks as they are listed above, with those that have no label at the end."""
    return [*(name for name in _LABELS if name in names), *(name for name in names if name not in _LABELS)]


def _bullets(found: Iterable[str]) -> str:
    return "\n".join(f"  - {each}" for each in found)


def _scenario_row(scenario: ScenarioResult, stack: StackResult) -> list[str]:
    row = [label(stack.name), str(stack.added_us), "1" if stack.name == _OURS else str(stack.times_ours)]
    if scenario.chunks > 1:
        row.append(f"{stack.added_us.median / scenario.chunks:.3f}")
    elif scenario.name != _PLAIN:
        row.append(str(stack.more_than_success_us))
    return row


def _layers_row(kind: LayersResult, counts: Sequence[int]) -> list[str]:
    return [kind.title, *(str(kind.added_us.get(str(count), "")) for count in counts)]


def _wire_row(stack: WireFigures) -> list[str]:
    return [
        label(stack.name),
        _rounded(stack.cpu_us_per_request, 1),
        str(stack.cpu_to_bare),
        _rounded(stack.requests_per_second, 0),
        str(stack.requests_to_bare),
        _rounded(stack.p50_us, 0),
        _rounded(stack.p99_us, 0),
        f"{stack.server_busy.median:.0%}",
        f"{stack.server_occupied.median:.0%}",
    ]


def _rounded(value: Estimate, digits: int) -> str:
    return f"{value.median:,.{digits}f} ({value.low:,.{digits}f} to {value.high:,.{digits}f})"


def _count(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _by_number(version: str) -> tuple[tuple[int, str], ...]:
    # A release candidate, `3.14.0rc1`, comes after 3.14.0's number and by its text.
    return tuple((int("".join(filter(str.isdigit, part)) or 0), part) for part in version.split("."))
