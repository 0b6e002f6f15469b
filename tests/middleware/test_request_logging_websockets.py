"""The line of a websocket: its handshake, its messages and how it was closed."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import never, raising
from tests.driver import Exchange, exchange, websocket_scope
from tests.linted import linted
from tests.log_capture import LogLines
from tests.logged_apps import completed

CONNECT: Final[Message] = {"type": "websocket.connect"}
ACCEPT: Final[Message] = {"type": "websocket.accept"}
DENIAL: Final[Message] = {"type": "websocket.http.response.start", "status": 401, "headers": []}


def closed(code: int | None = None) -> Message:
    """Give the message of a client that closed."""
    return {"type": "websocket.disconnect"} if code is None else {"type": "websocket.disconnect", "code": code}


def speaking(*messages: Message, listen: int = 0, error: BaseException | None = None) -> ASGIApp:
    """Make an app that accepts, listens to some messages, sends some, and may raise in the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        for _ in range(listen):
            await receive()
        for message in messages:
            await send(message)
        if error is not None:
            raise error

    return app


def answering(*messages: Message) -> ASGIApp:
    """Make an app that answers the handshake with these messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)

    return app


async def logged(app: ASGIApp, *incoming: Message) -> Exchange:
    """Drive an app in the layer with a handshake and these messages."""
    return await exchange(RequestLoggingMiddleware(app), websocket_scope("/chat"), [CONNECT, *incoming])


def summary(log_lines: LogLines) -> tuple[str, str, int | None, int | None]:
    """Give level, outcome, status and close code of the one line."""
    line = completed(log_lines)
    return line["level"], line["outcome"], line["status_code"], line["close_code"]


class TestAccepted:
    """Sockets that were open."""

    async def test_line_of_a_websocket(self, log_lines: LogLines) -> None:
        """Messages and bytes are counted in both directions, texts as they travel, in UTF-8."""
        app = speaking(
            {"type": "websocket.send", "text": "é"},
            {"type": "websocket.send", "text": None, "bytes": b"abc"},
            {"type": "websocket.send", "bytes": None},
            {"type": "websocket.close"},
            listen=2,
        )

        await logged(
            app,
            {"type": "websocket.receive", "text": "hi"},
            {"type": "websocket.receive", "bytes": b"abc", "text": None},
        )

        line = completed(log_lines)
        assert (line["type"], line["method"], line["path"]) == ("websocket", None, "/chat")
        assert (line["messages_in"], line["bytes_in"]) == (2, 5)
        assert (line["messages_out"], line["bytes_out"]) == (3, 5)
        assert line["ttfb_ms"] <= line["duration_ms"]
        assert summary(log_lines) == ("info", "ok", 101, 1000)

    @pytest.mark.parametrize(
        ("code", "level", "outcome"),
        [(1000, "info", "ok"), (1001, "info", "ok"), (4400, "info", "ok"), (1011, "error", "server_error")],
    )
    async def test_closed_by_the_app(self, code: int, level: str, outcome: str, log_lines: LogLines) -> None:
        """The app may close with any code; 1011 says that it failed."""
        await logged(speaking({"type": "websocket.close", "code": code}))

        assert summary(log_lines) == (level, outcome, 101, code)

    @pytest.mark.parametrize(
        ("code", "outcome"),
        [
            (1000, "ok"),
            (1001, "ok"),
            (1005, "ok"),
            (None, "ok"),
            (1006, "client_disconnected"),
            (4000, "client_disconnected"),
        ],
    )
    async def test_closed_by_the_client(self, code: int | None, outcome: str, log_lines: LogLines) -> None:
        """A client that says goodbye is ok, one that is gone is not; without a code it is 1005."""
        await logged(speaking(listen=1), closed(code))

        assert summary(log_lines) == ("info", outcome, 101, 1005 if code is None else code)

    @pytest.mark.parametrize("refused", [False, True])
    async def test_close_after_the_client_was_gone(self, log_lines: LogLines, *, refused: bool) -> None:
        """An app that closes a lost connection once more does not hide that it was lost."""

        def refuse(message: Message) -> None:
            if refused and message["type"] == "websocket.close":
                raise RuntimeError("already closed")

        app = RequestLoggingMiddleware(speaking({"type": "websocket.close"}, listen=1))

        await exchange(app, websocket_scope(), [CONNECT, closed(1006)], on_send=refuse)

        assert summary(log_lines) == ("info", "client_disconnected", 101, 1006)

    async def test_disconnect_after_the_apps_close(self, log_lines: LogLines) -> None:
        """The disconnect that follows the app's own close changes nothing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await speaking({"type": "websocket.close", "code": 4400})(scope, receive, send)
            assert (await receive())["type"] == "websocket.disconnect"

        result = await logged(app)

        assert result.raised is None
        assert summary(log_lines) == ("info", "ok", 101, 4400)

    async def test_failing_send(self, log_lines: LogLines) -> None:
        """A send that raises OSError tells of a client that left."""

        def drop(message: Message) -> None:
            if message["type"] != "websocket.accept":
                raise OSError("connection lost")

        for message in ({"type": "websocket.send", "text": "a"}, {"type": "websocket.close"}):
            app = RequestLoggingMiddleware(speaking(message))
            await exchange(app, websocket_scope(), [CONNECT], on_send=drop)

        assert [line["outcome"] for line in log_lines()] == ["client_disconnected"] * 2

    async def test_error_while_open(self, log_lines: LogLines) -> None:
        """Alone, the layer sees a socket that nobody closed; with the error handler inside, a close with 1011."""
        app = speaking(error=ValueError("x"))

        alone = await logged(app)
        handled = await logged(ErrorHandlerMiddleware(app))

        first, second = log_lines("request_completed")
        assert isinstance(alone.raised, ValueError)
        assert (first["level"], first["outcome"], first["close_code"]) == ("error", "incomplete", None)
        assert (second["level"], second["outcome"], second["close_code"]) == ("error", "server_error", 1011)
        assert handled.sent[-1]["code"] == 1011

    async def test_error_that_only_tells_of_the_close(self, log_lines: LogLines) -> None:
        """Frameworks raise when a client says goodbye; the outcome stays ok."""
        await logged(speaking(listen=1, error=RuntimeError("WebSocketDisconnect")), closed(1000))

        assert summary(log_lines) == ("info", "ok", 101, 1000)

    async def test_return_while_open(self, log_lines: LogLines) -> None:
        """An app that returns without closing leaves its socket to the server."""
        await logged(speaking())

        assert summary(log_lines) == ("error", "incomplete", 101, None)

    async def test_cancellation(self, log_lines: LogLines) -> None:
        """A socket that is open when its task is cancelled has its line at INFO."""
        opened = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(ACCEPT)
            opened.set()
            await asyncio.Event().wait()

        async def send(message: Message) -> None:
            """Take all."""

        task = asyncio.ensure_future(linted(RequestLoggingMiddleware(app))(websocket_scope(), never, send))
        await opened.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert summary(log_lines) == ("info", "cancelled", 101, None)


