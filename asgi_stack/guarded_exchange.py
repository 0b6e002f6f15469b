"""The error handler's exchange: it checks what the app sends, and holds a response of status 500 and more.

Frameworks answer a failing handler with a 500 page of their own before anyone outside learns of the exception. Held
back until its last part, such a page can still be replaced by an answer that says more; see docs/errors.md.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, Protocol

from asgi_stack.exchange import HTTPExchange, WebSocketExchange
from asgi_stack.messages import ends_response
from asgi_stack.response_checks import (
    BODILESS_STATUSES,
    ProtocolError,
    checked_headers,
    checked_start,
    with_short_reason,
    without_body,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from asgi_stack.responses import ErrorAnswer
    from asgi_stack.types import Message, Receive, Scope, Send

__all__ = ["GuardedHTTPExchange", "GuardedWebSocketExchange", "HeldResponse", "Judge"]

FIRST_HELD_STATUS: Final = 500
_NEEDS_START: Final = frozenset(
    {
        "http.response.body",
        "http.response.pathsend",
        "http.response.trailers",
        "http.response.zerocopysend",
    }
)


class Judge(Protocol):
    """Who decides what becomes of a held response."""

    hold_limit_bytes: int

    async def judge(self, exchange: GuardedHTTPExchange, held: HeldResponse, *, is_whole: bool) -> None:
        """Release the response, or send another one instead; one that is not whole can only be released."""


class HeldResponse:
    """A response of status 500 or more of the app's own: first held back, then judged.

    Attributes:
        start: The message that starts it.
        parts: The messages of its body so far.
        size: Bytes of the body so far.
        error: The exception that it answers, as far as that is known: at first the one that was being handled when the
            start was sent, and that was not being handled before the app was called.
        traceback: Where that came from: Starlette takes it off an exception once a handler has answered it.
        is_logged: Whether that exception has its error line.
        unexplained: What the client is told where a framework answered by default and nobody knows why; else None.
    """

    __slots__ = ("error", "is_logged", "parts", "size", "start", "traceback", "unexplained")

    def __init__(self, start: Message, error: BaseException | None) -> None:
        self.start = start
        self.error = error
        self.traceback = None if error is None else error.__traceback__
        self.parts: list[Message] = []
        self.size = 0
        self.is_logged = False
        self.unexplained: ErrorAnswer | None = None

    @property
    def status(self) -> int:
        """The status, 500 to 599."""
        return int(self.start["status"])

    @property
    def body(self) -> bytes:
        """The body so far."""
        return b"".join(part.get("body", b"") for part in self.parts)

    def values(self, name: bytes) -> list[bytes]:
        """Give every value of a header, given in lower case."""
        return [value for key, value in self.start.get("headers") or () if key.lower() == name]


class GuardedHTTPExchange(HTTPExchange):
    """An HTTPExchange that lets nothing leave which breaks the protocol, and that holds responses from 500 on.

    Attributes:
        scope: The request's.
        held: The response that is held back, else None.
        judged: The one that was held back, once it was decided what became of it; else None.
        violation: What the app did wrong by the protocol, for the case that it swallows the exception.
        is_eventful: Whether any of these was ever set: of most requests there is nothing more to tell.
    """

    __slots__ = ("_before", "_bodiless", "_judge", "held", "is_eventful", "judged", "scope", "violation")

    def __init__(self, scope: Scope, receive: Receive, send: Send, judge: Judge) -> None:
        HTTPExchange.__init__(self, scope, receive, send)
        self.scope = scope
        self._judge = judge
        self._bodiless = False
        # Whoever calls the app may be handling an exception, which then is not the app's.
        self._before = sys.exception()
        self.held: HeldResponse | None = None
        self.judged: HeldResponse | None = None
        self.violation: ProtocolError | None = None
        self.is_eventful = False

    def send(self, message: Message) -> Awaitable[None]:
        """Check a message from the app, then hand it to the server, or hold it."""
        kind = message["type"]
        if kind == "http.response.start":
            return self._start(message)
        if self.started:
            return HTTPExchange.send(self, without_body(message) if self._bodiless else message)
        if self.held is not None:
            return self._hold(message, self.held)
        if kind in _NEEDS_START or not kind.startswith("http."):
            raise self._violates(ProtocolError(f"{kind} before http.response.start"))
        return self._send(message)

    def deliver(self, message: Message) -> Awaitable[None]:
        """Hand a message of the stack's own to the server."""
        return HTTPExchange.send(self, message)

    async def release(self) -> None:
        """Let the held response leave as the app sent it."""
        held = self.drop()
        if held is not None:
            await HTTPExchange.send(self, held.start)
            for part in held.parts:
                await HTTPExchange.send(self, part)

    def drop(self) -> HeldResponse | None:
        """Hold the response no longer, and give it, if there is one: it, or another one, may leave now."""
        held, self.held = self.held, None
        return held

    def settle(self, error: BaseException) -> tuple[bool, bool]:
        """Take note of what the app raised in the end: nothing that it explains needs to be told apart.

        Returns:
            Whether the response is the app's answer to this very exception, and whether that has its error line.
        """
        self.held = None
        if self.violation in (error, error.__cause__, error.__context__):
            self.violation = None
        judged = self.judged
        if judged is None or (judged.error is not error and judged.unexplained is None):
            return False, False
        self.judged = None
        return True, judged.is_logged

    def forget(self) -> None:
        """Let go of what refers to exceptions, whose frames refer to this: it would live until the next collection."""
        self.held = self.judged = self.violation = self.refusal = None

    def _start(self, message: Message) -> Awaitable[None]:
        if self.started or self.held is not None:
            raise self._violates(ProtocolError("a second http.response.start: the response has started already"))
        try:
            message = checked_start(message)
        except ProtocolError as error:
            raise self._violates(error) from None
        status = message["status"]
        if status >= FIRST_HELD_STATUS:
            self.held = HeldResponse(message, self._suspect())
            self.is_eventful = True
            return _nothing()
        if status in BODILESS_STATUSES:
            self._bodiless = True
            message = without_body(message)
        return HTTPExchange.send(self, message)

    def _suspect(self) -> Exception | None:
        now = sys.exception()
        return now if isinstance(now, Exception) and now is not self._before else None

    def _violates(self, error: ProtocolError) -> ProtocolError:
        self.violation = error
        self.is_eventful = True
        return error

    async def _hold(self, message: Message, held: HeldResponse) -> None:
        if message["type"] != "http.response.body":
            await self._judge.judge(self, held, is_whole=False)
            await HTTPExchange.send(self, message)
            return
        held.parts.append(message)
        held.size += len(message.get("body", b""))
        if held.size > self._judge.hold_limit_bytes:
            await self._judge.judge(self, held, is_whole=False)
        elif ends_response(message, bool(held.start.get("trailers", False))):
            await self._judge.judge(self, held, is_whole=True)


