"""What the request line tells of one exchange: status, times, sizes and how it ended."""

from __future__ import annotations

from asyncio import CancelledError
from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from asgi_stack.exchange import INTERNAL_ERROR_CLOSE, HTTPExchange, WebSocketExchange
from asgi_stack.status_phrases import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from asgi_stack.types import Header, Message, Receive, Scope, Send

__all__ = ["HTTPObservation", "WebSocketObservation"]

FIRST_ERROR: Final = 400
_OUTCOMES: Final[Mapping[object, str]] = {
    **dict.fromkeys(range(FIRST_ERROR), "ok"),
    **dict.fromkeys(range(FIRST_ERROR, FIRST_SERVER_ERROR), "client_error"),
}
"""By the status; all others are errors of the server."""

MAX_LENGTH_DIGITS: Final = 18
"""Below 2**63, the largest size of a file."""

NORMAL_CLOSES: Final = frozenset({1000, 1001, 1005, 1012})
"""Closed on purpose: done, going away, no code given (RFC 6455 section 7.4.1); 1012 is a server that stops."""


class HTTPObservation(HTTPExchange):
    """An HTTPExchange that also measures.

    Attributes:
        status: The status that left, else None.
        bytes_in: Bytes of the request body that the app read.
        bytes_out: Bytes of the response body that were handed to the server; of a file that the server sends itself,
            what the start announced.
        ttfb_ns: Nanoseconds until the response started, else None.
    """

    __slots__ = ("_headers", "_left_before_end", "_started_at_ns", "bytes_in", "bytes_out", "status", "ttfb_ns")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        HTTPExchange.__init__(self, scope, receive, send)
        self.status: int | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.ttfb_ns: int | None = None
        self._headers: Iterable[Header] | None = None
        self._left_before_end = False
        self._started_at_ns = perf_counter_ns()

    def send(self, message: Message) -> Awaitable[None]:
        """Hand a message to the server and measure it."""
        kind = message["type"]
        if kind == "http.response.body":
            self.bytes_out += len(message.get("body", b""))
            if self._flows and message.get("more_body", False):
                send = self._send  # as a name of its own, since calling an attribute takes longer
                return send(message)
        elif kind == "http.response.start":
            if not self.started:  # a second start is the app's mistake: the first one has left
                self._note_start(message)
            send = self._send_guarded if self._may_raise else self._send
            return send(message)
        elif kind in ("http.response.pathsend", "http.response.zerocopysend"):
            self.bytes_out += message.get("count") or max(0, _announced_length(self._headers) - self.bytes_out)
        # While the last message is on its way, a listening app may be told of a disconnect that only ends the exchange.
        self._left_before_end = self.left
        if self._flows and kind == "http.response.body":
            return self._send_last(message)
        return HTTPExchange.send(self, message)

    async def receive(self) -> Message:
        """Give the server's next message and measure it."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.bytes_in += len(message.get("body", b""))
        elif message["type"] == "http.disconnect" and not self.complete:
            self.left = True
        return message

    def _note_start(self, message: Message) -> None:
        self.started = True
        self.status = message.get("status")
        self.ttfb_ns = perf_counter_ns() - self._started_at_ns
        self._headers = message.get("headers")
        self._trailers = message.get("trailers", False)
        self._flows = not (self._may_raise or self._trailers)

    def duration_ns(self) -> int:
        """Give the nanoseconds until the last body message was handed over, else until now."""
        return (self.ended_at_ns or perf_counter_ns()) - self._started_at_ns

    def outcome(self, error: BaseException | None) -> str:
        """Say how the request ended, given what the app raised."""
        if self.complete and not self._left_before_end:
            return _OUTCOMES.get(self.status, "server_error")
        return _outcome_of_end(error, left=self.left, started=self.started)


class WebSocketObservation(WebSocketExchange):
    """A WebSocketExchange that also measures.

    Attributes:
        status: 101 once accepted, the denial's status, 403 when it was closed before that; else None.
        bytes_in: Bytes of the messages that the app read.
        bytes_out: Bytes of the messages that were handed to the server, or of the denial's body.
        ttfb_ns: Nanoseconds until the socket was accepted or denied, else None.
    """

    __slots__ = (
        "_close_code",
        "_closed_by_client",
        "_messages_in",
        "_messages_out",
        "_started_at_ns",
        "bytes_in",
        "bytes_out",
        "status",
        "ttfb_ns",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.status: int | None = None
        self.bytes_in = 0
        self.bytes_out = 0
        self.ttfb_ns: int | None = None
        self._close_code: int | None = None
        self._closed_by_client = False
        self._messages_in = 0
        self._messages_out = 0
        self._started_at_ns = perf_counter_ns()

    async def send(self, message: Message) -> None:
        """Hand a message to the server and measure it."""
        kind, close_code = message["type"], self._close_code
        if kind == "websocket.send":
            self._messages_out += 1
            self.bytes_out += _size(message)
        elif kind == "websocket.http.response.body":
            self.bytes_out += len(message.get("body", b""))
        else:
            self._note_handshake(kind, message)
        try:
            await super().send(message)
        except Exception:
            self._close_code = close_code  # what the server refused never left
            raise

    async def receive(self) -> Message:
        """Give the server's next message and measure it."""
        message = await super().receive()
        if message["type"] == "websocket.receive":
            self._messages_in += 1
            self.bytes_in += _size(message)
        elif message["type"] == "websocket.disconnect" and self._close_code is None and not self.complete:
            self._close_code = message.get("code", 1005)
            self._closed_by_client = True
        return message

    def _note_handshake(self, kind: str, message: Message) -> None:
        if kind == "websocket.close" and self.accepted and self._close_code is None:
            self._close_code = message.get("code", 1000)
        if not self.started:
            self.ttfb_ns = perf_counter_ns() - self._started_at_ns
            self.status = {"websocket.accept": 101, "websocket.close": 403}.get(kind, message.get("status"))

    def duration_ns(self) -> int:
        """Give the nanoseconds until now."""
        return perf_counter_ns() - self._started_at_ns

    def outcome(self, error: BaseException | None) -> str:
        """Say how the socket ended, given what the app raised."""
        if self._closed_by_client:
            return "ok" if self.accepted and self._close_code in NORMAL_CLOSES else "client_disconnected"
        if self.complete and self.accepted:
            return "server_error" if self._close_code == INTERNAL_ERROR_CLOSE else "ok"
        if self.complete:
            return _OUTCOMES.get(self.status, "server_error")
        return _outcome_of_end(error, left=self.left, started=self.started)

    def websocket_fields(self) -> dict[str, object]:
        """Give the fields that only a websocket has."""
        return {
            "type": "websocket",
            "close_code": self._close_code,
            "messages_in": self._messages_in,
            "messages_out": self._messages_out,
        }


def _announced_length(headers: Iterable[Header] | None) -> int:
    """Read the length off a start's headers; 0 where it is not told, or where headers can be walked only once."""
    if isinstance(headers, list | tuple):
        for name, value in headers:
            if name.lower() == b"content-length" and value.isdigit() and len(value) <= MAX_LENGTH_DIGITS:
                return int(value)
    return 0


def _outcome_of_end(error: BaseException | None, *, left: bool, started: bool) -> str:
    if left:
        return "client_disconnected"
    if isinstance(error, CancelledError | GeneratorExit):
        return "cancelled"
    return "server_error" if error is not None and not started else "incomplete"


def _size(message: Message) -> int:
    text = message.get("text")
    return len(message.get("bytes") or b"") if text is None else len(text.encode("utf-8", "surrogatepass"))
