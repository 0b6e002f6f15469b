"""Websockets that keep the rules."""

from __future__ import annotations

import pytest

from asgi_stack.testing import ASGILint
from asgi_stack.types import Message, Receive, Scope, Send
from tests.driver import exchange, websocket_scope
from tests.testing.lint_cases import Get, Step, script
from tests.testing.lint_cases_websocket import ACCEPT, CLOSE, CONNECT, DATA, DENIED, DENY, DISCONNECT, TEXT

BYTES: Message = {"type": "websocket.send", "bytes": b"\xff", "text": None}

CONVERSATIONS: dict[str, tuple[Step, ...]] = {
    "echo": (CONNECT, ACCEPT, DATA, TEXT, BYTES, DATA, CLOSE),
    "client-closes": (CONNECT, ACCEPT, DATA, DISCONNECT, DISCONNECT),
    "app-returns": (CONNECT, ACCEPT, TEXT),
    "refused": (CONNECT, {**CLOSE, "code": 4401, "reason": "é" * 61}),
    "answered-before-asked": (CLOSE,),
    "subprotocol": (CONNECT, {**ACCEPT, "subprotocol": "chat", "headers": [(b"x-a", b"b")]}, {**CLOSE, "reason": None}),
    "denied": (CONNECT, DENY, {**DENIED, "more_body": True}, DENIED, DISCONNECT),
    "late-data": (CONNECT, ACCEPT, CLOSE, DATA, DISCONNECT),
    "left-in-the-handshake": (CONNECT, DISCONNECT),
    "sent-to-nobody": (CONNECT, ACCEPT, DISCONNECT, TEXT, {**CLOSE, "code": 1011}),
    "accepted-too-late": (CONNECT, DISCONNECT, ACCEPT, TEXT),
    "denied-half": (CONNECT, DENY, DISCONNECT),
    "closed-twice-too-late": (CONNECT, ACCEPT, DISCONNECT, CLOSE, CLOSE),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_conversation_in_order(name: str) -> None:
    """Every form of a websocket passes, and what comes after the client left is judged by its shape alone."""
    steps = CONVERSATIONS[name]
    lint = ASGILint(script(*steps))
    # With this version the server drops what comes too late, so that the script goes on.
    scope = websocket_scope(subprotocols=["soap", "chat"], asgi={"version": "3.0", "spec_version": "2.3"})

    result = await exchange(lint, scope, [step.message for step in steps if isinstance(step, Get)])

    assert lint.violations == ()
    assert result.raised is None
    assert result.sent == [step for step in steps if not isinstance(step, Get)]


async def test_sparse_scope() -> None:
    """A websocket's scope needs a path and headers; the rest has defaults, and its query may be None."""
    lint = ASGILint(script(CONNECT, ACCEPT))

    result = await exchange(lint, {"type": "websocket", "path": "/", "headers": (), "query_string": None})

    assert result.raised is None
    assert lint.violations == ()


async def test_server_that_refuses_a_message() -> None:
    """When send raises, the app may go on sending and return as it likes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(OSError, match="gone"):
            await send(ACCEPT)
        with pytest.raises(OSError, match="gone"):
            await send(TEXT)

    def refuse(message: Message) -> None:
        raise OSError("gone")

    lint = ASGILint(app)
    result = await exchange(lint, websocket_scope(), on_send=refuse)

    assert result.raised is None
    assert lint.violations == ()


async def test_extension_of_a_server_of_its_own() -> None:
    """Messages of an extension that no specification lists pass in both directions."""
    ping = Get({"type": "websocket.acme.ping"})
    lint = ASGILint(script(CONNECT, ACCEPT, ping, {"type": "websocket.acme.pong"}))

    result = await exchange(lint, websocket_scope(extensions={"acme": {}}), [CONNECT.message, ping.message])

    assert result.sent[-1] == {"type": "websocket.acme.pong"}
    assert lint.violations == ()
