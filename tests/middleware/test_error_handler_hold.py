"""How long a response of status 500 and more is held, and what ends that."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from typing import Final

import pytest

from asgi_stack import ErrorHandlerMiddleware
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import sending
from tests.driver import exchange, http_scope
from tests.frameworks.imitations import litestar_like, starlette_handled, starlette_like
from tests.log_capture import LogLines

OWN: Final = b"Back at ten"


def start(status: int = 503) -> Message:
    """Make a start."""
    return {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}


def part(body: bytes, *, more: bool = False) -> Message:
    """Make a part of a body, the last one by default."""
    return {"type": "http.response.body", "body": body, "more_body": more}


class TestRelease:
    """What lets the app's own response go."""

    async def test_response_leaves_with_its_last_part(self) -> None:
        """Background work after a deliberate 503 does not delay the client."""
        seen: list[Message] = []
        left_before_background: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start())
            left_before_background.append(len(seen))
            await send(part(OWN))
            left_before_background.append(len(seen))

        await exchange(ErrorHandlerMiddleware(app), on_send=seen.append)

        assert left_before_background == [0, 2]

    async def test_messages_leave_as_they_were_sent(self) -> None:
        """The very objects of the app reach the server, in order."""
        messages = [start(), part(b"Back ", more=True), part(b"at ten")]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert [id(message) for message in seen.sent] == [id(message) for message in messages]

    async def test_long_body_leaves_at_the_limit(self) -> None:
        """More than the limit is the app's own: it leaves at once, and what follows is not held."""
        seen: list[Message] = []
        left: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start())
            for _ in range(3):
                await send(part(b"x" * 6, more=True))
                left.append(len(seen))
            await send(part(b""))

        await exchange(ErrorHandlerMiddleware(app, hold_limit_bytes=10), on_send=seen.append)

        assert left == [0, 3, 4]

    async def test_limit_of_0_holds_no_byte(self) -> None:
        """A service that streams its 5xx turns holding off."""
        seen: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start())
            await send(part(b"x", more=True))
            assert len(seen) == 2
            await send(part(b""))

        answered = await exchange(ErrorHandlerMiddleware(app, hold_limit_bytes=0), on_send=seen.append)

        assert (answered.raised, answered.body) == (None, b"x")

    @pytest.mark.parametrize("kind", ["http.response.pathsend", "http.response.zerocopysend"])
    async def test_file_leaves_at_once(self, kind: str) -> None:
        """A page that the server reads from a file cannot be looked at."""
        messages = [start(), {"type": kind, "path": "/srv/503.html"}]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert seen.sent == messages

    async def test_trailers_leave_with_their_response(self) -> None:
        """A held response that announced trailers leaves before them."""
        messages = [{**start(), "trailers": True}, part(OWN), {"type": "http.response.trailers", "headers": []}]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert (seen.raised, seen.sent) == (None, messages)


class TestEnd:
    """What becomes of a held response that never gets whole."""

    async def test_exception_replaces_it(self, log_lines: LogLines) -> None:
        """Nothing of it leaves, and the client has a whole answer."""
        app = sending(start(), part(OWN, more=True), error=ValueError("secret"))

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.raised, seen.status, json.loads(seen.body)["error_code"]) == (None, 500, "INTERNAL_ERROR")
        (line,) = log_lines()
        assert (line["event"], line["exception_type"]) == ("request_failed", "ValueError")
        assert "response_started" not in line

    async def test_silence_keeps_the_status(self, log_lines: LogLines) -> None:
        """An app that returns in the middle of its 503 leaves a whole 503, and an error line."""
        seen = await exchange(ErrorHandlerMiddleware(sending(start(), part(OWN, more=True))))

        assert (seen.raised, seen.status, json.loads(seen.body)["error_code"]) == (None, 503, "SERVICE_UNAVAILABLE")
        assert [line["event"] for line in log_lines()] == ["incomplete_response"]

    async def test_cancellation_sends_nothing(self) -> None:
        """A cancelled app's held start never leaves."""
        seen = await exchange(ErrorHandlerMiddleware(sending(start(), error=asyncio.CancelledError())))

        assert isinstance(seen.raised, asyncio.CancelledError)
        assert seen.sent == []

    async def test_client_that_left_gets_nothing(self, log_lines: LogLines) -> None:
        """An app that gives up its 503 because nobody listens has not failed."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start())
            assert (await receive())["type"] == "http.disconnect"

        seen = await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert (seen.raised, seen.sent, log_lines()) == (None, [], [])


class TestCause:
    """Which exception counts as the reason of a 5xx."""

    async def test_exception_of_the_caller_does_not_count(self, log_lines: LogLines) -> None:
        """A server that calls the app while it handles something else lends it no exception."""
        layer = ErrorHandlerMiddleware(sending(start(500), part(OWN)))
        try:
            raise KeyError("the caller's own")
        except KeyError:
            seen = await exchange_here(layer)

        assert seen == [start(500), part(OWN)]
        assert log_lines() == []

    async def test_exception_after_a_deliberate_5xx_is_late(self, log_lines: LogLines) -> None:
        """A background task that fails after a 503 of the app's own has its own line, flagged."""
        seen = await exchange(ErrorHandlerMiddleware(sending(start(), part(OWN), error=ValueError("later"))))

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
                await sending(start(500), part(b"Internal Server Error"))(scope, receive, send)

        layer = ErrorHandlerMiddleware(app)
        gc.collect()
        gc.disable()
        try:
            await exchange_here(layer)
            alive = watched[0]() is not None
        finally:
            gc.enable()

        assert not alive


async def exchange_here(app: ErrorHandlerMiddleware) -> list[Message]:
    """Call an app in this very task, whose current exception it then sees."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    await app(http_scope(), receive, send)
    return sent
