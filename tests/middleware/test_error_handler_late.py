"""Errors that come too late, or whose answer the client did not get: how they are logged and reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from asgi_stack import (
    AppError,
    ConflictError,
    ErrorHandlerMiddleware,
    NotFoundError,
    Pipeline,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
)
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import part, respond, sending, server_error
from tests.driver import exchange
from tests.frameworks.imitations import litestar_like, starlette_handled, starlette_like
from tests.log_capture import LogLines
from tests.reporting.kept import Kept

OWN: Final = b"Back at ten"


class TestLate:
    """Whether an exception came after the response that was meant."""

    async def test_background_failure_after_a_handled_one_is_late(self, log_lines: LogLines) -> None:
        """The warning about what was handled does not take the flag off the request line."""
        handled = starlette_handled(KeyError("handled"), OWN, status=503)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await handled(scope, receive, send)
            raise ValueError("later")

        layers = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware).use(ErrorHandlerMiddleware)
        await exchange(layers.build(app))

        lines = {line.get("exception_message", line["event"]): line for line in log_lines()}
        assert lines["later"]["late_error"] is True
        assert lines["request_completed"]["late_error"] is True
        assert "late_error" not in lines["'handled'"]

    async def test_failure_after_a_deliberate_default_503_is_late(self, log_lines: LogLines) -> None:
        """A 503 in the framework's own words is no answer to what a background task raises afterwards."""
        app = sending(server_error(503), part(b"Service Unavailable"), error=ValueError("later"))

        await exchange(ErrorHandlerMiddleware(app))

        lines = {line["event"]: line for line in log_lines()}
        assert lines["request_failed"]["late_error"] is True
        assert "unexplained_error_response" in lines

    async def test_exception_caused_by_the_one_that_was_answered_says_nothing_new(self, log_lines: LogLines) -> None:
        """A framework that wraps what it answered, and raises that, has one line."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            error = ValueError("the cause")
            await litestar_like(error)(scope, receive, send)
            raise RuntimeError("wrapped") from error

        await exchange(ErrorHandlerMiddleware(app))

        assert [line["exception_message"] for line in log_lines()] == ["the cause"]

    async def test_rendered_error_that_is_raised_on_is_not_late(self, log_lines: LogLines) -> None:
        """With `reraise="always"` the request line of an answered error is that of any other."""
        layers = (
            Pipeline()
            .use(RequestContextMiddleware)
            .use(RequestLoggingMiddleware)
            .use(ErrorHandlerMiddleware, reraise="always")
        )

        await exchange(layers.build(sending(error=ValueError("x"))))

        (line,) = log_lines("request_completed")
        assert "late_error" not in line


class TestAnswered:
    """A client that does not get what an error asks for has met a defect, not made a mistake."""

    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(starlette_like, id="default-body"),
            pytest.param(lambda error: starlette_like(error, OWN), id="own-page"),
        ],
    )
    async def test_clients_mistake_behind_a_500_is_an_error(
        self, make: Callable[[Exception], Callable[..., object]], log_lines: LogLines
    ) -> None:
        """A NotFoundError that left as a 500 is an ERROR, and reported."""
        kept = Kept()
        layer = ErrorHandlerMiddleware(make(NotFoundError("x")), replace_5xx="never", reporters=[kept])  # type: ignore[arg-type]

        seen = await exchange(layer)

        assert seen.status == 500
        assert [line["level"] for line in log_lines()] == ["error"]
        assert [event.handled for event in kept.events] == [False]

    async def test_deliberate_503_stays_one(self, log_lines: LogLines) -> None:
        """A handler's 503 in default words keeps its status and Retry-After, though the exception tells nothing."""
        start = {**server_error(503), "headers": [(b"retry-after", b"7")]}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                raise ConnectionError("the database")
            except ConnectionError:
                await send(start)
                await send(part(b"Service Unavailable"))

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.status, seen.values("retry-after")) == (503, ["7"])
        assert [line["exception_message"] for line in log_lines()] == ["the database"]

    async def test_attributes_set_to_nonsense_cost_no_response(self, log_lines: LogLines) -> None:
        """An AppError that somebody broke is a 500, is logged, and does not stop the reporters of other errors."""
        broken, kept = AppError("x"), Kept()
        broken.context = None  # type: ignore[assignment]
        group = ExceptionGroup("g", [broken, ValueError()])
        broken.status = "503"  # type: ignore[assignment]

        for error in (broken, group):
            seen = await exchange(ErrorHandlerMiddleware(sending(error=error), reporters=[kept]))
            assert (seen.raised, seen.status) == (None, 500)

        assert "request_failed" in {line["event"] for line in log_lines()}
        assert len(kept.events) == 2

    async def test_client_error_of_severity_error_is_not_reported(self, log_lines: LogLines) -> None:
        """What a client is told with a 4xx is for the log, however loud."""
        kept = Kept()

        await exchange(ErrorHandlerMiddleware(sending(error=ConflictError(severity="ERROR")), reporters=[kept]))

        assert [line["level"] for line in log_lines()] == ["error"]
        assert kept.events == []

    @pytest.mark.parametrize(
        ("error", "handled"),
        [
            pytest.param(AppError("x"), True, id="app-error"),
            pytest.param(ValueError("x"), False, id="unknown"),
            pytest.param(None, False, id="no-response"),
        ],
    )
    async def test_report_says_whether_the_client_was_told(self, error: Exception | None, handled: bool) -> None:
        """Only an answer that was meant for the client counts as handled."""
        kept = Kept()

        await exchange(ErrorHandlerMiddleware(sending(error=error), reporters=[kept]))

        assert [event.handled for event in kept.events] == [handled]


async def test_error_of_a_layer_outside_is_no_disconnect(log_lines: LogLines) -> None:
    """An OSError out of the outer send of a server that never says so is an error like any other."""

    def refuse(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionRefusedError("the session store")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"ok")

    seen = await exchange(ErrorHandlerMiddleware(app), on_send=refuse)

    assert isinstance(seen.raised, ConnectionRefusedError)
    assert [line["exception_message"] for line in log_lines()] == ["the session store"]
