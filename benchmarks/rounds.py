"""Measure several things beside each other: interleaved, shuffled rounds, medians with intervals, ratios by round.

A machine that others use as well is fast and slow by turns. So each round runs every candidate once, in an order of its
own, and candidates are compared within a round.
"""

from __future__ import annotations

import asyncio
import gc
import math
import random
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from statistics import median
from time import thread_time
from typing import Final, TypeAlias, TypeVar

__all__ = ["Candidate", "Estimate", "Samples", "estimate", "measure"]

Name = TypeVar("Name", bound=Hashable)

Candidate: TypeAlias = Callable[[int], Awaitable[None]]
"""Makes so many requests, one after the other."""

_TAIL: Final = 0.025
"""What may lie beyond either end of a 95 % interval."""

_WARM_UP: Final = 3
_ENOUGH_TO_TIME: Final = 0.2
"""Part of a sample that the count of its requests is reckoned from."""

_MOST_REQUESTS: Final = 1_000_000
_CLOCK_TICK_US: Final = 0.001


@dataclass(frozen=True, slots=True)
class Estimate:
    """A median and the interval that it lies in.

    Attributes:
        median: Of all rounds.
        low: Lower end of the 95 % interval of the median.
        high: Its upper end.
    """

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Samples:
    """What one candidate took.

    Attributes:
        us: Microseconds of processor time a request, one number for each round, in the order of the rounds.
        requests: Requests behind each of the numbers.
    """

    us: tuple[float, ...]
    requests: int = 1

    @property
    def median(self) -> float:
        """Microseconds a request."""
        return median(self.us)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the median."""
        found = estimate(self.us)
        return found.low, found.high

    def added_to(self, bare: Samples) -> Samples:
        """Give the microseconds a request that come on top of another candidate, round by round."""
        return Samples(tuple(own - other for own, other in zip(self.us, bare.us, strict=True)), self.requests)

    def ratio_to(self, other: Samples, bare: Samples) -> Estimate:
        """Give how many times what the other adds to `bare` this one adds, compared round by round.

        A round in which the other adds nothing counts as infinitely many times.
        """
        own, others = self.added_to(bare).us, other.added_to(bare).us
        return estimate([a / b if b > 0 else math.inf for a, b in zip(own, others, strict=True)])


def estimate(values: Sequence[float]) -> Estimate:
    """Give the median of at least one value with its 95 % interval.

    The ends are values themselves, found by the binomial distribution, so nothing is assumed of how values scatter.
    Of fewer than six values it is the whole range, which is less sure.
    Source: https://www.itl.nist.gov/div898/handbook/, order statistics.
    """
    ordered = sorted(values)
    skipped = _skipped(len(ordered))
    return Estimate(median(ordered), ordered[skipped], ordered[-1 - skipped])


def _skipped(count: int) -> int:
    """Count the values at either end that lie outside the interval."""
    below, skipped = 0.0, -1
    while below <= _TAIL and skipped < count:
        skipped += 1
        below += math.comb(count, skipped) / 2**count
    return max(0, skipped - 1) if below > _TAIL else 0


async def measure(
    candidates: Mapping[Name, Candidate], rounds: int = 61, *, sample_s: float = 0.005, seed: int = 0
) -> Mapping[Name, Samples]:
    """Run all candidates in interleaved rounds, in one process and thread.

    Args:
        candidates: What to run, by name.
        rounds: How often each is sampled; from six on the intervals are of 95 %.
        sample_s: Seconds of one sample; how many requests that are is found out beforehand.
        seed: Decides the order within the rounds.

    Returns:
        For each name, samples whose numbers belong together by their position.

    Time is the thread's processor time: what others do on the machine meanwhile hardly shows. Each sample runs in a
    task with an empty context of its own. The garbage collector is on, as in a service, and starts each sample with
    nothing to do; objects that were there before are left out of it.
    """
    counts: dict[Name, int] = {}
    taken: dict[Name, list[float]] = {name: [] for name in candidates}
    order = list(candidates)
    shuffle = random.Random(seed).shuffle  # noqa: S311 - the order of the rounds is no secret
    with _collector_in_order():
        for name, run in candidates.items():
            counts[name] = await _requests_in(sample_s, run)
        for _ in range(rounds):
            shuffle(order)
            for name in order:
                taken[name].append(await _sample(candidates[name], counts[name]))
    return {name: Samples(tuple(us), counts[name]) for name, us in taken.items()}


async def _requests_in(sample_s: float, run: Candidate) -> int:
    """Reckon how many requests fill a sample, and warm the candidate up by the way."""
    await _sample(run, _WARM_UP)
    count = 1
    us = await _sample(run, count)
    while us * count < sample_s * 1e6 * _ENOUGH_TO_TIME and count < _MOST_REQUESTS:
        count *= 4
        us = await _sample(run, count)
    return max(1, min(_MOST_REQUESTS, round(sample_s * 1e6 / max(us, _CLOCK_TICK_US))))


async def _sample(run: Candidate, count: int) -> float:
    async def timed() -> float:
        started_at = thread_time()
        await run(count)
        return thread_time() - started_at

    gc.collect()
    seconds = await asyncio.get_running_loop().create_task(timed(), context=Context())
    return seconds * 1e6 / count


@contextmanager
def _collector_in_order() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.unfreeze()
        if not was_enabled:
            gc.disable()
