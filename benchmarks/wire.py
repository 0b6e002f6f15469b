"""What stacks cost behind uvicorn, over loopback: `python -m benchmarks.wire` prints a table.

Every stack is served by a process of its own, all of them by the same processor, and loaded one after the other from
another processor. The figure to trust most is the server's processor time a request, from the kernel's accounting: time
by the clock, and with it requests per second and latencies, also depends on what else runs on the machine. But it too
holds only where the server always has requests to answer: stacks of which that is not so are named below the table.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.apps import SCENARIOS
from benchmarks.load import Connections, render_request, response_length
from benchmarks.serve import FLOOR
from benchmarks.stacks import STACKS
from benchmarks.wire_figures import SATURATED, WireFigures, WireResults, WireRound, figures_of, round_of
from benchmarks.wire_servers import Server, serving

__all__ = ["CONNECTIONS", "WIRE_STACKS", "WireError", "main", "measure_wire", "render_table"]

WIRE_STACKS: Final = (
    "bare",
    FLOOR,
    "ours",
    "ours_without_log",
    "peers",
    "peers_tuned",
    "peers_as_they_are",
    "peers_usual",
    "secure",
    "basehttp",
    "access_log",
)
"""Stacks that are measured unless others are asked for."""

CONNECTIONS: Final = 64
"""So many that the server has requests to answer also while a neighbour takes the load generator's processor."""

_TRIES: Final = 3

_BARE: Final = "bare"
_FLOOR_TITLE: Final = "bare app that sends ours' headers itself (the floor)"
_HOST_ALONE: Final = ((b"host", b"shop.example"),)
_COLUMNS: Final = (
    "stack",
    "CPU µs/request",
    "of bare",
    "requests/s",
    "of bare",
    "p50 µs",
    "p99 µs",
    "busy",
    "had requests",
    "client µs",
)


class WireError(RuntimeError):
    """A stack did not write the log lines that it should."""


class _Target:
    """A stack that serves, and what one request to it is known to bring."""

    def __init__(self, name: str, server: Server, request: bytes) -> None:
        self.lines_per_request = int(name != FLOOR and STACKS[name].logs_requests)
        self.response_bytes = response_length(server.port, request)
        self.rounds: list[WireRound] = []
        self._name = name
        self._request = request
        self._server = server

    def measure(self, seconds: float) -> WireRound:
        """Load the stack for so long."""
        with Connections(self._server.port, self._request, self.response_bytes, CONNECTIONS) as connections:
            connections.run(0)
            before = self._server.rest()
            self._server.take_lines()
            load = connections.run(seconds)
            after = self._server.rest()
        lines, expected = len(self._server.take_lines()), load.requests * self.lines_per_request
        if lines != expected:
            raise WireError(f"{self._name} wrote {lines} lines for {load.requests} requests, and not {expected}")
        return round_of(load, after.cpu_ns - before.cpu_ns, after.queued_ns - before.queued_ns)


def measure_wire(
    names: Sequence[str] = WIRE_STACKS, rounds: int = 8, seconds: float = 0.7, *, host_alone: bool = False
) -> WireResults:
    """Measure stacks in interleaved rounds, each in an order of its own.

    Args:
        names: Of stacks; `bare` is measured in any case.
        rounds: How often each is measured, once or more; from six on the intervals are of 95 %.
        seconds: Of one round of one stack; each has one more to warm up.
        host_alone: Whether requests have the Host header alone, as those of `wrk`; else they have the ten headers of
            the scenario `success`. What a server itself does for each of them makes all stacks look more alike.

    Raises:
        LoadError: A server gave another response than the expected one, or none.
        ServerError: A server did not start, or ended too early.
        ValueError: There is no such stack.
        WireError: A stack did not write its one line for each request.

    It needs Linux: epoll, and the processor time in /proc.
    """
    names, cores = _with_bare(names), _two_cores()
    scope = SCENARIOS["success"].make_scope()
    if host_alone:
        scope["headers"] = [*_HOST_ALONE]
    with serving(names, cores and cores[0]) as servers, _running_on(cores and cores[1]):
        targets = {name: _Target(name, server, render_request(scope)) for name, server in servers.items()}
        for target in targets.values():
            target.measure(seconds)
        order = list(targets.values())
        for _ in range(rounds):
            random.shuffle(order)
            for target in order:
                target.rounds.append(_saturated(target, seconds))
    bare = targets[_BARE].rounds
    stacks = {name: _figures(name, target, bare) for name, target in targets.items()}
    return WireResults(
        stacks=stacks,
        seconds=seconds,
        connections=CONNECTIONS,
        request_headers=len(scope["headers"]),
        cores=cores,
    )


def _saturated(target: _Target, seconds: float) -> WireRound:
    """Measure again where the server had to wait for requests; three times at most, the last of them counts then."""
    for _ in range(_TRIES - 1):
        found = target.measure(seconds)
        if found.server_occupied >= SATURATED:
            return found
    return target.measure(seconds)


def render_table(results: WireResults) -> str:
    """Give the medians as a Markdown table, one stack a row, the intervals of 95 % in brackets."""
    rows = [_COLUMNS, ("---", *["---:"] * (len(_COLUMNS) - 1)), *map(_row, results.stacks.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table to standard output."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wire", description=__doc__)
    parser.add_argument("stacks", nargs="*", default=WIRE_STACKS, help=f"by default: {' '.join(WIRE_STACKS)}")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=0.7, help="of one round of one stack")
    parser.add_argument("--host-alone", action="store_true", help="send no other header than Host, as wrk does")
    options = parser.parse_args(arguments)
    results = measure_wire(options.stacks, options.rounds, options.seconds, host_alone=options.host_alone)
    sys.stdout.write(render_table(results))
    if results.unsaturated:
        names = ", ".join(results.unsaturated)
        sys.stdout.write(f"\nToo few requests came to them: ratios to or of these stacks do not hold: {names}\n")


def _with_bare(names: Sequence[str]) -> Sequence[str]:
    unknown = [name for name in names if name not in STACKS and name != FLOOR]
    if unknown:
        raise ValueError(f"there is no stack {', '.join(unknown)}; there are {', '.join((*STACKS, FLOOR))}")
    return list(dict.fromkeys((_BARE, *names)))


def _figures(name: str, target: _Target, bare: Sequence[WireRound]) -> WireFigures:
    return figures_of(
        name=name,
        title=_FLOOR_TITLE if name == FLOOR else STACKS[name].title,
        response_bytes=target.response_bytes,
        lines_per_request=target.lines_per_request,
        rounds=target.rounds,
        bare=bare,
    )


def _row(stack: WireFigures) -> tuple[str, ...]:
    cpu, ratio = stack.cpu_us_per_request, stack.cpu_to_bare
    return (
        stack.title,
        f"{cpu.median:.1f} ({cpu.low:.1f} to {cpu.high:.1f})",
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        f"{stack.requests_per_second.median:,.0f}",
        f"{stack.requests_to_bare.median:.2f}",
        f"{stack.p50_us.median:,.0f}",
        f"{stack.p99_us.median:,.0f}",
        f"{stack.server_busy.median:.0%}",
        f"{stack.server_occupied.median:.0%}",
        f"{stack.client_cpu_us_per_request.median:.1f}",
    )


def _two_cores() -> tuple[int, int] | None:
    """Give a processor for the servers and one for the load generator, where there are two."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (cores[0], cores[1]) if cores[1:] else None


@contextmanager
def _running_on(core: int | None) -> Iterator[None]:
    """Keep this thread on one processor meanwhile."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


if __name__ == "__main__":
    main()
