"""Rows 27 and 28: exceptions that lead back to themselves, are huge, or cannot say what they are."""

from __future__ import annotations

import time
from typing import Final

import pytest

from tests.faults.standard import Asked, ask, assert_std, fresh_id
from tests.integration.servers import Server
from tests.integration.wire import connect

MAX_LINE_BYTES: Final = 65_536
TRIES: Final = 3
"""The machine may be busy: the fastest of some tries counts."""


async def fastest(server: Server, path: str, row: int) -> tuple[float, Asked, str]:
    """Ask some times; give the shortest time that an answer took, and the last request with its id."""
    times = []
    async with connect(server.port) as connection:
        await connection.request("/")
        for _ in range(TRIES):
            begin = time.perf_counter()
            await connection.request(path)
            times.append(time.perf_counter() - begin)
    correlation_id = fresh_id(row)
    return min(times), await ask(server, path, correlation_id), correlation_id


def longest_line(server: Server, correlation_id: str) -> int:
    """Give the length of the longest line that a request left."""
    return max(len(line.encode()) for line in server.output if correlation_id in line)


@pytest.mark.parametrize("cycle", ["cause", "context", "self", "group"])
async def test_row_27_cyclic_chain(server: Server, cycle: str) -> None:
    """An exception that leads back to itself is answered within 100 ms, and its chain is marked as cyclic."""
    seconds, asked, correlation_id = await fastest(server, f"/cycle/{cycle}", 27)
    (error,) = asked.errors

    assert_std(asked.response, correlation_id)
    assert seconds < 0.1
    assert "cyclic" in str(error["stack_trace"]) + str(error.get("caused_by"))
    assert longest_line(server, correlation_id) <= MAX_LINE_BYTES


@pytest.mark.parametrize("weight", ["chain", "frames", "line", "message", "mute", "notes", "recursion"])
async def test_row_28_heavy_exception(server: Server, weight: str) -> None:
    """However large an exception is, its answer takes less than 250 ms and its line at most 64 KiB."""
    seconds, asked, correlation_id = await fastest(server, f"/heavy/{weight}", 28)

    assert_std(asked.response, correlation_id)
    assert len(asked.errors) == 1
    assert seconds < 0.25
    assert longest_line(server, correlation_id) <= MAX_LINE_BYTES


@pytest.mark.parametrize("weight", ["line", "message", "notes"])
async def test_row_28_cut_is_told(server: Server, weight: str) -> None:
    """A record of which a part is left out says so by a field of its own."""
    correlation_id = fresh_id(28)
    await ask(server, f"/heavy/{weight}", correlation_id)
    lines = await server.lines_of(correlation_id)
    cut = [line for line in lines if line.get("truncated") is True]

    assert [line["event"] for line in cut] == ["huge" if weight == "line" else "request_failed"]
