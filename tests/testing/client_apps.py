"""Apps for the tests of the client."""

from __future__ import annotations

from typing import Final

from asgi_stack.testing.client_call import Call
from asgi_stack.testing.connection import Connection
from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send

START: Final[Message] = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1"), (b"x-b", b"2")]}
END: Final[Message] = {"type": "http.response.body", "body": b"end"}
ACCEPT: Final[Message] = {"type": "websocket.accept"}


def part(body: bytes) -> Message:
    """Make a part of a body that goes on."""
    return {"type": "http.response.body", "body": body, "more_body": True}


def sending(*messages: Message, then: BaseException | None = None) -> ASGIApp:
    """Make an app that reads one message, sends these, and may raise in the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)
        if then is not None:
            raise then

    return app


async def until_the_end(receive: Receive) -> str:
    """Read messages until a disconnect, and give its type."""
    while not (kind := str((await receive())["type"])).endswith(".disconnect"):
        pass
    return kind


def call_of(app: AnyASGIApp, connection: Connection, *, raise_exceptions: bool = True, timeout_s: float = 5.0) -> Call:
    """Make a call that begins when the test says so."""
    return Call(app, connection, title="GET /", timeout_s=timeout_s, raise_exceptions=raise_exceptions)
