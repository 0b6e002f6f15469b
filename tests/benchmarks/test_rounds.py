"""Interleaved rounds, medians, intervals and ratios."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rounds import Candidate, Estimate, Samples, estimate, measure

times = st.lists(st.floats(min_value=0, max_value=1e9), min_size=1, max_size=80)


class TestEstimate:
    """The median and its interval."""

    @given(times)
    def test_interval_contains_the_median(self, values: list[float]) -> None:
        """The median lies within, and both ends are values that were measured."""
        found = estimate(values)

        assert found.median == median(values)
        assert found.low <= found.median <= found.high
        assert {found.low, found.high} <= set(values)

    @pytest.mark.parametrize(
        ("count", "low", "high"),
        [(1, 1, 1), (5, 1, 5), (6, 1, 6), (9, 2, 8), (15, 4, 12), (41, 14, 28), (100, 40, 61)],
        ids=str,
    )
    def test_interval_is_that_of_the_tables(self, count: int, low: int, high: int) -> None:
        """Its ends have the ranks that tables of the binomial distribution give for 95 %."""
        found = estimate([float(n) for n in range(1, count + 1)])

        assert (found.low, found.high) == (low, high)

    def test_text_is_short(self) -> None:
        """In tables a figure is the median with its interval."""
        assert str(Estimate(1.5, 1.25, 2.0)) == "1.50 (1.25 to 2.00)"


class TestSamples:
    """What one candidate took."""

    def test_ratio_is_reckoned_round_by_round(self) -> None:
        """A slow round slows all alike, and leaves the ratio as it is."""
        bare, own, other = Samples((1.0, 10.0, 2.0)), Samples((5.0, 50.0, 10.0)), Samples((3.0, 30.0, 6.0))

        assert own.ratio_to(other, bare) == Estimate(2.0, 2.0, 2.0)
        assert own.added_to(bare).us == (4.0, 40.0, 8.0)

    def test_a_round_that_adds_nothing_counts_as_infinitely_many_times(self) -> None:
        """A quotient that has no meaning does not stop the report, nor make the other one look good."""
        bare, own, other = Samples((1.0, 1.0, 1.0)), Samples((2.0, 2.0, 2.0)), Samples((1.0, 2.0, 3.0))

        found = own.ratio_to(other, bare)

        assert (found.low, found.median, found.high) == (0.5, 1.0, math.inf)

    def test_samples_of_different_runs_are_not_compared(self) -> None:
        """Rounds belong together by their position, so there must be as many."""
        with pytest.raises(ValueError, match="zip"):
            Samples((1.0, 2.0)).added_to(Samples((1.0,)))

    def test_median_and_interval_are_those_of_the_estimate(self) -> None:
        """Both can be read off the samples themselves."""
        samples = Samples((3.0, 1.0, 2.0))

        assert (samples.median, samples.interval) == (2.0, (1.0, 3.0))


def _recorder(name: str, calls: list[str]) -> Candidate:
    async def run(count: int) -> None:
        del count
        calls.append(name)

    return run


@contextmanager
def _collector(*, enabled: bool) -> Iterator[None]:
    (gc.enable if enabled else gc.disable)()
    try:
        yield
    finally:
        gc.enable()


class TestMeasure:
    """Running the rounds."""

    async def test_rounds_interleave_in_changing_order(self) -> None:
        """Each round has every candidate once, and not all rounds have the same order."""
        calls: list[str] = []

        samples = await measure({name: _recorder(name, calls) for name in "abcd"}, rounds=12, sample_s=0)

        rounds = ["".join(calls[start : start + 4]) for start in range(len(calls) - 12 * 4, len(calls), 4)]
        assert all(sorted(each) == list("abcd") for each in rounds)
        assert len(set(rounds)) > 1
        assert {name: len(each.us) for name, each in samples.items()} == dict.fromkeys("abcd", 12)

    async def test_the_same_seed_gives_the_same_order(self) -> None:
        """A run can be repeated."""
        runs: list[list[str]] = [[], []]

        for calls in runs:
            await measure({name: _recorder(name, calls) for name in "abcd"}, rounds=5, sample_s=0, seed=7)

        assert runs[0] == runs[1]

    async def test_all_samples_of_a_candidate_have_the_same_number_of_requests(self) -> None:
        """The number is found out before the rounds, and told with the samples."""
        counts: list[int] = []

        async def run(count: int) -> None:
            counts.append(count)

        samples = await measure({"run": run}, rounds=4, sample_s=0)

        assert counts[-4:] == [samples["run"].requests] * 4

    async def test_a_candidate_that_takes_no_time_is_measured_too(self) -> None:
        """The search for a number of requests comes to an end."""
        samples = await measure({"run": _recorder("run", [])}, rounds=1, sample_s=10)

        assert samples["run"].requests == 1_000_000

    async def test_context_variables_do_not_reach_the_next_sample(self) -> None:
        """A stack that leaves its id behind does not hand it to the one that is measured after it."""
        variable: ContextVar[int] = ContextVar("variable", default=0)
        seen: set[int] = set()

        async def run(count: int) -> None:
            seen.add(variable.get())
            variable.set(count)

        await measure({"one": run, "two": run}, rounds=3, sample_s=0)

        assert seen == {0}

    @pytest.mark.parametrize("enabled", [True, False], ids=["on", "off"])
    async def test_the_collector_is_on_and_put_back(self, *, enabled: bool) -> None:
        """Each stack pays for the cycles it leaves; afterwards the collector is as it was."""
        states: set[bool] = set()

        async def run(count: int) -> None:
            del count
            states.add(gc.isenabled())

        with _collector(enabled=enabled):
            await measure({"run": run}, rounds=2, sample_s=0)
            after = gc.isenabled()

        assert states == {True}
        assert after is enabled
        assert gc.get_freeze_count() == 0

    async def test_a_failing_candidate_stops_the_run(self) -> None:
        """What was measured of a stack that fails would be no figure."""

        async def run(count: int) -> None:
            raise ZeroDivisionError(count)

        with pytest.raises(ZeroDivisionError):
            await measure({"run": run}, rounds=1, sample_s=0)

        assert gc.get_freeze_count() == 0
