"""Which rows of the fault table hold, from what ran just now: outcomes go in test by test, a list comes out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tests.faults.rows import ROWS, Row

__all__ = ["Ledger", "row_number", "state_of"]

Outcome: TypeAlias = Literal["passed", "failed", "expected"]
"""`expected` is a failure that the row's `open` announces."""

_ROW: Final = re.compile(r"test_row_(\d\d)_").match


@dataclass(frozen=True, slots=True)
class Result:
    """What one test came to; `kind` names its server, and is empty for a test in process."""

    kind: str
    outcome: Outcome


def row_number(test: str) -> int | None:
    """Read the row's number off a test's name."""
    found = _ROW(test)
    return int(found[1]) if found else None


class Ledger:
    """The outcomes of one run, by row."""

    def __init__(self) -> None:
        self._results: defaultdict[int, list[Result]] = defaultdict(list)

    def note(self, number: int, kind: str, outcome: Outcome) -> None:
        """Add what one test came to."""
        self._results[number].append(Result(kind, outcome))

    def lines(self) -> Iterator[str]:
        """Give one line a row."""
        width = max(len(row.title) for row in ROWS)
        for row in ROWS:
            yield f"{row.number:2} {row.title:{width}}  {state_of(row, self._results[row.number])}"


def state_of(row: Row, results: list[Result]) -> str:
    """Say how far a row holds."""
    failed = [result for result in results if result.outcome == "failed"]
    if failed:
        return f"FAILS: {_kinds(failed)}"
    passed = [result for result in results if result.outcome == "passed"]
    if len(passed) < len(results) or not results:
        return f"open: {row.open}" if row.open else "open: not run"
    missing = f"; open: {row.missing}" if row.missing else ""
    surprise = "; rows.py still calls it open" if row.open else ""
    return _where(row, passed) + missing + surprise


def _where(row: Row, passed: list[Result]) -> str:
    over_sockets = [result for result in passed if result.kind]
    is_inside = len(over_sockets) < len(passed)
    reason = row.in_process or "its tests over a socket did not run"
    if not over_sockets:
        return f"holds in process, because {reason}"
    return f"holds over a socket: {_kinds(over_sockets)}" + (
        f"; some in process, because {reason}" if is_inside else ""
    )


def _kinds(results: Iterable[Result]) -> str:
    return ", ".join(dict.fromkeys(result.kind or "in process" for result in results))
