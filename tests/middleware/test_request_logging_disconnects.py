"""Clients that left, and disconnects that are only the end of an exchange."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import respond
from tests.driver import http_scope
from tests.linted import linted
from tests.log_capture import LogLines
from tests.logged_apps import answering, completed, logged, summary

GONE: Final[list[Message]] = [{"type": "http.disconnect"}]


async def receive_from(receive: Receive) -> None:
    """Wait for one message, as a task of an app."""
    await receive()


class TestDisconnects:
    """Clients that left."""

    async def test_before_the_start(self, log_lines: LogLines) -> None:
        """An app that returns silently after a disconnect has not failed."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()

        await logged(app, GONE)

        assert summary(log_lines) == ("info", "client_disconnected", None)

    @pytest.mark.parametrize("status", [200, 500])
    async def test_response_to_nobody(self, status: int, log_lines: LogLines) -> None:
        """A response that is sent after the disconnect, as frameworks send their 500, counts for nothing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await answering(status)(scope, receive, send)
            raise ValueError("client disconnected")

        await logged(app, GONE)

        assert summary(log_lines) == ("info", "client_disconnected", status)
        assert "late_error" not in completed(log_lines)

    async def test_in_the_middle_of_the_body(self, log_lines: LogLines) -> None:
        """A stream that ends because the client left."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc", complete=False)
            await receive()

        await logged(app, GONE)

        assert summary(log_lines) == ("info", "client_disconnected", 200)
        assert completed(log_lines)["bytes_out"] == 3

    @pytest.mark.parametrize("failing", [1, 2, 3])
    async def test_send_that_raises(self, failing: int, log_lines: LogLines) -> None:
        """From spec version 2.4 on send raises OSError: at the start, in the middle and at the end alike."""
        left: list[int] = []

        def drop(message: Message) -> None:
            left.append(1)
            if len(left) == failing:
                raise OSError("connection lost")

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"a", b"b")

        result = await logged(app, on_send=drop)

        assert isinstance(result.raised, OSError)
        assert summary(log_lines) == ("info", "client_disconnected", 200)

    async def test_disconnect_for_ever(self, log_lines: LogLines) -> None:
        """Servers repeat the disconnect: one line however often the app asks."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for _ in range(100):
                await receive()

        await logged(app, GONE * 100)

        assert len(log_lines()) == 1


class TestEndOfTheExchange:
    """Disconnects that are none of the client's doing."""

    async def test_disconnect_after_the_response(self, log_lines: LogLines) -> None:
        """The disconnect that every server tells of after a response is none of the client's doing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc")
            assert (await receive())["type"] == "http.disconnect"

        result = await logged(app, [])

        assert result.raised is None
        assert summary(log_lines) == ("info", "ok", 200)

    async def test_disconnect_while_the_end_is_sent(self, log_lines: LogLines) -> None:
        """A task that listens for disconnects hears of the end of the exchange before send() returns: still ok."""
        ended = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            listener = asyncio.create_task(receive_from(receive))
            await asyncio.sleep(0)
            await respond(send, b"abc")
            await listener

        async def receive() -> Message:
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                ended.set()
                await asyncio.sleep(0.01)

        await linted(RequestLoggingMiddleware(app))(http_scope(), receive, send)

        assert summary(log_lines) == ("info", "ok", 200)
