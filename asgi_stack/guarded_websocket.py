"""The error handler's view of a websocket: it checks what the app sends, and notes why the app closed it as failed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TypeAlias

from asgi_stack.exchange import INTERNAL_ERROR_CLOSE, WebSocketExchange
from asgi_stack.guarded_exchange import GuardedHTTPExchange, Settled, exception_since
from asgi_stack.response_checks import ProtocolError, checked_headers, checked_start, with_short_reason
from asgi_stack.status_phrases import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from asgi_stack.types import Message, Receive, Scope, Send

__all__ = ["GuardedExchange", "GuardedWebSocketExchange"]

_FAILURE_CLOSES: Final = frozenset({INTERNAL_ERROR_CLOSE, 4500})
"""RFC 6455 section 7.4.1, and what Litestar makes of a status 500."""


class GuardedWebSocketExchange(WebSocketExchange):
    """A WebSocketExchange that lets no handshake leave which breaks the protocol.

    Attributes:
        scope: The websocket's.
        closed_by: The exception that was being handled when the app closed or denied the websocket as failed: with
            1011, with 4500 (Litestar's), or with a status from 500 on; else None.
        violation: As in GuardedHTTPExchange.
        is_eventful: As in GuardedHTTPExchange.
    """

    __slots__ = ("_before", "closed_by", "is_eventful", "scope", "violation")

    def __init__(self, scope: Scope, receive: Receive, send: Send, judge: object = None) -> None:
        del judge  # nothing is held here
        super().__init__(scope, receive, send)
        self.scope = scope
        self._before = sys.exception()
        self.closed_by: Exception | None = None
        self.violation: ProtocolError | None = None
        self.is_eventful = False

    async def send(self, message: Message) -> None:
        """Check a message from the app, then hand it to the server."""
        kind = message["type"]
        try:
            message = self._checked(kind, message)
        except ProtocolError as error:
            self.violation = error
            self.is_eventful = True
            raise
        if _tells_of_failure(kind, message):
            self.closed_by = exception_since(self._before)
            self.is_eventful = True
        await super().send(message)

    async def deliver(self, message: Message) -> None:
        """Hand a message of the stack's own to the server."""
        await super().send(message)

    def drop(self) -> None:
        """Give None: a websocket's answers are never held."""

    def settle(self, error: BaseException) -> Settled:
        """As in GuardedHTTPExchange."""
        if self.violation in (error, error.__cause__, error.__context__):
            self.violation = None
        is_answered = error is self.closed_by
        if is_answered:
            self.closed_by = None
        return Settled(is_answered=is_answered, is_logged=False)

    def forget(self) -> None:
        """As in GuardedHTTPExchange."""
        self.closed_by = self.violation = self.refusal = None

    def _checked(self, kind: str, message: Message) -> Message:
        if kind in ("websocket.accept", "websocket.http.response.start"):
            if self.started:
                raise ProtocolError(f"{kind} after the websocket was accepted, denied or closed")
            return checked_headers(message) if kind == "websocket.accept" else checked_start(message)
        if not kind.startswith("websocket."):
            raise ProtocolError(f"{kind} on a websocket")
        if self.accepted and kind == "websocket.http.response.body":
            raise ProtocolError(f"{kind} on an accepted websocket")
        return with_short_reason(message) if kind == "websocket.close" else message


GuardedExchange: TypeAlias = GuardedHTTPExchange | GuardedWebSocketExchange


def _tells_of_failure(kind: str, message: Message) -> bool:
    if kind == "websocket.http.response.start":
        return bool(message["status"] >= FIRST_SERVER_ERROR)
    return kind == "websocket.close" and message.get("code") in _FAILURE_CLOSES
