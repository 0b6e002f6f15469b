"""The error handler's exchange: it checks what the app sends, and holds a response of status 500 and more.

Frameworks answer a failing handler with a 500 page of their own before anyone outside learns of the exception. Held
back until its last part, such a page can still be replaced by an answer that says more; see docs/error-handler.md.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from asgi_stack.exchange import HTTPExchange
from asgi_stack.messages import ends_response
from asgi_stack.response_checks import BODILESS_STATUSES, ProtocolError, checked_start, without_body
from asgi_stack.status_phrases import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from asgi_stack.responses import ErrorAnswer, RenderedError
    from asgi_stack.types import Message, Receive, Scope, Send

__all__ = ["GuardedHTTPExchange", "HeldResponse", "Judge", "Settled", "exception_since"]

MAX_PARTS: Final = 1024
"""Parts of a body that are held at most: empty ones count for nothing by their bytes, and take 200 bytes each."""

_BESIDE: Final = frozenset({"http.response.debug", "http.response.early_hint", "http.response.push"})
"""Messages that are no part of a response: they pass a held one by."""

_NEEDS_START: Final = frozenset(
    {
        "http.response.body",
        "http.response.pathsend",
        "http.response.trailers",
        "http.response.zerocopysend",
    }
)


class Judge(Protocol):
    """The error layer, which decides what becomes of a held response, and what is told of an exception."""

    hold_limit_bytes: int

    def answer(self, error: Exception, exchange: GuardedHTTPExchange) -> RenderedError:
        """Log and report an exception that is about to be answered inside, and give the answer."""
        ...

    async def judge(self, exchange: GuardedHTTPExchange, held: HeldResponse, *, is_whole: bool) -> None:
        """Release the response, or send another one instead; one that is not whole can only be released."""


class HeldResponse:
    """A response of status 500 or more of the app's own: first held back, then judged.

    Attributes:
        start: The message that starts it; like the parts a copy, since the app may use its own once more.
        parts: The messages of its body so far.
        is_leaving: Whether it is on its way out: what the app sends meanwhile comes behind.
        size: Bytes of the body so far.
        error: The exception that it answers, as far as that is known: at first the one that was being handled when the
            start was sent, and that was not being handled before the app was called.
        traceback: Where that came from: Starlette takes it off an exception once a handler has answered it.
        is_logged: Whether that exception has its error line.
        unexplained: What the client is told where a framework answered by default and nobody knows why; else None.
    """

    __slots__ = ("error", "is_leaving", "is_logged", "parts", "size", "start", "traceback", "unexplained")

    def __init__(self, start: Message, error: BaseException | None) -> None:
        self.start: Message = {**start, "headers": [(name, value) for name, value in start.get("headers") or ()]}
        self.is_leaving = False
        self.error = error
        self.traceback = None if error is None else error.__traceback__
        self.parts: list[Message] = []
        self.size = 0
        self.is_logged = False
        self.unexplained: ErrorAnswer | None = None

    def add(self, part: Message) -> None:
        """Take another part of the body."""
        body = bytes(part.get("body", b""))
        self.parts.append({**part, "body": body})
        self.size += len(body)

    @property
    def status(self) -> int:
        """The status, 500 to 599."""
        return int(self.start["status"])

    @property
    def body(self) -> bytes:
        """The body so far."""
        return b"".join(part["body"] for part in self.parts)

    def values(self, name: bytes) -> list[bytes]:
        """Give every value of a header, given in lower case."""
        return [value for key, value in self.start["headers"] if key.lower() == name]


class Settled(NamedTuple):
    """How an exception that the app raised stands to what it had sent.

    Attributes:
        is_answered: The response was the app's own answer to this very exception.
        is_logged: That exception has its error line.
    """

    is_answered: bool
    is_logged: bool


class GuardedHTTPExchange:
    """Lets nothing of a response leave which breaks the protocol, and holds one of status 500 and more.

    Attributes:
        scope: The request's.
        seen: What has left: the exchange of the layer outside, where that watches the very same messages.
        held: The response that is held back, else None.
        judged: The one that was held back, once it was decided what became of it; else None.
        violation: What the app did wrong by the protocol, for the case that it swallows the exception.
        is_eventful: Whether any of these was ever set: of most requests there is nothing more to tell.
        receive: What the app receives with.
        deliver: Hands a message of the stack's own to the server.
    """

    __slots__ = (
        "_before",
        "_bodiless",
        "_flows",
        "_has_gone",
        "_judge",
        "deliver",
        "held",
        "is_eventful",
        "judged",
        "receive",
        "scope",
        "seen",
        "violation",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, judge: Judge) -> None:
        self.scope = scope
        self.seen = seen = HTTPExchange.of(scope, receive, send)
        self.receive = seen.receive
        self.deliver = seen.send
        self._judge = judge
        # Whoever calls the app may be handling an exception, which then is not the app's.
        self._before = sys.exception()
        self._bodiless = self._flows = self._has_gone = self.is_eventful = False
        self.held: HeldResponse | None = None
        self.judged: HeldResponse | None = None
        self.violation: ProtocolError | None = None

    @property
    def started(self) -> bool:
        """Whether a response start was handed out."""
        return self.seen.started

    @property
    def complete(self) -> bool:
        """Whether the server took the message that ends the response."""
        return self.seen.complete

    @property
    def left(self) -> bool:
        """Whether the client went away before that."""
        return self.seen.left or self._has_gone

    @left.setter
    def left(self, has_gone: bool) -> None:
        self._has_gone = has_gone

    @property
    def refusal(self) -> OSError | None:
        """What the server's send raised then, where it did."""
        return self.seen.refusal

    def send(self, message: Message) -> Awaitable[None]:
        """Check a message from the app, then hand it to the server, or hold it."""
        kind = message["type"]
        if self._flows and kind == "http.response.body":
            send = self.deliver  # as a name of its own, since calling an attribute takes longer
            return send(message)
        if kind == "http.response.start":
            return self._start(message)
        if self.held is not None and kind not in _BESIDE:
            return self._hold(message, self.held)
        if kind != "http.response.body" and not kind.startswith("http."):
            raise self._violates(ProtocolError(f"{kind} in an http response"))
        if not self.seen.started and kind in _NEEDS_START:
            raise self._violates(ProtocolError(f"{kind} before http.response.start"))
        return self.deliver(without_body(message) if self._bodiless else message)

    def answer(self, error: Exception) -> RenderedError:
        """Give the stack's answer to an exception, for a framework that is about to answer it; it is logged by then."""
        return self._judge.answer(error, self)

    async def release(self) -> None:
        """Let the held response leave as the app sent it."""
        held = self.held
        if held is None or held.is_leaving:
            return
        held.is_leaving = True
        try:
            await self.deliver(held.start)
            while held.parts:
                await self.deliver(held.parts.pop(0))
        finally:
            self.held = None

    def drop(self) -> HeldResponse | None:
        """Hold the response no longer, and give it, if there is one: it, or another one, may leave now."""
        held, self.held = self.held, None
        return held

    def settle(self, error: BaseException) -> Settled:
        """Take note of what the app raised in the end: nothing that it explains needs to be told apart."""
        self.held = None
        if self.violation in (error, error.__cause__, error.__context__):
            self.violation = None
        judged = self.judged
        if judged is None or not _explains(error, judged):
            return Settled(is_answered=False, is_logged=False)
        self.judged = None
        return Settled(is_answered=True, is_logged=judged.is_logged)

    def forget(self) -> None:
        """Let go of what refers to exceptions, whose frames refer to this: it would live until the next collection."""
        self.held = self.judged = self.violation = self.seen.refusal = None

    def _start(self, message: Message) -> Awaitable[None]:
        if self.seen.started or self.held is not None:
            raise self._violates(ProtocolError("a second http.response.start: the response has started already"))
        try:
            message = checked_start(message)
        except ProtocolError as error:
            raise self._violates(error) from None
        status = message["status"]
        if status >= FIRST_SERVER_ERROR:
            self.held = HeldResponse(message, exception_since(self._before))
            self.is_eventful = True
            return _nothing()
        if status in BODILESS_STATUSES:
            self._bodiless = True
            message = without_body(message)
        else:
            self._flows = True
        send = self.deliver
        return send(message)

    def _violates(self, error: ProtocolError) -> ProtocolError:
        self.violation = error
        self.is_eventful = True
        return error

    async def _hold(self, message: Message, held: HeldResponse) -> None:
        kind = message["type"]
        if kind != "http.response.body" and not kind.startswith("http."):
            raise self._violates(ProtocolError(f"{kind} in an http response"))
        if held.is_leaving:
            held.parts.append(dict(message))
        elif kind != "http.response.body":
            await self._judge.judge(self, held, is_whole=False)
            await self.deliver(message)
        else:
            held.add(message)
            await self._judge_when_due(message, held)

    async def _judge_when_due(self, message: Message, held: HeldResponse) -> None:
        if held.size > self._judge.hold_limit_bytes or len(held.parts) > MAX_PARTS:
            await self._judge.judge(self, held, is_whole=False)
        elif ends_response(message, bool(held.start.get("trailers", False))):
            await self._judge.judge(self, held, is_whole=True)


def exception_since(before: BaseException | None) -> Exception | None:
    """Give the exception that is being handled, unless it was so when the app was called."""
    now = sys.exception()
    return now if isinstance(now, Exception) and now is not before else None


def _explains(error: BaseException, judged: HeldResponse) -> bool:
    """Tell whether a 5xx of the app's own was its answer to an exception that it raised afterwards."""
    if judged.error is None:
        return judged.unexplained is not None and judged.status == FIRST_SERVER_ERROR
    return judged.error in (error, error.__cause__)


async def _nothing() -> None:
    """Stand for a send that is held back."""
