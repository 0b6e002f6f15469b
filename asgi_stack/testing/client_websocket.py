"""The client's end of a websocket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from asgi_stack.testing.client_errors import ASGIClientError, summary_of
from asgi_stack.testing.client_http import Response
from asgi_stack.testing.client_outcome import Outcome

if TYPE_CHECKING:
    from types import TracebackType

    from asgi_stack.testing.client_call import Call
    from asgi_stack.types import JSON, Message

__all__ = ["WebSocketSession"]


class WebSocketSession(Outcome):
    """A websocket to an app, open from the start of an `async with` block until its end at the latest.

    Args:
        call: The call of the app; it begins with the block, which waits for the app's answer.

    Leaving the block closes the socket with code 1000 and waits until the app is over.
    """

    def __init__(self, call: Call) -> None:
        super().__init__(call.connection)
        self._call = call
        self._position = 0

    async def __aenter__(self) -> Self:
        self.connection.give({"type": "websocket.connect"})
        self._call.begin()
        try:
            await self._call.until(self._is_answered, "no websocket.accept, nor a close or a response")
            if not self.accepted:
                self._call.raise_error()
        except BaseException:
            await self._call.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.disconnect(1000)
        await (self._call.finish() if error is None else self._call.stop())

    @property
    def accepted(self) -> bool:
        """Whether the app accepted the connection."""
        return self._sent("websocket.accept") is not None

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the app chose."""
        accept = self._sent("websocket.accept")
        return None if accept is None else accept.get("subprotocol")

    @property
    def denial(self) -> Response | None:
        """The response with which the app denied the connection; None where it accepted, or only closed (a 403)."""
        return Response(self.connection) if self._sent("websocket.http.response.start") is not None else None

    @property
    def close_code(self) -> int | None:
        """The code with which the app closed the socket; None as long as it has not."""
        close = self._sent("websocket.close")
        return None if close is None else close.get("code", 1000)

    @property
    def close_reason(self) -> str | None:
        """The reason that the app gave as it closed the socket."""
        close = self._sent("websocket.close")
        return None if close is None else close.get("reason") or ""

    async def send_text(self, text: str) -> None:
        """Send text to the app.

        Raises:
            ASGIClientError: The socket is not open.
        """
        self._give("text", text)

    async def send_bytes(self, content: bytes) -> None:
        """Send bytes to the app.

        Raises:
            ASGIClientError: The socket is not open.
        """
        self._give("bytes", content)

    async def send_json(self, value: object) -> None:
        """Send a value to the app, as JSON in text.

        Raises:
            ASGIClientError: The socket is not open.
        """
        self._give("text", json.dumps(value))

    async def receive(self) -> Message:
        """Give the app's next `websocket.send`, the very object.

        Raises:
            ASGIClientError: The socket was closed, or the app ended.
            ASGITimeoutError: The app sent nothing in time.
            Exception: What the app raised instead.
        """
        while True:
            await self._call.until(lambda: self._has_news() or self.connection.is_closed, "no message")
            if not self._has_news():
                self._call.raise_error()
                raise ASGIClientError(f"{self._call.title}: expected a message, {self._state()}")
            self._position += 1
            if (message := self.messages[self._position - 1])["type"] == "websocket.send":
                return message

    async def receive_text(self) -> str:
        """Give the text of the app's next message; raises as `receive`, and where it holds bytes."""
        text: str = (await self._receive("text"))["text"]
        return text

    async def receive_bytes(self) -> bytes:
        """Give the bytes of the app's next message; raises as `receive`, and where it holds text."""
        content: bytes = (await self._receive("bytes"))["bytes"]
        return content

    async def receive_json(self) -> JSON:
        """Give the value that the app's next message, text or bytes, holds as JSON; raises as `receive`."""
        message = await self.receive()
        text = message.get("text")
        return json.loads(message["bytes"] if text is None else text)

    async def wait_closed(self) -> int:
        """Wait until the app closes the socket, and give its code; messages that come before stay to be received.

        Raises:
            ASGIClientError: The app ended otherwise.
            ASGITimeoutError: It did not close the socket in time.
            Exception: What the app raised instead.
        """
        await self._call.until(lambda: self.connection.is_closed, "no websocket.close")
        if self.close_code is None:
            self._call.raise_error()
            raise ASGIClientError(f"{self._call.title}: expected a close, {self._state()}")
        return self.close_code

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the socket from this side, and wait until the app is over.

        Raises:
            ASGITimeoutError: The app is not over in time.
            Exception: What the app raised.
        """
        self.connection.disconnect(code, reason)
        await self._call.finish()

    async def _receive(self, key: str) -> Message:
        message = await self.receive()
        if message.get(key) is None:
            raise ASGIClientError(f"{self._call.title}: expected {key}, the app sent {summary_of([message])}")
        return message

    def _give(self, key: str, content: str | bytes) -> None:
        if self.connection.is_closed or not self.accepted:
            raise ASGIClientError(f"{self._call.title}: nothing can be sent, {self._state()}")
        self.connection.give({"type": "websocket.receive", key: content})

    def _sent(self, kind: str) -> Message | None:
        return next((message for message in self.messages if message["type"] == kind), None)

    def _has_news(self) -> bool:
        return len(self.messages) > self._position

    def _is_answered(self) -> bool:
        return self.accepted or self.connection.is_closed

    def _state(self) -> str:
        if self.close_code is not None:
            return f"the app closed the socket with {self.close_code} {self.close_reason!r}"
        if self.connection.is_disconnected:
            return "the client closed the socket"
        return f"the app sent: {self.summary}" + (" and ended" if self.connection.is_over else "")
