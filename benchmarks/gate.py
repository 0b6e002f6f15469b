"""The gate: fail where a request costs more instructions than was committed, or leaves memory behind.

`tox -e gate` runs it with the versions of benchmarks/constraints.txt; `tox -e gate -- --accept` takes today's counts
into benchmarks/figures.json. A figure that rises needs a line in CHANGELOG.md that names it: a test demands it.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.committed import BARE, FILE, PEERS, WHOLE, Comparison, Figures, judge
from benchmarks.instructions import CountError, can_count, count_instructions, isolated_environment, valgrind_version
from benchmarks.memory import Growth, find_problems

__all__ = [
    "FIGURES",
    "Figure",
    "check_instructions",
    "check_memory",
    "find_other_versions",
    "main",
    "measure_memory",
]

_CONSTRAINTS: Final = Path(__file__).with_name("constraints.txt")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the gate: what a stack adds to the bare app.

    Attributes:
        name: As it is named in the committed file.
        title: As it is named in the table.
        point: What is counted, `SCENARIO:STACK`.
        bare: What is taken off.
        per: What the rest is divided by.
        is_gated: Whether a rise fails: not where nothing of it is ours.
    """

    name: str
    title: str
    point: str
    bare: str | None = "success:bare"
    per: int = 1
    is_gated: bool = True

    def of(self, counts: Mapping[str, float]) -> int:
        """Give the figure, from the counts of all points."""
        return round((counts[self.point] - (counts[self.bare] if self.bare else 0)) / self.per)


FIGURES: Final = (
    Figure(BARE, "bare app, for comparison", "success:bare", bare=None, is_gated=False),
    Figure(PEERS, "peers, for comparison", "success:peers", is_gated=False),
    Figure(WHOLE, "the whole stack", "success:ours"),
    Figure("without_log", "without the request line", "success:ours_without_log"),
    Figure("headers", "security headers alone", "success:headers"),
    Figure("context", "request context alone", "success:context"),
    Figure("logging", "request line alone", "success:logging"),
    Figure("errors", "error layer alone", "success:errors"),
    Figure("lifespan", "lifespan layer alone", "success:lifespan"),
    Figure("error", "an unexpected exception", "error:ours"),
    Figure("error_without_text", "the same without traceback text", "error_without_text:ours"),
    Figure("not_found", "an expected error, 404", "not_found:ours"),
    Figure("chunk", "a streamed chunk", "stream:ours", bare="stream:bare", per=1_000),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all checks, print what they found, and give the exit code: 1 where one failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="take today's counts into benchmarks/figures.json")
    options = parser.parse_args(arguments)
    remarks = find_other_versions(_CONSTRAINTS.read_text())
    for remark in remarks:
        print(f"remark: {remark}")
    if remarks and options.accept:
        print("FAILED: nothing is accepted that was counted with other versions; `tox -e gate` installs the right ones")
        return 1
    failures = check_instructions(Figures.read(), accept=options.accept)
    failures += check_memory(measure_memory())
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def check_instructions(committed: Figures, *, accept: bool, path: Path = FILE) -> list[str]:
    """Count, print the table, and give what failed.

    Args:
        committed: What is compared with.
        accept: Whether the counts are taken into the file; the rises among them do not fail then.
        path: The file.
    """
    if not can_count():
        print("skipped: the instructions of a request, since valgrind is not installed (apt-get install valgrind)\n")
        return ["there is nothing to accept without valgrind"] if accept else []
    python = platform.python_version()
    points = dict.fromkeys(point for figure in FIGURES for point in (figure.point, figure.bare) if point)
    try:
        counts = count_instructions(list(points))
    except CountError as error:
        return [f"the instructions of a request could not be counted: {error}"]
    now = {figure.name: figure.of(counts) for figure in FIGURES}
    print(f"Instructions a request on top of the bare app: Python {python}, {valgrind_version()}")
    failures = _compare(now, committed, committed.comparison(python, now[BARE]))
    if accept:
        accepted = committed.accepted(python, now)
        _tell_accepted(committed, accepted, python)
        accepted.write(path)
        failures = []
        committed = accepted
    return failures + _compare_ratio(now[PEERS] / now[WHOLE], committed.peers_ratio_floor)


def check_memory(found: Sequence[Growth]) -> list[str]:
    """Print the table, and give what failed."""
    print("Memory that requests of the whole stack leave behind")
    print(f"{'requests':<34}{'number':>10}{'blocks':>10}{'in cycles':>12}{'grown, KiB':>12}  verdict")
    failures: list[str] = []
    for growth in found:
        problems = find_problems(growth)
        failures += problems
        cells = f"{growth.blocks:>+10,}{_or_dash(growth.cyclic):>12}{_or_dash(growth.resident_kib):>12}"
        print(f"{growth.name:<34}{growth.requests:>10,}{cells}  {'FAILED' if problems else 'ok'}")
    print()
    return failures


def find_other_versions(constraints: str) -> list[str]:
    """Name the packages that are installed in another version than the counts were made with.

    Args:
        constraints: Lines `name==version`.
    """
    found: list[str] = []
    for name, wanted in re.findall(r"^([\w.-]+)==(\S+)", constraints, re.MULTILINE):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed != wanted:
            found.append(f"{name} {installed} instead of {wanted}: counts may differ (benchmarks/constraints.txt)")
    return found


def measure_memory() -> list[Growth]:
    """Serve the whole stack in a process of its own, whose memory nothing else uses."""
    command = [sys.executable, "-P", "-m", "benchmarks.memory"]
    done = subprocess.run(  # noqa: S603 - a module of our own
        command, env=isolated_environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return [Growth(**growth) for growth in json.loads(done.stdout)]


def _compare(now: Mapping[str, int], committed: Figures, comparison: Comparison) -> list[str]:
    if comparison.remark:
        print(f"remark: {comparison.remark}")
    print(f"{'figure':<34}{'committed':>12}{'now':>12}{'change':>10}  verdict")
    failures: list[str] = []
    for figure in FIGURES:
        count, before = now[figure.name], committed.current(figure.name, comparison.version)
        verdict = judge(count, before, comparison.limit, is_gated=figure.is_gated)
        print(f"{figure.title:<34}{_or_dash(before):>12}{count:>12,}{verdict.change_text:>10}  {verdict.text}")
        if verdict.has_failed:
            failures.append(
                f"{figure.title}: {count:,} instructions, {verdict.change_text} (limit +{comparison.limit:.0%}); where "
                f"that is what it shall cost, run with --accept and name `{count:,} instructions` in CHANGELOG.md"
            )
    return failures


def _compare_ratio(ratio: float, floor: float | None) -> list[str]:
    """Compare what holds on any Python, and with any build of it."""
    if floor is None:
        print(f"peers / the whole stack: {ratio:.2f}, not committed\n")
        return []
    is_low = ratio < floor
    print(f"peers / the whole stack: {ratio:.2f}, at least {floor:.2f}: {'FAILED' if is_low else 'ok'}\n")
    return [f"peers cost {ratio:.2f} times the whole stack, at least {floor:.2f} is due"] if is_low else []


def _tell_accepted(before: Figures, after: Figures, python: str) -> None:
    for figure in FIGURES:
        old, new = before.current(figure.name, python), after.current(figure.name, python)
        if new is None or new == old:
            continue
        must_be_told = figure.is_gated and old is not None and new > old
        told = f"; CHANGELOG.md must name `{new:,} instructions`" if must_be_told else ""
        print(f"accepted: {figure.title}: {_or_dash(old)} -> {new:,}{told}")


def _or_dash(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


if __name__ == "__main__":
    sys.exit(main())
