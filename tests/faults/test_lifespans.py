"""Rows 45 and 47: how a service starts and stops, and when it does not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import pytest

from asgi_stack.presets import wrap
from asgi_stack.types import Message, Receive, Scope, Send
from tests.driver import exchange
from tests.faults.standard import assert_every_header, fresh_id
from tests.integration.apps import FIRST_CHUNK, LAST_CHUNK
from tests.integration.servers import Server, ServerKind, launched, serving
from tests.integration.wire import Connection, Incoming, connect, one_request, render_request
from tests.log_capture import LogLines

STREAMS: Final = 5
REQUESTS: Final = 20
BODY: Final = b"rest"


async def begin(server: Server, connection: Connection, path: str, correlation_id: str) -> Incoming:
    """Send a request without its body, and wait until the app is at work on it."""
    request = render_request(path, headers={"x-correlation-id": correlation_id}, body=BODY)
    await connection.send(request.removesuffix(BODY))
    incoming = connection.incoming()
    if path == "/stream":
        assert await incoming.chunk() == FIRST_CHUNK
    await server.until_logged("held", correlation_id)
    return incoming


async def test_row_45_sigterm_with_requests_in_flight(kind: ServerKind) -> None:
    """What is in flight is completed and logged, what is new is refused, and the app stops after all of it."""
    sent = [fresh_id(45) for _ in range(REQUESTS)]
    with serving(kind, "tests.faults.apps:app") as server:
        async with AsyncExitStack() as stack:
            idle = await stack.enter_async_context(connect(server.port))
            await idle.request("/")
            connections = [await stack.enter_async_context(connect(server.port)) for _ in sent]
            incoming = [
                await begin(server, connection, "/stream" if place < STREAMS else "/hold", correlation_id)
                for place, (connection, correlation_id) in enumerate(zip(connections, sent, strict=True))
            ]
            server.terminate()
            assert await idle.is_closed_by_server()
            refused = asyncio.create_task(one_request(server.port, "/"))
            for connection in connections:
                await connection.send(BODY)
            responses = [await each.rest() for each in incoming]
            with pytest.raises(ConnectionError):
                await refused
        code = await asyncio.to_thread(server.wait)

    assert code in kind.exit_codes
    assert all((each.status, each.is_complete) == (200, True) for each in responses)
    assert {each.body for each in responses[:STREAMS]} == {FIRST_CHUNK + LAST_CHUNK}
    for correlation_id in sent:
        lines = server.find(event="request_completed", correlation_id=correlation_id)
        assert [line["outcome"] for line in lines] == ["ok"]
    events = [line["event"] for line in server.lines]
    assert "request_completed" not in events[events.index("app_stopped") :]
    assert server.take_noise() == []


def test_row_47_startup_raises(kind: ServerKind) -> None:
    """A failing startup is one line with its phase, without an id, and ends the server."""
    with launched(kind, "tests.integration.apps:cannot_start") as server:
        code = server.wait()
    (failure,) = server.find(event="lifespan_failed")

    assert (failure["phase"], failure["exception_message"]) == ("startup", "the pantry is empty")
    assert "correlation_id" not in failure
    assert sum("the pantry is empty" in text for text in server.output) == 1
    assert (code in kind.startup_failure_codes, server.port) == (True, 0)


async def test_row_47_shutdown_raises(kind: ServerKind) -> None:
    """A failing shutdown is one line with its phase, without an id."""
    with launched(kind, "tests.faults.apps:cannot_stop") as server:
        await asyncio.to_thread(server.wait_until_serving)
        await one_request(server.port, "/")
        await asyncio.to_thread(server.stop)
    (failure,) = server.find(event="lifespan_failed")

    assert (failure["phase"], failure["exception_message"]) == ("shutdown", "the pantry is locked")
    assert "correlation_id" not in failure


async def test_row_47_app_without_lifespan(kind: ServerKind) -> None:
    """An app that raises for all but http is served, and nobody logs an error."""
    correlation_id = fresh_id(47)
    with serving(kind, "tests.integration.apps:without_lifespan") as server:
        response = await one_request(server.port, "/", headers={"x-correlation-id": correlation_id})
        line = await server.request_line(correlation_id)

    assert_every_header(response)
    assert line["outcome"] == "ok"
    assert server.take_noise() == []


async def test_row_47_unknown_scope_type(log_lines: LogLines) -> None:
    """A connection of a type that nobody knows reaches the app as it is, and leaves no line."""
    seen: list[tuple[Scope, Receive, Send]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, receive, send))
        raise ValueError("not my type")

    async def receive() -> Message:
        raise AssertionError("nobody asked")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    wrapped = wrap(app)
    log_lines.configure()
    scope: Scope = {"type": "carrier-pigeon"}
    with pytest.raises(ValueError, match="not my type"):
        await wrapped(scope, receive, send)

    assert seen == [(scope, receive, send)]
    assert scope == {"type": "carrier-pigeon"}
    assert log_lines() == []


async def test_row_47_failing_startup_is_answered(log_lines: LogLines) -> None:
    """The server is told that the startup failed, once, and nothing after it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise RuntimeError("the pantry is empty")

    wrapped = wrap(app)
    log_lines.configure()
    answer = await exchange(wrapped, {"type": "lifespan"}, [{"type": "lifespan.startup"}])

    assert [message["type"] for message in answer.sent] == ["lifespan.startup.failed"]
    assert [(line["event"], line["phase"]) for line in log_lines()] == [("lifespan_failed", "startup")]
