"""Rows 16 to 20: cancellations, clients that leave, and exceptions that no handler may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from asgi_stack.context import RequestContext
from asgi_stack.types import Message
from tests.driver import exchange, http_scope
from tests.faults import app_errors, app_responses, apps
from tests.faults.standard import ask, fresh_id, reports_of, stacked
from tests.integration.apps import FIRST_CHUNK, cancelled
from tests.integration.servers import Server, ServerKind, launched
from tests.integration.wire import connect, one_request, render_request
from tests.log_capture import LogLines

ENDLESS = 1000


async def test_row_16_cancellation(server: Server) -> None:
    """A cancelled request has one line of its outcome, no error line, no report; the server answers as it does."""
    asked = await ask(server, "/cancelled", fresh_id(16))

    assert asked.response.values("content-type") != ["application/json"]
    assert (asked.line["outcome"], asked.line["level"], asked.line["status_code"]) == ("cancelled", "info", None)
    assert asked.errors == asked.reports == []


async def test_row_16_cancellation_goes_on(log_lines: LogLines) -> None:
    """Nothing is sent, and the cancellation reaches the server."""
    answer = await exchange(stacked(cancelled), http_scope())

    assert isinstance(answer.raised, asyncio.CancelledError)
    assert answer.sent == []
    assert [(line["event"], line["outcome"]) for line in log_lines()] == [("request_completed", "cancelled")]


@pytest.mark.parametrize("leave", ["reset", "close"])
async def test_row_17_client_leaves_before_the_start(server: Server, leave: str) -> None:
    """A client that leaves while the app works is no error and no 500: one line of its outcome."""
    correlation_id = fresh_id(17)
    async with connect(server.port) as connection:
        request = render_request("/hold", headers={"x-correlation-id": correlation_id}, body=b"rest")
        await connection.send(request.removesuffix(b"rest"))
        await server.until_logged("held", correlation_id)
        if leave == "reset":
            connection.reset()
    line = await server.request_line(correlation_id)

    assert (line["outcome"], line["status_code"], line["level"]) == ("client_disconnected", None, "info")
    assert await server.error_lines(correlation_id) == reports_of(server, correlation_id) == []


async def test_row_18_client_leaves_in_a_stream(server: Server) -> None:
    """An app that streams on to nobody is no error: one line with the bytes that were offered."""
    correlation_id = fresh_id(18)
    async with connect(server.port) as connection:
        request = render_request("/stream-on", headers={"x-correlation-id": correlation_id}, body=b"rest")
        await connection.send(request.removesuffix(b"rest"))
        first = await connection.incoming().chunk()
        connection.reset()
        line = await server.request_line(correlation_id)

    assert first == FIRST_CHUNK
    assert (line["outcome"], line["status_code"], line["level"]) == ("client_disconnected", 200, "info")
    assert line["bytes_out"] in range(len(FIRST_CHUNK), 100)
    assert await server.error_lines(correlation_id) == reports_of(server, correlation_id) == []


async def test_row_18_send_that_raises_is_not_tried_again(log_lines: LogLines) -> None:
    """Where the server's send raises OSError the app ends by it; no message is sent twice, and no error is logged."""
    tried: list[Message] = []

    def refuse_bodies(message: Message) -> None:
        tried.append(message)
        if len(tried) > 2:
            raise OSError("the client has gone")

    scope = http_scope(asgi={"version": "3.0", "spec_version": "2.4"})
    answer = await exchange(stacked(app_responses.stream_on), scope, on_send=refuse_bodies)

    assert [message["type"] for message in tried] == ["http.response.start", *["http.response.body"] * 2]
    assert [line["event"] for line in log_lines()] == ["held", "request_completed"]
    (line,) = log_lines("request_completed")
    assert (line["outcome"], line["status_code"]) == ("client_disconnected", 200)
    assert line["bytes_out"] >= len(FIRST_CHUNK)
    assert answer.raised is None


async def test_row_19_disconnect_for_ever(server: Server) -> None:
    """An app that asks on after the disconnect is told the same again and again, and ends with one line."""
    correlation_id = fresh_id(19)
    # A second question after the disconnect would wait for ever in hypercorn.
    times = ENDLESS if server.kind.is_uvicorn else 1
    async with connect(server.port) as connection:
        path = f"/busy-disconnect?{times}"
        request = render_request(path, headers={"x-correlation-id": correlation_id}, body=b"rest")
        await connection.send(request.removesuffix(b"rest"))
        await server.until_logged("held", correlation_id)
    line = await server.request_line(correlation_id)
    (told,) = server.find(event="disconnected", correlation_id=correlation_id)

    assert told["kinds"] == ["http.disconnect"]
    assert line["outcome"] == "client_disconnected"
    assert await server.error_lines(correlation_id) == []


async def test_row_19_stack_asks_no_question_of_its_own(log_lines: LogLines) -> None:
    """The server is asked for exactly as many messages as the app asked for."""
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    await stacked(apps.busy_disconnect)(http_scope(query_string=b"1000"), receive, send)

    assert asked == ENDLESS
    assert [line["event"] for line in log_lines()] == ["held", "disconnected", "request_completed"]
    assert log_lines("request_completed")[0]["outcome"] == "client_disconnected"


@pytest.mark.parametrize(("path", "name"), [("/exit", "SystemExit"), ("/interrupt", "KeyboardInterrupt")])
async def test_row_20_exit_in_a_handler(kind: ServerKind, path: str, name: str) -> None:
    """One critical line and one request line are there, whatever the server makes of the exit: some end by it."""
    correlation_id = fresh_id(20)
    with launched(kind, "tests.faults.apps:app") as server:
        await asyncio.to_thread(server.wait_until_serving)
        with suppress(ConnectionError):
            await one_request(server.port, path, headers={"x-correlation-id": correlation_id})
        await server.until_logged("request_completed", correlation_id)
    lines = server.find(correlation_id=correlation_id)

    assert [line["event"] for line in lines] == ["request_failed", "request_completed"]
    assert [line["level"] for line in lines] == ["critical", "error"]
    assert lines[0]["exception_type"] == name


@pytest.mark.parametrize("make", [SystemExit, KeyboardInterrupt, GeneratorExit])
async def test_row_20_exit_goes_on_and_leaves_no_context(
    log_lines: LogLines, make: Callable[[], BaseException]
) -> None:
    """The exit itself reaches the server, nothing is sent, the id is in the log, and the context is as before."""
    exit_raised = make()
    app = stacked(app_errors.raising(lambda _scope: exit_raised))
    answer = await exchange(app, http_scope(headers=[(b"x-correlation-id", b"exit-1")]))

    assert answer.raised is exit_raised
    assert answer.sent == []
    assert RequestContext.current() is None
    assert {line["correlation_id"] for line in log_lines()} == {"exit-1"}
    critical = [line["event"] for line in log_lines() if line["level"] == "critical"]
    # The end of a generator is no failure: it has its request line alone.
    assert critical == ([] if make is GeneratorExit else ["request_failed"])
