"""The request line of the peers: a raw ASGI layer as one would write it, with every saving that costs no clarity."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable
from time import perf_counter
from typing import Final
from uuid import uuid4

from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from benchmarks.peer_logging import PeerLogger

__all__ = ["REQUEST_ID", "AccessLog", "ShortAccessLog", "client_of", "outcome_of_status", "route_of", "user_agent_of"]

REQUEST_ID: Final = "shop.request_id"
"""The scope's key under which the second id is handed on to the error handlers."""

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_SERVER_ERRORS: Final = frozenset({"server_error", "incomplete"})


class AccessLog:
    """Log each request once it is over, with the fields that our own line has.

    `duration_ms` runs until the app returned, which is cheaper to find out than when the last message was taken.

    Args:
        app: The application inside.
        logger: Writes the line.
    """

    def __init__(self, app: ASGIApp, logger: PeerLogger) -> None:
        self.app = app
        self._logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        scope[REQUEST_ID] = str(uuid4())
        seen = _Seen(receive, send)
        try:
            return await self.app(scope, seen.receive, seen.send)
        except CancelledError:
            seen.cancelled = True
            raise
        except BaseException:
            seen.failed = True
            raise
        finally:
            self._log(scope, seen)

    def _log(self, scope: Scope, seen: _Seen) -> None:
        outcome = seen.outcome()
        fields: dict[str, object] = {
            "request_id": scope[REQUEST_ID],
            "method": scope["method"],
            "path": scope["path"],
            "route": route_of(scope),
            "status_code": seen.status,
            "outcome": outcome,
            "duration_ms": int((perf_counter() - seen.started_at) * 1_000_000) / 1000,
            "ttfb_ms": None if seen.answered_at is None else int((seen.answered_at - seen.started_at) * 1e6) / 1000,
            "bytes_in": seen.bytes_in,
            "bytes_out": seen.bytes_out,
            "client": client_of(scope),
            "user_agent": user_agent_of(scope),
        }
        if scope["query_string"]:
            fields["query"] = scope["query_string"].decode("latin-1")
        write = self._logger.error if outcome in _SERVER_ERRORS else self._logger.info
        write("request_completed", **fields)


class ShortAccessLog:
    """Log each request once it is over, with the eight fields that such a line mostly has.

    Args:
        app: The application inside.
        logger: Writes the line.
    """

    def __init__(self, app: ASGIApp, logger: PeerLogger) -> None:
        self.app = app
        self._logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        status: int | None = None
        started_at = perf_counter()

        def send_and_note_status(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            return await self.app(scope, receive, send_and_note_status)
        finally:
            self._logger.info(
                "request_completed",
                method=scope["method"],
                path=scope["path"],
                status_code=status,
                duration_ms=int((perf_counter() - started_at) * 1_000_000) / 1000,
            )


class _Seen:
    """What the line tells of one response."""

    __slots__ = (
        "_receive",
        "_send",
        "answered_at",
        "bytes_in",
        "bytes_out",
        "cancelled",
        "complete",
        "failed",
        "left",
        "started_at",
        "status",
    )

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.status: int | None = None
        self.bytes_in = self.bytes_out = 0
        self.complete = self.left = self.failed = self.cancelled = False
        self.answered_at: float | None = None
        self.started_at = perf_counter()

    def send(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == "http.response.body":
            self.bytes_out += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        elif kind == "http.response.start":
            self.status = message["status"]
            self.answered_at = perf_counter()
        return self._send(message)

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.bytes_in += len(message.get("body", b""))
        elif not self.complete:
            self.left = True
        return message

    def outcome(self) -> str:
        if self.complete:
            return outcome_of_status(self.status)
        if self.left:
            return "client_disconnected"
        if self.cancelled:
            return "cancelled"
        return "server_error" if self.failed and self.status is None else "incomplete"


def outcome_of_status(status: int | None) -> str:
    """Say how a complete response ended, in the words of our own line."""
    if status is None or status >= _SERVER_ERROR:
        return "server_error"
    return "ok" if status < _CLIENT_ERROR else "client_error"


def route_of(scope: Scope) -> str | None:
    """Give the template that Starlette's router left in the scope."""
    route = scope.get("route")
    return None if route is None else route.path


def client_of(scope: Scope) -> str | None:
    """Give the client's address without its port."""
    client = scope["client"]
    return client[0] if client else None


def user_agent_of(scope: Scope) -> str | None:
    """Give the user agent; servers hand names over in lower case."""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            text: str = value.decode("latin-1")
            return text
    return None
