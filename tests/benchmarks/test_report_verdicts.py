"""How a figure is judged, and in which order rows are shown."""

from __future__ import annotations

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks.report_verdicts import COUNT, MICROSECONDS, SECONDS, TIMES, Budget, Unit, Verdict, judge_all
from benchmarks.rounds import Estimate
from tests.benchmarks.made_results import empty, exactly, full


def budget(value: Estimate | None, must: float | None, goal: float | None, unit: Unit = TIMES) -> Budget:
    """Make a row that finds this value in any run."""
    return Budget(str(value), lambda _: value, must, goal, unit)


class TestVerdict:
    """One figure against its limits."""

    @pytest.mark.parametrize(
        ("value", "must", "goal", "verdict"),
        [
            pytest.param(1.9, 2, 3, Verdict.MISSED, id="more is better: below must"),
            pytest.param(2, 2, 3, Verdict.MUST_MET, id="more is better: must"),
            pytest.param(2.9, 2, 3, Verdict.MUST_MET, id="more is better: below the goal"),
            pytest.param(3, 2, 3, Verdict.GOAL_MET, id="more is better: goal"),
            pytest.param(3.1, 3, 2, Verdict.MISSED, id="less is better: above must"),
            pytest.param(3, 3, 2, Verdict.MUST_MET, id="less is better: must"),
            pytest.param(2.1, 3, 2, Verdict.MUST_MET, id="less is better: above the goal"),
            pytest.param(2, 3, 2, Verdict.GOAL_MET, id="less is better: goal"),
            pytest.param(2, None, None, Verdict.NO_BUDGET, id="no limits"),
        ],
    )
    def test_limits_themselves_count_as_reached(
        self, value: float, must: float | None, goal: float | None, verdict: Verdict
    ) -> None:
        """The side of the goal decides which way is better."""
        assert budget(exactly(value), must, goal).row(empty()).verdict is verdict

    def test_what_was_not_measured(self) -> None:
        """It is neither missed nor met, and there is nothing to be unsure of."""
        row = budget(None, 2, 3).row(empty())

        assert (row.verdict, row.is_sure) == (Verdict.NOT_MEASURED, True)

    @pytest.mark.parametrize(
        ("low", "high", "is_sure"),
        [
            pytest.param(2.1, 2.9, True, id="within"),
            pytest.param(1.9, 2.9, False, id="low end below must"),
            pytest.param(2.1, 3.1, False, id="high end at the goal"),
        ],
    )
    def test_ends_of_the_interval_make_it_sure(self, low: float, high: float, is_sure: bool) -> None:
        """A verdict is sure where the whole interval has the same."""
        assert budget(Estimate(2.5, low, high), 2, 3).row(empty()).is_sure is is_sure

    def test_microseconds_need_the_speed_of_the_machine(self) -> None:
        """Without it they cannot be judged; with it they count as on the machine of the budget."""
        time = budget(exactly(4), 3, 1, MICROSECONDS)

        assert time.row(empty()).verdict is Verdict.NOT_MEASURED
        row = time.row(full())
        assert row.judged == exactly(2)
        assert row.measured == exactly(4)
        assert row.verdict is Verdict.MUST_MET

    def test_doubt_is_that_of_the_run(self) -> None:
        """It is asked for where there is a figure."""
        doubtful = Budget("x", lambda _: exactly(2), doubt=lambda run: run.date)

        assert doubtful.row(empty()).doubt == "2026-07-31"
        assert Budget("x", lambda _: None, doubt=lambda run: run.date).row(empty()).doubt == ""


def test_missed_rows_come_first() -> None:
    """Then what was not measured, what must, what reaches its goal, and the rest; in their own order otherwise."""
    values: list[tuple[float | None, bool]] = [(9, False), (9, True), (2, True), (None, True), (1, True), (1.5, True)]
    budgets = [
        budget(None if value is None else exactly(value), *((2, 3) if is_limited else (None, None)))
        for value, is_limited in values
    ]

    rows = judge_all(empty(), budgets)

    assert [row.measured and row.measured.median for row in rows] == [1, 1.5, None, 2, 9, 9]
    assert [row.verdict for row in rows][-2:] == [Verdict.GOAL_MET, Verdict.NO_BUDGET]


@pytest.mark.parametrize(
    ("unit", "value", "written", "limit"),
    [
        pytest.param(TIMES, 2.5, "2.50x", "2.5x", id="times"),
        pytest.param(MICROSECONDS, 0.4, "0.40 µs", "0.4 µs", id="microseconds"),
        pytest.param(SECONDS, 0.3, "0.300 s", "0.3 s", id="seconds"),
        pytest.param(COUNT, 65_000, "65,000", "65,000", id="count"),
    ],
)
def test_units(unit: Unit, value: float, written: str, limit: str) -> None:
    """Measured values have all their digits, limits only those that somebody chose."""
    assert unit.write(value) == written
    assert unit.write_limit(value) == limit
