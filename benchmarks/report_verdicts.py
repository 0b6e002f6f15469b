"""How a figure is judged by what it must reach and by what it should reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from benchmarks.report_results import Results
from benchmarks.rounds import Estimate

__all__ = ["COUNT", "MICROSECONDS", "SECONDS", "TIMES", "Budget", "Find", "Row", "Unit", "Verdict", "judge_all"]

Find: TypeAlias = Callable[[Results], Estimate | None]
"""Finds a figure in a run; None where it was not measured."""


class Verdict(Enum):
    """What became of a figure, the worst first."""

    MISSED = "missed"
    NOT_MEASURED = "not measured"
    MUST_MET = "must met"
    GOAL_MET = "goal met"
    NO_BUDGET = "for comparison"


@dataclass(frozen=True, slots=True)
class Unit:
    """How a figure is written.

    Attributes:
        suffix: What comes after the number.
        digits: After the point.
        depends_on_machine: Whether such figures are judged by what they would be on the machine that the budget was set
            on.
    """

    suffix: str
    digits: int
    depends_on_machine: bool = False

    def write(self, value: float) -> str:
        """Write one number."""
        return f"{value:,.{self.digits}f}{self.suffix}"

    def write_limit(self, value: float) -> str:
        """Write a number that somebody chose: without zeros at its end."""
        return f"{value:,}{self.suffix}"


TIMES: Final = Unit("x", 2)
MICROSECONDS: Final = Unit(" µs", 2, depends_on_machine=True)
SECONDS: Final = Unit(" s", 3)
COUNT: Final = Unit("", 0)


def _no_doubt(results: Results) -> str:
    del results
    return ""


@dataclass(frozen=True, slots=True)
class Budget:
    """One row of the budget.

    Attributes:
        figure: What is measured.
        find: Finds it in a run.
        must: What it must reach; None where the figure is there for comparison only.
        goal: What it should reach. Where that is above `must`, more is better.
        unit: How it is written.
        doubt: Says of a run what makes the figure doubtful; an empty text where nothing does.
    """

    figure: str
    find: Find
    must: float | None = None
    goal: float | None = None
    unit: Unit = TIMES
    doubt: Callable[[Results], str] = _no_doubt

    def row(self, results: Results) -> Row:
        """Find the figure in a run, and what to judge it by."""
        measured = self.find(results)
        judged = measured
        if self.unit.depends_on_machine:
            judged = results.speed.to_budgets_machine(measured) if results.speed and measured else None
        return Row(self, measured, judged, self.doubt(results) if measured else "")


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row of the budget.

    Attributes:
        budget: What was due.
        measured: The figure on this machine; None where it was not measured.
        judged: What is compared with the budget; the same, but for a time.
        doubt: What makes it doubtful, if anything.
    """

    budget: Budget
    measured: Estimate | None
    judged: Estimate | None
    doubt: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the median comes to."""
        return self._judge(self.judged.median) if self.judged else self._judge(None)

    @property
    def is_sure(self) -> bool:
        """Whether both ends of the interval come to the same."""
        return self.judged is None or self._judge(self.judged.low) is self._judge(self.judged.high)

    def _judge(self, value: float | None) -> Verdict:
        must, goal = self.budget.must, self.budget.goal
        if must is None or goal is None:
            return Verdict.NO_BUDGET
        if value is None:
            return Verdict.NOT_MEASURED
        reaches = value.__ge__ if goal > must else value.__le__
        if not reaches(must):
            return Verdict.MISSED
        return Verdict.GOAL_MET if reaches(goal) else Verdict.MUST_MET


def judge_all(results: Results, budgets: Iterable[Budget]) -> list[Row]:
    """Judge a run.

    Args:
        results: The run.
        budgets: Rows of the budget.

    Returns:
        The missed rows first, and those without a budget last; among equals the order is that of the budget.
    """
    worst_first = list(Verdict)
    return sorted((budget.row(results) for budget in budgets), key=lambda row: worst_first.index(row.verdict))