class TestNotAccepted:
    """Handshakes that came to nothing."""

    async def test_denial(self, log_lines: LogLines) -> None:
        """A denial's status and body are told as a response's are."""
        await logged(answering(DENIAL, {"type": "websocket.http.response.body", "body": b"no"}))

        assert summary(log_lines) == ("info", "client_error", 401, None)
        assert completed(log_lines)["bytes_out"] == 2

    async def test_denial_that_stops_half_way(self, log_lines: LogLines) -> None:
        """A denial without its end is incomplete."""
        await logged(answering(DENIAL, {"type": "websocket.http.response.body", "body": b"no", "more_body": True}))

        assert summary(log_lines) == ("error", "incomplete", 401, None)

    async def test_disconnect_after_a_denial(self, log_lines: LogLines) -> None:
        """The end of the connection after a denial is no close of a socket."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await answering(DENIAL, {"type": "websocket.http.response.body"})(scope, receive, send)
            await receive()

        await logged(app)

        assert summary(log_lines) == ("info", "client_error", 401, None)

    async def test_close_before_the_accept(self, log_lines: LogLines) -> None:
        """Servers answer such a close with 403; its code reaches nobody."""
        await logged(answering({"type": "websocket.close", "code": 4401}))

        assert summary(log_lines) == ("info", "client_error", 403, None)

    async def test_client_that_left_before(self, log_lines: LogLines) -> None:
        """A client that gave up during the handshake was not refused."""
        app = answering({"type": "websocket.close"})

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await app(scope, receive, send)

        await logged(late, closed(1006))

        assert summary(log_lines)[:2] == ("info", "client_disconnected")

    async def test_error_before_the_accept(self, log_lines: LogLines) -> None:
        """Nothing was answered: the server will."""
        await logged(raising(ValueError("x")))

        assert summary(log_lines) == ("error", "server_error", None, None)

    async def test_late_error(self, log_lines: LogLines) -> None:
        """An error after a whole denial leaves its outcome."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await answering(DENIAL, {"type": "websocket.http.response.body"})(scope, receive, send)
            raise ValueError("late")

        result = await logged(app)

        assert isinstance(result.raised, ValueError)
        assert summary(log_lines) == ("info", "client_error", 401, None)
        assert completed(log_lines)["late_error"] is True

    async def test_message_of_an_extension(self, log_lines: LogLines) -> None:
        """An unknown message before the answer is no answer."""
        await logged(answering({"type": "websocket.example"}, ACCEPT, {"type": "websocket.close"}))

        assert summary(log_lines) == ("info", "ok", 101, 1000)
