"""How servers start and stop with a wrapped app: SIGTERM with requests in flight, failing startups, no lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

from tests.integration.apps import FIRST_CHUNK, LAST_CHUNK
from tests.integration.contract import assert_headers
from tests.integration.load import Load, assert_own_response
from tests.integration.servers import KINDS, Server, ServerKind, launched, serving
from tests.integration.wire import Connection, Incoming, connect, one_request, render_request

STREAMING: Final = 5
HELD: Final = 15
BODY: Final = b"rest"


class TestSigterm:
    """The end of a server that is at work."""

    async def test_requests_in_flight_are_finished_and_logged(self, kind: ServerKind) -> None:
        """Twenty requests, five of them streaming, are answered in full after SIGTERM; the app stops after them all."""
        sent = [f"flight-{number}" for number in range(STREAMING + HELD)]
        with serving(kind, "tests.integration.apps:app") as server:
            async with AsyncExitStack() as stack:
                idle = await stack.enter_async_context(connect(server.port))
                await idle.request("/")
                connections = [await stack.enter_async_context(connect(server.port)) for _ in sent]
                incoming = [await _begin(*each) for each in zip(connections, sent, strict=True)]
                for correlation_id in sent:
                    await server.until_logged("held", correlation_id)
                server.terminate()
                idle_was_closed = await idle.is_closed_by_server()
                for connection in connections:
                    await connection.send(BODY)
                responses = [await each.rest() for each in incoming]
            code = await asyncio.to_thread(server.wait)

        assert idle_was_closed
        assert code in kind.exit_codes
        for response, correlation_id in zip(responses, sent, strict=True):
            assert_headers(response, correlation_id)
            assert (response.status, response.is_complete) == (200, True)
            assert [line["outcome"] for line in _request_lines(server, correlation_id)] == ["ok"]
        assert {response.body for response in responses[:STREAMING]} == {FIRST_CHUNK + LAST_CHUNK}
        _assert_stopped_last(server)
        assert server.take_noise() == []

    async def test_sigterm_under_load_loses_no_line(self, kind: ServerKind) -> None:
        """When SIGTERM comes amid many requests, each that was answered has its one line, and no line is torn."""
        with serving(kind, "tests.integration.apps:app") as server:
            load = Load(server.port, "term", on_response=_after(50, server.terminate))
            await load.run_until_cut()
            code = await asyncio.to_thread(server.wait)

        assert code in kind.exit_codes
        sent = {request.correlation_id for request in load.all_requests if request.sent}
        logged = [line["correlation_id"] for line in server.find(event="request_completed")]
        assert len(logged) == len(set(logged))
        assert set(logged) <= sent
        for request in load.all_requests:
            if request.response is not None and request.response.is_complete:
                assert_own_response(request)
                assert request.correlation_id in logged
        _assert_stopped_last(server)

    async def test_requests_that_outlive_the_limit_are_cancelled_and_logged(self) -> None:
        """What is not done when the server's patience ends is cut, and its line says that it was cancelled."""
        impatient = replace(KINDS[0], command=(*KINDS[0].command, "--timeout-graceful-shutdown", "1"))
        sent = ["endless-0", f"endless-{STREAMING}", "endless-group"]
        with serving(impatient, "tests.integration.apps:app") as server:
            async with connect(server.port) as streaming, connect(server.port) as held, connect(server.port) as grouped:
                incoming = [await _begin(*each) for each in zip((streaming, held), sent, strict=False)]
                headers = {"x-correlation-id": sent[2]}
                await grouped.send(render_request("/hold-in-group", headers=headers, body=BODY).removesuffix(BODY))
                for correlation_id in sent:
                    await server.until_logged("held", correlation_id)
                server.terminate()
                stream, answer = [await each.rest() for each in incoming]
            code = await asyncio.to_thread(server.wait)

        assert code in impatient.exit_codes
        assert (stream.status, stream.body, stream.is_complete) == (200, FIRST_CHUNK, False)
        assert answer.status == 500
        for correlation_id in sent:
            assert [line["outcome"] for line in _request_lines(server, correlation_id)] == ["cancelled"]
        assert server.find(logger="asgi_stack.errors") == []
        _assert_stopped_last(server)


class TestStartup:
    """The begin of a server."""

    def test_failing_startup_is_logged_once_and_ends_the_server(self, kind: ServerKind) -> None:
        """An app that cannot start leaves one line with its traceback, and the server does not serve."""
        with launched(kind, "tests.integration.apps:cannot_start") as server:
            code = server.wait()

        (failure,) = server.find(event="lifespan_failed")
        assert (failure["phase"], failure["exception_message"]) == ("startup", "the pantry is empty")
        assert "service_that_cannot_start" in str(failure["stack_trace"])
        assert sum("the pantry is empty" in text for text in server.output) == 1
        assert code in kind.startup_failure_codes
        assert server.port == 0

    async def test_app_without_lifespan_is_served(self, kind: ServerKind) -> None:
        """An app that raises for all but http is served, and its refusal is nobody's error."""
        with serving(kind, "tests.integration.apps:without_lifespan") as server:
            response = await one_request(server.port, "/", headers={"x-correlation-id": "plain-1"})
            line = await server.request_line("plain-1")

        assert_headers(response, "plain-1")
        assert line["outcome"] == "ok"
        assert server.take_noise() == []


async def _begin(connection: Connection, correlation_id: str) -> Incoming:
    """Send a request without its body; the first few are streams, of which the first chunk is awaited."""
    is_stream = int(correlation_id.rpartition("-")[2]) < STREAMING
    path = "/stream" if is_stream else "/hold"
    await connection.send(
        render_request(path, headers={"x-correlation-id": correlation_id}, body=BODY).removesuffix(BODY)
    )
    incoming = connection.incoming()
    if is_stream:
        assert await incoming.chunk() == FIRST_CHUNK
    return incoming


def _request_lines(server: Server, correlation_id: str) -> list[dict[str, object]]:
    return server.find(event="request_completed", correlation_id=correlation_id)


def _assert_stopped_last(server: Server) -> None:
    events = [line["event"] for line in server.lines]
    assert events.count("app_started") == events.count("app_stopped") == 1
    assert "request_completed" not in events[events.index("app_stopped") :]


def _after(count: int, action: Callable[[], None]) -> Callable[[], None]:
    """Give a callback that acts at its so-many-th call."""
    calls = iter(range(1, count + 1))

    def call() -> None:
        if next(calls, None) == count:
            action()

    return call
