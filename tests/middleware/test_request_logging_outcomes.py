"""How a request ended, as its line tells it: always one line, whatever happened."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.context import RequestContext
from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.pipeline import Pipeline
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import START, never, raising, respond
from tests.driver import exchange, http_scope
from tests.linted import linted
from tests.log_capture import LogLines
from tests.logged_apps import answering, completed, logged, summary


class TestComplete:
    """Responses that left whole."""

    @pytest.mark.parametrize(
        ("status", "level", "outcome"),
        [
            (200, "info", "ok"),
            (204, "info", "ok"),
            (304, "info", "ok"),
            (399, "info", "ok"),
            (400, "info", "client_error"),
            (404, "info", "client_error"),
            (499, "info", "client_error"),
            (500, "error", "server_error"),
            (503, "error", "server_error"),
        ],
    )
    async def test_status_decides(self, status: int, level: str, outcome: str, log_lines: LogLines) -> None:
        """Up to 399 it is ok, 4xx is the client's error, 5xx ours."""
        await logged(answering(status))

        assert summary(log_lines) == (level, outcome, status)

    @pytest.mark.parametrize("status", ["200", None])
    async def test_status_that_is_no_number(self, status: object, log_lines: LogLines) -> None:
        """A start that a server would refuse still has its line."""
        result = await logged(answering(status))

        assert result.raised is None
        assert summary(log_lines)[:2] == ("error", "server_error")

    async def test_late_error(self, log_lines: LogLines) -> None:
        """An error after a complete response leaves the outcome as it was, flags it, and goes on."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc")
            raise ValueError("background")

        result = await logged(app)

        assert isinstance(result.raised, ValueError)
        assert summary(log_lines) == ("info", "ok", 200)
        assert completed(log_lines)["late_error"] is True

    async def test_late_error_that_was_settled_inside(self, log_lines: LogLines) -> None:
        """The error handler keeps a late error from the server; the request line tells of it all the same."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc")
            raise ValueError("background")

        layers = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware).use(ErrorHandlerMiddleware)
        result = await exchange(layers.build(app))

        assert result.raised is None
        assert summary(log_lines) == ("info", "ok", 200)
        assert completed(log_lines)["late_error"] is True

    async def test_cancellation_after_the_response(self, log_lines: LogLines) -> None:
        """A server that cancels the app once the response is complete, as daphne does, changes nothing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc")
            raise asyncio.CancelledError

        await logged(app)

        assert summary(log_lines) == ("info", "ok", 200)
        assert "late_error" not in completed(log_lines)

    async def test_error_of_the_error_handler_is_seen(self, log_lines: LogLines) -> None:
        """With the error handler inside, the line tells of the response that it made."""
        layers = Pipeline().use(RequestLoggingMiddleware).use(ErrorHandlerMiddleware)

        result = await exchange(layers.build(raising(ValueError("x"))))

        assert summary(log_lines) == ("error", "server_error", result.status)
        assert completed(log_lines)["bytes_out"] == len(result.body)


class TestIncomplete:
    """Responses that did not leave whole."""

    async def test_error_before_the_start(self, log_lines: LogLines) -> None:
        """Nothing has left: the server will answer 500, and there is no status to tell."""
        error = ValueError("x")

        result = await logged(raising(error))

        assert result.raised is error
        assert summary(log_lines) == ("error", "server_error", None)
        assert completed(log_lines)["ttfb_ms"] is None

    async def test_error_after_the_start(self, log_lines: LogLines) -> None:
        """The status has left, the response is cut off."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"abc", complete=False)
            raise ValueError("x")

        result = await logged(app)

        assert isinstance(result.raised, ValueError)
        assert summary(log_lines) == ("error", "incomplete", 200)
        assert completed(log_lines)["bytes_out"] == 3

    async def test_app_that_sends_nothing(self, log_lines: LogLines) -> None:
        """An app that returns without a response."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            """Do nothing."""

        await logged(app)

        assert summary(log_lines) == ("error", "incomplete", None)

    async def test_app_that_stops_half_way(self, log_lines: LogLines) -> None:
        """An app that returns after the start alone, or with trailers still to come."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({**START, "trailers": scope["trailers"]})
            if scope["trailers"]:
                await send({"type": "http.response.body"})

        for trailers in (False, True):
            await exchange(RequestLoggingMiddleware(app), http_scope(trailers=trailers))

        assert [line["outcome"] for line in log_lines()] == ["incomplete", "incomplete"]

    async def test_second_start_is_not_the_status(self, log_lines: LogLines) -> None:
        """What the client got is the first start; the server refuses the second."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send({"type": "http.response.start", "status": 500})

        def refuse(message: Message) -> None:
            if message.get("status") == 500:
                raise RuntimeError("unexpected start")

        await logged(app, on_send=refuse)

        assert summary(log_lines) == ("error", "incomplete", 200)

    async def test_last_message_that_the_server_refuses(self, log_lines: LogLines) -> None:
        """A response is complete only once the server took its end: fewer bytes than announced are refused."""

        def refuse(message: Message) -> None:
            if message["type"] == "http.response.body":
                raise RuntimeError("Response content shorter than Content-Length")

        await logged(answering(200), on_send=refuse)

        assert summary(log_lines) == ("error", "incomplete", 200)

    @pytest.mark.parametrize("started", [False, True])
    async def test_cancellation(self, log_lines: LogLines, *, started: bool) -> None:
        """A task that is cancelled has its line, at INFO, and ends cancelled."""
        waiting = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if started:
                await respond(send, b"abc", complete=False)
            waiting.set()
            await asyncio.Event().wait()

        async def send(message: Message) -> None:
            """Take all."""

        task = asyncio.ensure_future(linted(RequestLoggingMiddleware(app))(http_scope(), never, send))
        await waiting.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert summary(log_lines) == ("info", "cancelled", 200 if started else None)

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
    async def test_exit_in_a_handler(self, error: BaseException, log_lines: LogLines) -> None:
        """An exit passes, with its line and its id."""
        layers = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware)

        result = await exchange(layers.build(raising(error)), http_scope(headers=[(b"x-request-id", b"hop-1")]))

        assert result.raised is error
        assert summary(log_lines) == ("error", "server_error", None)
        assert completed(log_lines)["request_id"] == "hop-1"
        assert RequestContext.current() is None
