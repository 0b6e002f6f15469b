"""Responses and requests that keep the rules, in every form that ASGI knows."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from asgi_stack.testing import ASGILint
from asgi_stack.types import Message, Receive, Scope, Send
from tests.driver import Exchange, exchange, http_scope
from tests.testing.lint_cases import BODY, MORE, START, Get, Step, extended, script, start, without

THIS_FILE = str(Path(__file__).absolute())
END: Message = {"type": "http.response.body"}
LENGTH_2 = [(b"content-length", b"2")]
DISCONNECT = Get({"type": "http.disconnect"})
PART = Get({"type": "http.request", "body": b"a", "more_body": True})
LAST = Get({"type": "http.request"})
TRAILERS: Message = {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")]}


async def judged(scope: Scope, *steps: Step) -> Exchange:
    """Play a conversation inside a lint, which must find nothing."""
    lint = ASGILint(script(*steps))
    result = await exchange(lint, scope, [step.message for step in steps if isinstance(step, Get)])
    assert lint.violations == ()
    assert result.raised is None
    assert len(result.sent) == sum(not isinstance(step, Get) for step in steps)
    return result


RESPONSES: dict[str, tuple[Step, ...]] = {
    "whole": (LAST, START, BODY),
    "without-headers": ({"type": "http.response.start", "status": 200}, END),
    "streamed": (START, MORE, MORE, {**END, "more_body": False}),
    "length": (start(headers=LENGTH_2), BODY),
    "length-streamed": (start(headers=[(b"content-length", b"4")]), MORE, MORE, END),
    "list-pairs": (start(headers=[[b"x-a", b"b"], [b"x-a", b"c"]]), BODY),
    "tuple-of-headers": (start(headers=((b"x-a", b"\xff"),)), BODY),
    "dict-items": (start(headers={b"x-a": b"b"}.items()), BODY),
    "no-content": (start(status=204), END),
    "not-modified": (start(status=304, headers=LENGTH_2), END),
    "unusual-status": (start(status=599), END),
    "streamed-request": (PART, PART, LAST, START, BODY),
    "additional-keys": ({**START, "x": 1}, {**BODY, "y": object()}),
}


class TestResponses:
    """What an app may do."""

    @pytest.mark.parametrize("name", RESPONSES)
    async def test_response_in_order(self, name: str) -> None:
        """Every form of a complete response passes."""
        result = await judged(http_scope(), *RESPONSES[name])

        assert result.sent == [step for step in RESPONSES[name] if not isinstance(step, Get)]

    @pytest.mark.parametrize("body", [BODY, END], ids=["with-body", "without"])
    async def test_head_has_the_length_of_the_get(self, body: Message) -> None:
        """A HEAD may send its body, which the server drops, or none; the length stays that of the GET."""
        await judged(http_scope(method="HEAD"), start(headers=[(b"content-length", b"7000")]), body)

    async def test_client_may_leave_before_the_start(self) -> None:
        """An app that was told so may return silently."""
        await judged(http_scope(), PART, DISCONNECT)

    async def test_client_may_leave_in_the_middle(self) -> None:
        """A stream that ends early because the client left need not be complete, nor as long as declared."""
        declared = start(headers=[(b"content-length", b"9")])

        await judged(http_scope(), declared, MORE, DISCONNECT)
        await judged(http_scope(), declared, MORE, DISCONNECT, END)

    async def test_receive_after_the_disconnect(self) -> None:
        """An app may ask again and again; the disconnect then comes each time."""
        await judged(http_scope(), LAST, START, BODY, DISCONNECT, DISCONNECT)

    async def test_server_that_refuses_a_message(self) -> None:
        """When send raises, an app that catches it may return with half a response."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            with pytest.raises(OSError, match="gone"):
                await send(MORE)

        def refuse(message: Message) -> None:
            if message is MORE:
                raise OSError("gone")

        lint = ASGILint(app)
        result = await exchange(lint, on_send=refuse)

        assert result.raised is None
        assert lint.violations == ()


class TestExtensions:
    """What an app may do where the server offers it."""

    async def test_trailers(self) -> None:
        """Announced trailers follow the body, in one message or more."""
        scope = extended("http.response.trailers")

        await judged(scope, start(trailers=True), MORE, BODY, TRAILERS)
        await judged(scope, start(trailers=True), BODY, {**TRAILERS, "more_trailers": True}, TRAILERS)
        await judged(scope, start(trailers=False), BODY)

    async def test_file_by_its_path(self) -> None:
        """A file may be the body, and its length is not counted."""
        message = {"type": "http.response.pathsend", "path": THIS_FILE}

        await judged(extended("http.response.pathsend"), start(headers=LENGTH_2), message)

    async def test_open_files(self) -> None:
        """Open files mix with other parts of the body, and their length is not counted."""
        with tempfile.TemporaryFile() as file:
            message = {"type": "http.response.zerocopysend", "file": file}
            part = {**message, "offset": 0, "count": 5, "more_body": True}

            await judged(extended("http.response.zerocopysend"), start(headers=LENGTH_2), MORE, part, message)

    async def test_push_hints_and_debug(self) -> None:
        """Debug information comes first, pushes before the end, hints before or after the start."""
        scope = extended("http.response.push", "http.response.early_hint", "http.response.debug")
        debug = {"type": "http.response.debug", "info": {"template": "a.html"}}
        hint = {"type": "http.response.early_hint", "links": (b"</a>",)}
        push = {"type": "http.response.push", "path": "/a", "headers": []}

        await judged(scope, debug, hint, START, hint, push, BODY)

    async def test_extension_of_a_server_of_its_own(self) -> None:
        """An extension that no specification lists brings messages that have its name in their type."""
        scope = extended("fullflush", "http.acme")
        progress = Get({"type": "http.acme.progress"})

        await judged(scope, START, {"type": "http.fullflush"}, progress, {"type": "http.acme.done", "x": 1}, BODY)


SCOPES: dict[str, Scope] = {
    "sparse": {"type": "http", "http_version": "2", "method": "GET", "path": "/", "query_string": b"", "headers": []},
    "without-asgi": without(http_scope(), "asgi"),
    "nothing-known": http_scope(client=None, server=None, raw_path=None, extensions=None),
    "unix-socket": http_scope(server=("/run/app.sock", None), client=["", 0]),
    "mixed-case": http_scope(headers=[(b"X-Mixed", b"1")]),
    "other-keys": http_scope(router=object(), endpoint=sys, session={1: 2}),
    "asterisk": http_scope("*", method="OPTIONS"),
    "own-method": http_scope(method="PURGE"),
    "not-utf-8": http_scope(headers=[(b"x-a", b"\xff")], query_string=b"a=\xff"),
}


@pytest.mark.parametrize("name", SCOPES)
async def test_scope_in_order(name: str) -> None:
    """What may be missing may be missing, and what is nobody's business is not judged."""
    result = await judged(SCOPES[name], START, BODY)

    assert result.status == 200
