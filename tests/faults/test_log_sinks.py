"""Rows 25 and 26: a log that fails or stalls costs a count, never a response."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from tests.driver import exchange, http_scope
from tests.faults.app_errors import FLOOD_LINES
from tests.faults.muted import MutedServer, serving_into
from tests.faults.standard import assert_every_header, assert_std, fresh_id, stacked
from tests.integration.apps import boom
from tests.integration.servers import LogLine, ServerKind
from tests.integration.wire import one_request
from tests.log_capture import LogLines

STALLED_REQUESTS: Final = 40
FLOODED_REQUESTS: Final = 50
"""Some 12 MB of lines: more than waits for a reader."""

SERVER_LINES: Final = 10
STALLED_PIPE_BYTES: Final = 4096
"""Room for some ten lines: the smallest pipe that Linux makes."""

ATTEMPTS: Final = 3
MAX_LATENCY_S: Final = 0.1
PATIENCE_S: Final = 2.0


@contextmanager
def full() -> Iterator[int]:
    """Give a standard output that has no room."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@contextmanager
def broken() -> Iterator[int]:
    """Give a standard output whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def closed() -> Iterator[int]:
    """Give a standard output that cannot be written to, as one that was closed and taken by another file."""
    descriptor = os.open(os.devnull, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


SINKS: Final = {"full": full, "broken": broken, "closed": closed}


async def assert_unchanged(server: MutedServer) -> None:
    """See that good and bad requests are answered as if their lines had been written."""
    for _ in range(3):
        correlation_id = fresh_id(25)
        good = await one_request(server.port, "/", headers={"x-correlation-id": correlation_id})
        bad = await one_request(server.port, "/boom", headers={"x-correlation-id": correlation_id})

        assert (good.status, good.json()["correlation_id"]) == (200, correlation_id)
        assert_every_header(good)
        assert_std(bad, correlation_id)


@pytest.mark.parametrize("sink", SINKS)
async def test_row_25_standard_output_fails(kind: ServerKind, sink: str) -> None:
    """Responses are unchanged, and standard error counts the lost lines once a minute at most."""
    with SINKS[sink]() as stdout, serving_into(kind, "tests.faults.apps:app", stdout) as server:
        await assert_unchanged(server)
        complaints = [line for line in server.complaints() if "dropped" in line]

    assert len(complaints) == 1


async def test_row_25_processor_raises(kind: ServerKind) -> None:
    """A processor of the user's that fails at each line fails no request."""
    with (
        open(os.devnull, "wb") as stdout,  # noqa: ASYNC230, PTH123 - a descriptor for another process
        serving_into(kind, "tests.faults.app_broken_log:app", stdout.fileno()) as server,
    ):
        await assert_unchanged(server)


async def test_row_25_handler_raises(log_lines: LogLines) -> None:
    """A handler of the standard library that fails at each record fails no request, and the lines are written."""

    class BrokenHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the handler broke")

    broken_handler = BrokenHandler()
    logging.getLogger().addHandler(broken_handler)
    try:
        headers = [(b"x-correlation-id", b"not valid")]
        answer = await exchange(stacked(boom), http_scope(headers=headers))
    finally:
        logging.getLogger().removeHandler(broken_handler)

    (correlation_id,) = answer.values("x-correlation-id")
    assert_std(answer, correlation_id)
    assert [line["event"] for line in log_lines()] == ["invalid_id_replaced", "request_failed", "request_completed"]


@pytest.mark.parametrize("path", ["/", "/boom"])
async def test_row_26_stalled_output_stalls_no_request(kind: ServerKind, path: str) -> None:
    """When nobody reads standard output, requests take no longer, and their lines come once somebody reads."""
    # Another process may have the processor for that long: only what is late every time is late by itself.
    for _ in range(ATTEMPTS):
        sent = [fresh_id(26) for _ in range(STALLED_REQUESTS)]
        slowest, lines = await stalled(kind, path, sent)
        if slowest <= MAX_LATENCY_S:
            break
    logged = [line["correlation_id"] for line in lines if line["event"] == "request_completed"]

    assert slowest <= MAX_LATENCY_S
    assert logged[1:] == sent


async def test_row_26_dropped_lines_are_counted(kind: ServerKind) -> None:
    """Lines for which there is no room any more are dropped, and the log tells how many."""
    sent = [fresh_id(26) for _ in range(FLOODED_REQUESTS)]
    slowest, lines = await stalled(kind, "/flood", sent)
    missing = len(sent) * (FLOOD_LINES + 1) - sum(line.get("correlation_id") in sent for line in lines)
    dropped = sum(int(str(line["dropped"])) for line in lines if line["event"] == "log_lines_dropped")

    assert slowest <= PATIENCE_S
    assert missing > 0
    # The server's own last words may be among them.
    assert missing <= dropped <= missing + SERVER_LINES


async def stalled(kind: ServerKind, path: str, sent: list[str]) -> tuple[float, list[LogLine]]:
    """Make requests while nobody reads the log; give the seconds of the slowest, and the lines that came at last."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, STALLED_PIPE_BYTES)
    with serving_into(kind, "tests.faults.apps:quiet", writer) as server:
        os.close(writer)
        with open(reader, "rb") as output:  # noqa: ASYNC230, PTH123 - the end of a pipe
            await one_request(server.port, path, headers={"x-correlation-id": fresh_id(26)})
            slowest = max([await seconds_of_request(server.port, path, correlation_id) for correlation_id in sent])
            reading = asyncio.create_task(asyncio.to_thread(output.read))
            await asyncio.to_thread(server.stop)
            written = (await reading).decode()
    return slowest, [json.loads(line) for line in written.splitlines()]


async def seconds_of_request(port: int, path: str, correlation_id: str) -> float:
    """Measure a request."""
    begin = time.perf_counter()
    async with asyncio.timeout(PATIENCE_S):
        await one_request(port, path, headers={"x-correlation-id": correlation_id})
    return time.perf_counter() - begin
