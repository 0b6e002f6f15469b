"""What has left of one response, and whether the client is still there: the eyes of the error handler.

Three facts decide what may still be sent after an error: whether a response *started* (set before the server is handed
the start, since a server that fails half-way may have written it), whether it is *complete* (set after the server
took the last message), and whether the client *left*.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Final

from asgi_stack.messages import ends_response, send_may_raise

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from asgi_stack.types import Message, Receive, Scope, Send

__all__ = ["INTERNAL_ERROR_CLOSE", "HTTPExchange", "WebSocketExchange"]

INTERNAL_ERROR_CLOSE: Final = 1011
"""The close code of a server that met an unexpected condition (RFC 6455 section 7.4.1)."""


class HTTPExchange:
    """One http request's response, watched between the app and the server.

    Attributes:
        started: A response start was handed out; from then on no other may follow.
        complete: The server took the message that ends the response.
        ended_at_ns: When it did, by `perf_counter_ns`; else None.
        left: The client went away before that.
        refusal: What the server's send raised then, where it did.
    """

    __slots__ = (
        "_flows",
        "_may_raise",
        "_receive",
        "_send",
        "_trailers",
        "complete",
        "ended_at_ns",
        "left",
        "refusal",
        "started",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._may_raise = send_may_raise(scope)
        self._trailers = False
        # Set by who extends this: whether the parts of the body go on as they come, and only the last changes anything.
        self._flows = False
        self.started = False
        self.complete = False
        self.ended_at_ns: int | None = None
        self.left = False
        self.refusal: OSError | None = None

    @staticmethod
    def of(scope: Scope, receive: Receive, send: Send) -> HTTPExchange:
        """Give the exchange that `receive` and `send` belong to, since one is enough, or make one around them."""
        sender: object = getattr(send, "__self__", None)
        receiver: object = getattr(receive, "__self__", None)
        if sender is receiver and isinstance(sender, HTTPExchange):
            return sender
        return HTTPExchange(scope, receive, send)

    def send(self, message: Message) -> Awaitable[None]:
        """Hand a message to the server and note what it changes."""
        if message["type"] == "http.response.start":
            self.started = True
            self._trailers = message.get("trailers", False)
        elif ends_response(message, self._trailers):
            return self._send_last(message)
        return self._send_guarded(message) if self._may_raise else self._send(message)

    async def receive(self) -> Message:
        """Give the server's next message; a disconnect before the response is complete means that the client left."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.complete:
            self.left = True
        return message

    async def _send_last(self, message: Message) -> None:
        # What _send_guarded does, without one more coroutine: this runs for every response.
        try:
            await self._send(message)
        except OSError as refusal:
            self._note_refusal(refusal)
            raise
        self.complete = True
        self.ended_at_ns = perf_counter_ns()

    def _note_refusal(self, refusal: OSError) -> None:
        # A server of an older spec says nothing of a client that has gone: then it is a layer outside that failed.
        if self._may_raise:
            self.left = True
            self.refusal = refusal

    async def _send_guarded(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as refusal:
            self.left = True
            self.refusal = refusal
            raise


class WebSocketExchange:
    """One websocket, watched between the app and the server.

    Attributes:
        accepted: The app accepted the connection.
        started: The connection was accepted, denied or closed: no denial may follow.
        complete: The socket was closed by the app, or the denial's last message was taken.
        left: The client closed the connection.
        refusal: What the server's send raised then, where it did.
    """

    __slots__ = ("_receive", "_send", "accepted", "complete", "left", "refusal", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        self._receive = receive
        self._send = send
        self.accepted = False
        self.started = False
        self.complete = False
        self.left = False
        self.refusal: OSError | None = None

    async def send(self, message: Message) -> None:
        """Hand a message to the server and note what it changes."""
        kind = message["type"]
        if kind in ("websocket.accept", "websocket.close", "websocket.http.response.start"):
            self.started = True
            self.accepted = self.accepted or kind == "websocket.accept"
        try:
            await self._send(message)
        except OSError as refusal:
            self.left = True
            self.refusal = refusal
            raise
        if kind == "websocket.close" or ends_response(message, trailers=False):
            self.complete = True

    async def receive(self) -> Message:
        """Give the server's next message; a disconnect of an open socket means that the client left."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect" and not self.complete:
            self.left = True
        return message
