"""Which exception counts as the reason of a 5xx of the app's own, and what is told of it."""

from __future__ import annotations

import gc
import weakref
from typing import Final

from asgi_stack import (
    AppError,
    ErrorHandlerMiddleware,
    NotFoundError,
    Pipeline,
    RequestContext,
    RequestContextMiddleware,
)
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import part, sending, server_error
from tests.driver import exchange, http_scope
from tests.frameworks.imitations import litestar_like, starlette_handled, starlette_like
from tests.log_capture import LogLines

OWN: Final = b"Back at ten"


class TestCause:
    """Which exception counts as the reason of a 5xx."""

    async def test_exception_of_the_caller_does_not_count(self, log_lines: LogLines) -> None:
        """A server that calls the app while it handles something else lends it no exception."""
        layer = ErrorHandlerMiddleware(sending(server_error(500), part(OWN)))
        try:
            raise KeyError("the caller's own")
        except KeyError:
            seen = await exchange_here(layer)

        assert seen == [server_error(500), part(OWN)]
        assert log_lines() == []

    async def test_exception_after_a_deliberate_5xx_is_late(self, log_lines: LogLines) -> None:
        """A background task that fails after a 503 of the app's own has its own line, flagged."""
        seen = await exchange(ErrorHandlerMiddleware(sending(server_error(), part(OWN), error=ValueError("later"))))

        assert (seen.raised, seen.body) == (None, OWN)
        (line,) = log_lines()
        assert (line["exception_type"], line["late_error"]) == ("ValueError", True)

    async def test_exception_that_is_raised_on_is_one_error(self, log_lines: LogLines) -> None:
        """An error page of one's own, and the exception raised on, as in Starlette: one line, and it is not late."""
        seen = await exchange(ErrorHandlerMiddleware(starlette_like(ValueError("x"), OWN)))

        assert (seen.raised, seen.body) == (None, OWN)
        (line,) = log_lines()
        assert (line["level"], line["exception_type"]) == ("error", "ValueError")
        assert "late_error" not in line

    async def test_another_exception_afterwards_has_its_own_line(self, log_lines: LogLines) -> None:
        """What was handled is a warning, what failed later is an error."""
        handled = starlette_handled(KeyError("handled"), OWN)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await handled(scope, receive, send)
            raise ValueError("later")

        await exchange(ErrorHandlerMiddleware(app))

        lines = {line["exception_type"]: line["level"] for line in log_lines()}
        assert lines == {"KeyError": "warning", "ValueError": "error"}

    async def test_handled_exception_is_named_though_its_traceback_was_cleared(self, log_lines: LogLines) -> None:
        """Starlette takes the traceback off an exception that a handler answered: its place is told all the same."""
        prints: set[str] = set()
        for error in (ValueError("here"), ValueError("there")):
            await exchange(ErrorHandlerMiddleware(starlette_handled(error, OWN)))
            assert error.__traceback__ is None
            prints.add(log_lines()[-1]["fingerprint"])
        await exchange(ErrorHandlerMiddleware(litestar_like(ValueError("x"), OWN)))

        assert len(prints) == 1
        assert log_lines()[-1]["fingerprint"] not in prints

    async def test_disconnect_within_a_framework_is_no_error(self, log_lines: LogLines) -> None:
        """A framework that answers its own report of a disconnect with a 500 says nothing new."""

        class ClientDisconnect(Exception):  # noqa: N818 - as frameworks name it
            """The client has gone."""

        framework = litestar_like(ClientDisconnect())

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await framework(scope, receive, send)

        await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert log_lines() == []

    async def test_nothing_is_kept_alive(self) -> None:
        """A failing request leaves no cycle behind: its exception is gone when the response is."""

        class MarkedError(Exception):
            """One that can be watched."""

        watched: list[weakref.ref[MarkedError]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                raise MarkedError
            except MarkedError as error:
                watched.append(weakref.ref(error))
                await sending(server_error(500), part(b"Internal Server Error"))(scope, receive, send)

        layer = ErrorHandlerMiddleware(app)
        gc.collect()
        gc.disable()
        try:
            await exchange_here(layer)
            alive = watched[0]() is not None
        finally:
            gc.enable()

        assert not alive

    async def test_failing_handler_keeps_nothing_alive(self) -> None:
        """Nor does a handler of the user's that raises."""

        class MarkedError(Exception):
            """One that can be watched."""

        watched: list[weakref.ref[MarkedError]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise MarkedError

        def fail(error: MarkedError) -> AppError:
            watched.append(weakref.ref(error))
            raise RuntimeError("the handler's own fault")

        layer = ErrorHandlerMiddleware(app, handlers={MarkedError: fail})
        gc.collect()
        gc.disable()
        try:
            await exchange_here(layer)
            alive = watched[0]() is not None
        finally:
            gc.enable()

        assert not alive

    async def test_record_of_a_job_lends_no_old_exception(self, log_lines: LogLines) -> None:
        """Where several calls share one record, each 5xx has its own reason or none."""
        failing = ErrorHandlerMiddleware(sending(error=ValueError("the first call's")))
        own = ErrorHandlerMiddleware(sending(server_error(502), part(OWN)))

        with RequestContext.scope():
            await exchange(failing)
            seen = await exchange(own)

        assert seen.body == OWN
        assert [line["exception_message"] for line in log_lines()] == ["the first call's"]

    async def test_exception_at_hand_counts_before_one_recorded_earlier(self, log_lines: LogLines) -> None:
        """A handled exception that an adapter recorded does not answer for the one that is being handled now."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            record = RequestContext.current()
            assert record is not None
            record.error = KeyError("earlier")
            await litestar_like(NotFoundError("now"))(scope, receive, send)

        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware)
        seen = await exchange(layers.build(app))

        assert seen.status == 404
        assert [line["exception_message"] for line in log_lines()] == ["now"]


async def exchange_here(app: ErrorHandlerMiddleware) -> list[Message]:
    """Call an app in this very task, whose current exception it then sees."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await app(http_scope(), receive, send)
    return sent
