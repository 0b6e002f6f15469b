"""Tiny ASGI apps and their parts, shared by the tests."""

from __future__ import annotations

from typing import Final

from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send

START: Final[Message] = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def raising(error: BaseException) -> ASGIApp:
    """Make an app that raises this before it sends anything."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


def sending(*messages: Message, error: BaseException | None = None) -> ASGIApp:
    """Make an app that sends these, and then raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        if error is not None:
            raise error

    return app


def server_error(status: int = 503) -> Message:
    """Make the start of a response that the error layer holds."""
    return {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}


def part(body: bytes, *, more: bool = False) -> Message:
    """Make a part of a body, the last one by default."""
    return {"type": "http.response.body", "body": body, "more_body": more}


async def respond(send: Send, *bodies: bytes, complete: bool = True) -> None:
    """Send a 200 with a body in pieces; `complete=False` leaves its end out."""
    await send(START)
    for body in bodies[:-1]:
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": bodies[-1], "more_body": not complete})


async def never() -> Message:
    """Stand for a receive() that nobody may call."""
    raise AssertionError("nobody asked for a message")


async def unheard(message: Message) -> None:
    """Stand for a send() that nobody may call."""
    raise AssertionError(message)
