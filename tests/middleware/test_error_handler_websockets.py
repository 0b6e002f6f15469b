"""The error layer on websockets."""

from __future__ import annotations

import json

import pytest

from asgi_stack import (
    AppError,
    ErrorHandlerMiddleware,
    NotFoundError,
)
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import never, raising
from tests.driver import exchange, websocket_scope
from tests.linted import linted
from tests.log_capture import LogLines


class TestWebSockets:
    """Errors of websockets, before and after the accept."""

    async def test_error_before_the_accept_is_a_denial(self) -> None:
        """Where the server offers denials, the client reads the same JSON; its length is the server's to write."""
        seen = await exchange(ErrorHandlerMiddleware(raising(NotFoundError("No room"))), websocket_scope())

        assert [m["type"] for m in seen.sent] == ["websocket.http.response.start", "websocket.http.response.body"]
        assert seen.status == 404
        assert json.loads(seen.body)["message"] == "No room"
        assert seen.values("content-length") == []
        assert seen.raised is None

    async def test_without_the_extension_the_socket_is_closed(self) -> None:
        """A server without denials turns a close before the accept into a 403."""
        seen = await exchange(ErrorHandlerMiddleware(raising(ValueError())), websocket_scope(extensions=None))

        assert [m["type"] for m in seen.sent] == ["websocket.close"]

    async def test_error_after_the_accept_closes_with_1011(self, log_lines: LogLines) -> None:
        """An accepted socket is closed as broken, with the error's code as reason, cut to 123 bytes."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            raise AppError("x", error_code="Ü" * 100)

        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        assert seen.sent[1]["code"] == 1011
        assert seen.sent[1]["reason"] == "Ü" * 61
        assert seen.raised is None
        assert len(log_lines()) == 1

    async def test_error_after_the_close_adds_nothing(self, log_lines: LogLines) -> None:
        """A socket that the app closed is left alone; the error is logged as late."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
            raise ValueError

        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        assert len(seen.sent) == 2
        assert seen.raised is None
        assert log_lines()[0]["late_error"] is True

    async def test_error_in_the_middle_of_a_denial_goes_on(self) -> None:
        """A denial that has started is never replaced."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            raise ValueError

        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        assert len(seen.sent) == 1
        assert isinstance(seen.raised, ValueError)

    async def test_client_that_left_is_no_error(self, log_lines: LogLines) -> None:
        """What an app raises because the client closed the socket is not logged."""

        class WebSocketDisconnect(Exception): ...  # noqa: N818 - as the frameworks name theirs

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await receive()
            raise WebSocketDisconnect

        disconnect = [{"type": "websocket.disconnect", "code": 1001}]
        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope(), disconnect)

        assert seen.raised is None
        assert log_lines() == []

    async def test_silence_before_the_accept_is_denied(self) -> None:
        """An app that returns without accepting gets the NO_RESPONSE denial."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        assert json.loads(seen.body)["error_code"] == "NO_RESPONSE"

    async def test_return_after_the_accept_is_left_to_the_server(self, log_lines: LogLines) -> None:
        """A socket whose app returned without a close is ended by the server."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})

        assert len((await exchange(ErrorHandlerMiddleware(app), websocket_scope())).sent) == 1
        assert log_lines() == []

    async def test_server_that_refuses_the_close_is_a_disconnect(self) -> None:
        """An OSError while the socket is closed does not replace the error."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            raise ValueError

        async def send(message: Message) -> None:
            if message["type"] == "websocket.close":
                raise OSError

        await linted(ErrorHandlerMiddleware(app))(websocket_scope(), never, send)


class TestClosedAsFailed:
    """A framework that answers a failing websocket by itself, as Litestar and Quart do."""

    @pytest.mark.parametrize(
        ("before", "close", "level"),
        [
            pytest.param([{"type": "websocket.accept"}], {"type": "websocket.close", "code": 4500}, "error", id="4500"),
            pytest.param([{"type": "websocket.accept"}], {"type": "websocket.close", "code": 1011}, "error", id="1011"),
            pytest.param([], {"type": "websocket.http.response.start", "status": 500}, "error", id="denial"),
            pytest.param([{"type": "websocket.accept"}], {"type": "websocket.close", "code": 1000}, None, id="normal"),
            pytest.param([], {"type": "websocket.http.response.start", "status": 403}, None, id="refusal"),
        ],
    )
    async def test_exception_that_it_was_handling_is_logged(
        self, before: list[Message], close: Message, level: str | None, log_lines: LogLines
    ) -> None:
        """What was being handled is in the log where the close says that something failed."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for message in before:
                await send(message)
            try:
                raise ValueError("hidden")
            except ValueError:
                await send(close)
            if "status" in close:
                await send({"type": "websocket.http.response.body", "body": b"no"})

        seen = await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        assert (seen.raised, seen.sent[len(before)]) == (None, close)
        assert [line["level"] for line in log_lines()] == [level] * (level is not None)

    async def test_exception_that_is_raised_on_has_one_line(self, log_lines: LogLines) -> None:
        """An app that closes with 1011 and raises has said one thing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            try:
                raise ValueError("x")
            except ValueError:
                await send({"type": "websocket.close", "code": 1011})
                raise

        await exchange(ErrorHandlerMiddleware(app), websocket_scope())

        (line,) = log_lines()
        assert "late_error" not in line