class GuardedWebSocketExchange(WebSocketExchange):
    """A WebSocketExchange that lets no handshake leave which breaks the protocol.

    Attributes:
        scope: The websocket's.
        violation: As in GuardedHTTPExchange.
        is_eventful: As in GuardedHTTPExchange.
    """

    __slots__ = ("is_eventful", "scope", "violation")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.scope = scope
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
        await super().send(message)

    async def deliver(self, message: Message) -> None:
        """Hand a message of the stack's own to the server."""
        await super().send(message)

    def drop(self) -> None:
        """Give None: a websocket's answers are never held."""

    def settle(self, error: BaseException) -> tuple[bool, bool]:
        """As in GuardedHTTPExchange."""
        if self.violation in (error, error.__cause__, error.__context__):
            self.violation = None
        return False, False

    def forget(self) -> None:
        """As in GuardedHTTPExchange."""
        self.violation = self.refusal = None

    def _checked(self, kind: str, message: Message) -> Message:
        if kind in ("websocket.accept", "websocket.http.response.start"):
            if self.started:
                raise ProtocolError(f"{kind} after the websocket was accepted, denied or closed")
            return checked_headers(message) if kind == "websocket.accept" else checked_start(message)
        if not kind.startswith("websocket."):
            raise ProtocolError(f"{kind} on a websocket")
        return with_short_reason(message) if kind == "websocket.close" else message


async def _nothing() -> None:
    """Stand for a send that is held back."""
