"""What a measurement over the wire came to, as plain data: single rounds, medians with intervals, ratios by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from benchmarks.load import Load, percentile
from benchmarks.rounds import Estimate, estimate

__all__ = ["SATURATED", "Figure", "WireFigures", "WireResults", "WireRound", "figures_of", "ratio", "round_of"]

Figure: TypeAlias = Literal["cpu_us_per_request", "requests_per_second", "p50_us", "p99_us"]
"""What can be compared between stacks, by its name."""

SATURATED: Final = 0.9
"""The least `server_occupied` at which figures of stacks may be compared.

A server that has to wait for requests wakes up for one at a time, and that costs it more than to find several at once.
So the processor time a request is too high then, most of all for the cheapest stacks, and all ratios to them are too
low: with one connection instead of 16, the bare app's was three times as high, and the ratio of ours to it less than
half.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRound:
    """One stack under load for a moment.

    Attributes:
        requests: Requests that were made, all of them answered.
        cpu_us_per_request: Microseconds of processor time that the server took, as the kernel booked them.
        requests_per_second: By the clock.
        p50_us: Median of the latencies.
        p99_us: Their 99th percentile.
        server_busy: Part of the time by the clock that the server was on a processor.
        server_occupied: The same with the time that it waited for the processor, since others used it: the part of the
            time that it had requests to answer. See `SATURATED`.
        client_cpu_us_per_request: Microseconds of processor time that the load generator took.
    """

    requests: int
    cpu_us_per_request: float
    requests_per_second: float
    p50_us: float
    p99_us: float
    server_busy: float
    server_occupied: float
    client_cpu_us_per_request: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFigures:
    """All rounds of one stack; the figures are medians over the rounds, named and measured as those of `WireRound`.

    Attributes:
        name: Of the stack.
        title: As it is named in tables.
        response_bytes: Of one response, headers included.
        lines_per_request: Log lines that the stack wrote for each request; each round was checked for it.
        cpu_to_bare: Processor time a request, as a multiple of the bare app's in the same round.
        requests_to_bare: Requests per second, as a multiple of the bare app's in the same round.
        rounds: Rounds of different stacks at the same place belong together.
    """

    name: str
    title: str
    response_bytes: int
    lines_per_request: int
    cpu_us_per_request: Estimate
    requests_per_second: Estimate
    p50_us: Estimate
    p99_us: Estimate
    server_busy: Estimate
    server_occupied: Estimate
    client_cpu_us_per_request: Estimate
    cpu_to_bare: Estimate
    requests_to_bare: Estimate
    rounds: Sequence[WireRound]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireResults:
    """A measurement over the wire.

    Attributes:
        stacks: By name, in the order they were asked for; `bare` is always among them.
        seconds: Of one round of one stack.
        connections: Keep-alive connections with one outstanding request each.
        request_headers: That each request has.
        cores: The processor of the servers and that of the load generator; None where there was but one for both.
    """

    stacks: Mapping[str, WireFigures]
    seconds: float
    connections: int
    request_headers: int
    cores: tuple[int, int] | None

    @property
    def unsaturated(self) -> Sequence[str]:
        """Names of the stacks whose server waited too much for requests, by the median, for its ratios to hold."""
        return [name for name, stack in self.stacks.items() if stack.server_occupied.median < SATURATED]

    def ratio(self, figure: Figure, name: str, to: str) -> Estimate:
        """Give a stack's figure as a multiple of another stack's, compared round by round."""
        return ratio(figure, self.stacks[name].rounds, self.stacks[to].rounds)


def round_of(load: Load, server_cpu_ns: int, server_queued_ns: int = 0) -> WireRound:
    """Reckon the figures of one round, from the server's nanoseconds on a processor and in the queue for one."""
    return WireRound(
        requests=load.requests,
        cpu_us_per_request=server_cpu_ns / 1e3 / load.requests,
        requests_per_second=load.requests / load.elapsed_s,
        p50_us=percentile(load.latencies_us, 50),
        p99_us=percentile(load.latencies_us, 99),
        server_busy=server_cpu_ns / 1e9 / load.elapsed_s,
        # Its last lines are written after the last response, so it may be busy for longer than the load lasted.
        server_occupied=min(1.0, (server_cpu_ns + server_queued_ns) / 1e9 / load.elapsed_s),
        client_cpu_us_per_request=load.client_cpu_ns / 1e3 / load.requests,
    )


def figures_of(
    *,
    name: str,
    title: str,
    response_bytes: int,
    lines_per_request: int,
    rounds: Sequence[WireRound],
    bare: Sequence[WireRound],
) -> WireFigures:
    """Take the medians of at least one round, and the ratios to the bare app's rounds, which are as many."""
    return WireFigures(
        name=name,
        title=title,
        response_bytes=response_bytes,
        lines_per_request=lines_per_request,
        cpu_us_per_request=estimate([each.cpu_us_per_request for each in rounds]),
        requests_per_second=estimate([each.requests_per_second for each in rounds]),
        p50_us=estimate([each.p50_us for each in rounds]),
        p99_us=estimate([each.p99_us for each in rounds]),
        server_busy=estimate([each.server_busy for each in rounds]),
        server_occupied=estimate([each.server_occupied for each in rounds]),
        client_cpu_us_per_request=estimate([each.client_cpu_us_per_request for each in rounds]),
        cpu_to_bare=ratio("cpu_us_per_request", rounds, bare),
        requests_to_bare=ratio("requests_per_second", rounds, bare),
        rounds=tuple(rounds),
    )


def ratio(figure: Figure, rounds: Sequence[WireRound], to: Sequence[WireRound]) -> Estimate:
    """Give a figure as a multiple of another stack's, compared round by round."""
    return estimate([getattr(own, figure) / getattr(other, figure) for own, other in zip(rounds, to, strict=True)])
