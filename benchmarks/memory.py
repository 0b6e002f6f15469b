"""Find memory that requests leave behind: blocks that stay, garbage in cycles, and a process that grows under failures.

`python -m benchmarks.memory` serves the whole stack and prints what it found as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Final

from asgi_stack.exceptions import NotFoundError
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from benchmarks.apps import SCENARIOS, receive, send
from benchmarks.in_process import candidate
from benchmarks.stacks import STACKS, lines_to

__all__ = ["Growth", "fail_each_time_anew", "find_problems", "measure_growth", "measure_under_failures"]

_REQUESTS_OF: Final[Mapping[str, int]] = MappingProxyType(
    # A stream is 1,000 messages: two million of them show what each of them would leave.
    {"success": 10_000, "error": 10_000, "not_found": 10_000, "stream": 2_000}
)
_FAILURES: Final = 50_000
_FAILURES_UNTIL_FULL: Final = 10_000
"""After so many different failures, whatever remembers a limited number of them is full."""

_WARM_UP: Final = 500
"""Requests until the interpreter's own lists of free objects, which a collection empties, are full again."""

_WATCHED: Final = 300
"""Requests after each of which blocks are counted; the fewest count, when stores like the one of ready ids are empty.

It holds 256 ids, and each request takes two.
"""

_MAX_BLOCKS: Final = 50
_MAX_RESIDENT_KIB: Final = 1_024
_STATM: Final = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Growth:
    """What a number of requests left behind.

    Attributes:
        name: What was requested.
        requests: How many there were.
        blocks: Blocks of Python's allocator that are there more than before, with the garbage in cycles.
        cyclic: Objects that only the garbage collector found; None where it ran all the time.
        resident_kib: By how much the process grew, in KiB; None where it was not asked for or the system does not tell.
    """

    name: str
    requests: int
    blocks: int
    cyclic: int | None = None
    resident_kib: int | None = None


def find_problems(growth: Growth) -> list[str]:
    """Say what of it is too much: a few blocks are noise, one for every 200 requests is a leak."""
    found = [
        (growth.blocks, _MAX_BLOCKS, "allocated blocks more than before"),
        (growth.cyclic or 0, _MAX_BLOCKS, "objects left in reference cycles"),
        (growth.resident_kib or 0, _MAX_RESIDENT_KIB, "KiB of memory more than before"),
    ]
    return [
        f"{growth.name}: {value:,} {what} after {growth.requests:,} requests (limit {limit:,})"
        for value, limit, what in found
        if value > limit
    ]


async def measure_growth(name: str, request: Callable[[int], Awaitable[None]], requests: int) -> Growth:
    """Serve requests without garbage collection, so that cycles count as well.

    Args:
        name: For the result.
        request: Serves so many requests, one after the other.
        requests: Number of requests between the two looks at the memory.
    """
    await request(_WARM_UP)
    gc.collect()
    gc.disable()
    try:
        await request(_WARM_UP)
        before = await _fewest_blocks(request)
        await request(requests)
        after = await _fewest_blocks(request)
        return Growth(name, requests, after - before, cyclic=gc.collect())
    finally:
        gc.enable()


async def measure_under_failures(name: str, request: Callable[[int], Awaitable[None]], requests: int) -> Growth:
    """Serve failing requests with garbage collection, and tell what the last ones of them left behind.

    Args:
        name: For the result.
        request: Serves so many requests, one after the other.
        requests: Number of requests, over 10,000; those before have filled what is limited.
    """
    await request(_FAILURES_UNTIL_FULL)
    before, resident_before = await _look_collected(request)
    await request(requests - _FAILURES_UNTIL_FULL)
    after, resident_after = await _look_collected(request)
    grown = None if resident_before is None or resident_after is None else resident_after - resident_before
    return Growth(name, requests, after - before, resident_kib=grown)


def fail_each_time_anew(wrap: Callable[[ASGIApp], ASGIApp]) -> Callable[[int], Awaitable[None]]:
    """Make a service where every request is of another path and fails with another message, in three ways by turns.

    Args:
        wrap: Puts the layers around it.
    """
    numbers = count()

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - as any ASGI app
        path = scope["path"]
        match scope["number"] % 3:
            case 0:
                raise NotFoundError(f"nothing at {path}")
            case 1:
                raise ValueError(f"no order at {path}")
            case _:
                _raise_chained(path)

    app = wrap(fail)
    make_scope = SCENARIOS["success"].make_scope

    async def request(requests: int) -> None:
        for number in (next(numbers) for _ in range(requests)):
            path = f"/orders/{number}"
            await app({**make_scope(), "path": path, "raw_path": path.encode(), "number": number}, receive, send)

    return request


def _raise_chained(path: str) -> None:
    try:
        raise KeyError(path)  # noqa: TRY301 - a chain is what it is for
    except KeyError as error:
        raise RuntimeError(f"broken at {path}") from error


async def _look_collected(request: Callable[[int], Awaitable[None]]) -> tuple[int, int | None]:
    gc.collect()
    await request(_WARM_UP)
    return await _fewest_blocks(request), _resident_kib()


async def _fewest_blocks(request: Callable[[int], Awaitable[None]]) -> int:
    fewest = _blocks()
    for _ in range(_WATCHED):
        await request(1)
        fewest = min(fewest, _blocks())
    return fewest


def _blocks() -> int:
    # The interpreter remembers where it found attributes, and holds their names: up to 4,096 of them, which it makes
    # anew where C code names an attribute, as `datetime.isoformat` does.
    sys._clear_type_cache()  # noqa: SLF001 - documented, and for such purposes
    return sys.getallocatedblocks()


def _resident_kib() -> int | None:
    if not _STATM.exists():
        return None
    pages = int(_STATM.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1_024


async def _measure_all() -> list[Growth]:
    ours = STACKS["ours"]
    found = [
        await measure_growth(name, candidate(ours.build(SCENARIOS[name]), SCENARIOS[name]), requests)
        for name, requests in _REQUESTS_OF.items()
    ]
    failing = fail_each_time_anew(ours.wrap)
    return [*found, await measure_under_failures("different failures", failing, _FAILURES)]


def main() -> None:
    """Measure the whole stack, with its log lines going to the null device, and print the result."""
    with lines_to(Path(os.devnull)) as told:
        found = asyncio.run(_measure_all())
        told.write(json.dumps([asdict(growth) for growth in found]))


if __name__ == "__main__":
    main()
