"""The server's end of one call of an app: it gives messages, takes messages, and remembers all of them.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html and /lifespan.html.
"""

from __future__ import annotations

from asyncio import Event, sleep
from collections import deque
from typing import TYPE_CHECKING, Final

from asgi_stack.messages import ends_response, send_may_raise
from asgi_stack.testing.client_errors import ClientLeftError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asgi_stack.types import AnyASGIApp, Header, Message, Scope

__all__ = ["STARTS", "Connection"]

STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept"})
"""Messages that carry the headers of an answer."""

_ENDS: Final = frozenset(
    {"websocket.close", "lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed"}
)
"""Messages that end a connection, besides the last of a response."""

_ABNORMAL: Final = 1006
"""The code of a websocket that ended without a close frame (RFC 6455 section 7.1.5)."""


class Connection:
    """One call of an app, seen from the server: what went in, what came out, and how it ended.

    Args:
        scope: The connection's scope, handed to the app as it is.
        incoming: Messages that `receive` gives first, as they are.
        on_send: Sees each message before it is noted; what it raises, the app's `send` raises.

    Attributes:
        messages: All that the app sent, in order: the very objects, those that a gone client did not get included.
        received: All messages that the app was given, in order.
        returned: What the app returned.
        raised: What the app raised; None while it runs.
        is_over: The app returned or raised.
        is_complete: The app sent the message that ends the response, the websocket or the lifespan.
        is_disconnected: The client left.

    `receive` gives the incoming messages, then waits until the connection is complete or the client leaves, and from
    then on repeats the disconnect; in a lifespan it waits for ever, as servers do.
    """

    def __init__(
        self,
        scope: Scope,
        incoming: Iterable[Message] = (),
        *,
        on_send: Callable[[Message], None] | None = None,
    ) -> None:
        self.scope = scope
        self.messages: list[Message] = []
        self.received: list[Message] = []
        self.returned: object = None
        self.raised: BaseException | None = None
        self.is_over = False
        self.is_complete = False
        self.is_disconnected = False
        self._kind = scope.get("type")
        self._incoming = deque(incoming)
        self._on_send = on_send
        self._headers: Iterable[Header] = ()
        self._trailers = False
        self._farewell: dict[str, object] = {"type": f"{self._kind}.disconnect"}
        self._asking = 0
        self._changed = Event()

    @property
    def headers(self) -> list[Header]:
        """The headers of the response, or of a websocket's acceptance, as they stood when they were sent."""
        # An iterator is left alone until somebody asks: it can be read once, and a test may want to.
        self._headers = tuple(self._headers)
        return [(name, value) for name, value in self._headers]

    @property
    def is_asking(self) -> bool:
        """Whether the app waits in `receive`."""
        return self._asking > 0

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can come of it: it is complete, the client left, or the app is over."""
        return self.is_complete or self.is_disconnected or self.is_over

    async def run(self, app: AnyASGIApp) -> None:
        """Call the app in the current task and note how it ends; what it raises is noted, never raised."""
        try:
            self.returned = await app(self.scope, self.receive, self.send)
        except BaseException as error:  # noqa: BLE001 - the test looks at whatever came out
            self.raised = error
        finally:
            self.is_over = True
            self._notify()

    async def receive(self) -> Message:
        """Give the app its next message, and wait for it if need be."""
        if not self._incoming:
            await self._wait_for_a_message()
        message = self._incoming.popleft() if self._incoming else dict(self._farewell)
        self.received.append(message)
        return message

    async def send(self, message: Message) -> None:
        """Take a message of the app.

        Raises:
            ClientLeftError: The client has gone, and the scope's spec version lets servers say so.
        """
        if self._on_send is not None:
            self._on_send(message)
        self.messages.append(message)
        if self.is_disconnected and send_may_raise(self.scope):
            raise ClientLeftError("the client has gone")
        self._note(message)
        self._notify()
        # An app that sends for ever must not keep its test from timing out.
        await sleep(0)

    def give(self, message: Message) -> None:
        """Hand the app one more message."""
        self._incoming.append(message)
        self._notify()

    def disconnect(self, code: int = _ABNORMAL, reason: str = "") -> None:
        """Let the client leave; `code` and `reason` are a websocket's."""
        if not (self.is_disconnected or self.is_complete):
            self.is_disconnected = True
            self._say_farewell(code, reason)
            self._notify()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition on this connection holds."""
        while not holds():
            await self._changed.wait()

    async def _wait_for_a_message(self) -> None:
        self._asking += 1
        self._notify()
        try:
            # One turn of the loop at least: apps may ask again and again after a disconnect.
            await sleep(0)
            await self.until(lambda: bool(self._incoming) or self._has_ended())
        finally:
            self._asking -= 1

    def _has_ended(self) -> bool:
        return (self.is_complete or self.is_disconnected) and self._kind != "lifespan"

    def _note(self, message: Message) -> None:
        kind = message["type"]
        if kind in STARTS:
            headers: Iterable[Header] = message.get("headers") or ()
            self._headers = tuple(headers) if isinstance(headers, list | tuple) else headers
            self._trailers = bool(message.get("trailers"))
        if kind in _ENDS or ends_response(message, self._trailers):
            self.is_complete = True
            if not self.is_disconnected:
                self._say_farewell(message.get("code", 1000 if kind in _ENDS else _ABNORMAL), message.get("reason"))

    def _say_farewell(self, code: int, reason: str | None) -> None:
        if self._kind == "websocket":
            self._farewell |= {"code": code, "reason": reason or ""}

    def _notify(self) -> None:
        self._changed.set()
        self._changed = Event()
