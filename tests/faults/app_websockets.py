"""Websocket handlers that fail, deny, or close in a way that no close frame can carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.faults.app_responses import canary_of

LONG_REASON: Final = "é" * 100
"""200 bytes; a close frame has room for 123."""


async def boom_before(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail before the websocket is accepted."""
    await receive()
    raise RuntimeError(f"password={canary_of(scope)}")


async def boom_after(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail once it is accepted."""
    await receive()
    await send({"type": "websocket.accept"})
    raise RuntimeError(f"password={canary_of(scope)}")


async def boom_in_close(scope: Scope, receive: Receive, send: Send) -> None:
    """Close as one should, and fail then."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4001, "reason": "done"})
    raise RuntimeError(f"password={canary_of(scope)}")


async def denial(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake with a response of one's own, and fail then."""
    await receive()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "websocket.http.response.start", "status": 418, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"a teapot"})
    raise RuntimeError(f"password={canary_of(scope)}")


async def long_close(scope: Scope, receive: Receive, send: Send) -> None:
    """Close with more words than fit."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4002, "reason": LONG_REASON})


async def invalid_close(scope: Scope, receive: Receive, send: Send) -> None:
    """Close with a code that must not be sent (RFC 6455 section 7.4.1)."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 1006})


WEBSOCKET: Final[Mapping[str, ASGIApp]] = {
    "/boom-before": boom_before,
    "/boom-after": boom_after,
    "/boom-in-close": boom_in_close,
    "/denial": denial,
    "/long-close": long_close,
    "/invalid-close": invalid_close,
}
