"""How long a response of status 500 and more is held, and what ends that."""

from __future__ import annotations

import asyncio
import json
from typing import Final

import pytest

from asgi_stack import ErrorHandlerMiddleware
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import never, part, sending, server_error
from tests.driver import exchange, http_scope
from tests.linted import linted
from tests.log_capture import LogLines

OWN: Final = b"Back at ten"


class TestRelease:
    """What lets the app's own response go."""

    async def test_response_leaves_with_its_last_part(self) -> None:
        """Background work after a deliberate 503 does not delay the client."""
        seen: list[Message] = []
        left_before_background: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(server_error())
            left_before_background.append(len(seen))
            await send(part(OWN))
            left_before_background.append(len(seen))

        await exchange(ErrorHandlerMiddleware(app), on_send=seen.append)

        assert left_before_background == [0, 2]

    async def test_messages_leave_as_they_were_sent(self) -> None:
        """They reach the server as they were, in order, whatever the app makes of its objects afterwards."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            head, body = server_error(502), bytearray(b"a")
            await send(head)
            head["headers"].append((b"x-late", b"a\r\nb"))
            message: Message = {"type": "http.response.body", "body": body, "more_body": True}
            await send(message)
            body[:] = b"b"
            message["more_body"] = False
            await send(message)

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.sent == [server_error(502), part(b"a", more=True), part(b"b")]

    async def test_parts_of_two_tasks_stay_in_order(self) -> None:
        """What another task sends while the held parts leave comes behind them."""
        gate = asyncio.Event()
        sent: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(server_error())
            await send(part(b"a", more=True))
            tasks = [asyncio.ensure_future(send(part(b"b" * 20, more=True)))]
            await asyncio.sleep(0)
            tasks.append(asyncio.ensure_future(send(part(b"c"))))
            await asyncio.sleep(0)
            gate.set()
            await asyncio.gather(*tasks)

        async def slow_send(message: Message) -> None:
            await gate.wait()
            sent.append(message)

        await linted(ErrorHandlerMiddleware(app, hold_limit_bytes=10))(http_scope(), never, slow_send)

        assert b"".join(message.get("body", b"") for message in sent) == b"a" + b"b" * 20 + b"c"

    async def test_body_of_the_limit_is_held_and_one_byte_more_is_not(self) -> None:
        """The limit is the last size that is looked at."""
        body = b"Internal Server Error"

        held = await exchange(
            ErrorHandlerMiddleware(sending(server_error(500), part(body)), hold_limit_bytes=len(body))
        )
        over = await exchange(
            ErrorHandlerMiddleware(sending(server_error(500), part(body)), hold_limit_bytes=len(body) - 1)
        )

        assert (held.body != body, over.body == body) == (True, True)

    async def test_always_replaces_only_what_it_holds(self) -> None:
        """A body over the limit leaves even with `always`, since half of it may have gone."""
        app = ErrorHandlerMiddleware(
            sending(server_error(), part(b"x" * 20)), replace_5xx="always", hold_limit_bytes=10
        )

        assert (await exchange(app)).body == b"x" * 20

    async def test_endless_empty_parts_leave(self) -> None:
        """Parts without bytes fill no limit of bytes; there is one of parts too."""
        empty = [part(b"", more=True) for _ in range(2000)]

        seen = await exchange(
            ErrorHandlerMiddleware(sending(server_error(500), *empty, part(b"Internal Server Error")))
        )

        assert seen.body == b"Internal Server Error"

    async def test_hints_pass_a_held_start_by(self) -> None:
        """A message that is no part of the response does not let it go."""
        debug: Message = {"type": "http.response.debug", "info": {}}
        seen = await exchange(ErrorHandlerMiddleware(sending(server_error(500), debug, part(b"Internal Server Error"))))

        assert seen.sent[0] is debug
        assert json.loads(seen.body)["error_code"] == "INTERNAL_ERROR"

    async def test_long_body_leaves_at_the_limit(self) -> None:
        """More than the limit is the app's own: it leaves at once, and what follows is not held."""
        seen: list[Message] = []
        left: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(server_error())
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
            await send(server_error())
            await send(part(b"x", more=True))
            assert len(seen) == 2
            await send(part(b""))

        answered = await exchange(ErrorHandlerMiddleware(app, hold_limit_bytes=0), on_send=seen.append)

        assert (answered.raised, answered.body) == (None, b"x")

    @pytest.mark.parametrize("kind", ["http.response.pathsend", "http.response.zerocopysend"])
    async def test_file_leaves_at_once(self, kind: str) -> None:
        """A page that the server reads from a file cannot be looked at."""
        messages = [server_error(), {"type": kind, "path": "/srv/503.html"}]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert seen.sent == messages

    async def test_trailers_leave_with_their_response(self) -> None:
        """A held response that announced trailers leaves before them."""
        messages = [{**server_error(), "trailers": True}, part(OWN), {"type": "http.response.trailers", "headers": []}]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert (seen.raised, seen.sent) == (None, messages)

    async def test_default_page_with_trailers_leaves(self) -> None:
        """What announced trailers is not over with its body, so it is not looked at."""
        body = part(b"Internal Server Error")
        messages = [{**server_error(500), "trailers": True}, body, {"type": "http.response.trailers", "headers": []}]

        assert (await exchange(ErrorHandlerMiddleware(sending(*messages)))).sent == messages


class TestEnd:
    """What becomes of a held response that never gets whole."""

    async def test_exception_replaces_it(self, log_lines: LogLines) -> None:
        """Nothing of it leaves, and the client has a whole answer."""
        app = sending(server_error(), part(OWN, more=True), error=ValueError("secret"))

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.raised, seen.status, json.loads(seen.body)["error_code"]) == (None, 500, "INTERNAL_ERROR")
        (line,) = log_lines()
        assert (line["event"], line["exception_type"]) == ("request_failed", "ValueError")
        assert "response_started" not in line

    async def test_silence_keeps_the_status(self, log_lines: LogLines) -> None:
        """An app that returns in the middle of its 503 leaves a whole 503, and an error line."""
        seen = await exchange(ErrorHandlerMiddleware(sending(server_error(), part(OWN, more=True))))

        assert (seen.raised, seen.status, json.loads(seen.body)["error_code"]) == (None, 503, "SERVICE_UNAVAILABLE")
        assert [line["event"] for line in log_lines()] == ["incomplete_response"]

    async def test_cancellation_sends_nothing(self) -> None:
        """A cancelled app's held start never leaves."""
        seen = await exchange(ErrorHandlerMiddleware(sending(server_error(), error=asyncio.CancelledError())))

        assert isinstance(seen.raised, asyncio.CancelledError)
        assert seen.sent == []

    async def test_client_that_left_gets_nothing(self, log_lines: LogLines) -> None:
        """An app that gives up its 503 because nobody listens has not failed."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(server_error())
            assert (await receive())["type"] == "http.disconnect"

        seen = await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert (seen.raised, seen.sent, log_lines()) == (None, [], [])
