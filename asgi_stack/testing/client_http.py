"""What came of a request: its response, whole or part by part."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from asgi_stack.testing.client_errors import ASGIClientError
from asgi_stack.testing.client_outcome import Outcome
from asgi_stack.testing.connection import STARTS

if TYPE_CHECKING:
    from types import TracebackType

    from asgi_stack.testing.client_call import Call
    from asgi_stack.types import JSON, Header, Message

__all__ = ["Response", "ResponseStream"]


class Response(Outcome):
    """What an app answered to a request, or to a websocket that it denied; it grows while the app runs."""

    @property
    def start(self) -> Message:
        """The one message that starts the response, or accepts a websocket.

        Raises:
            ASGIClientError: The app sent none, or more than one.
        """
        starts = [message for message in self.messages if message["type"] in STARTS]
        if len(starts) != 1:
            raise ASGIClientError(f"expected one response start, the app sent: {self.summary}")
        return starts[0]

    @property
    def status(self) -> int:
        """The status of the response.

        Raises:
            ASGIClientError: The app did not send one response start.
        """
        return int(self.start["status"])

    @property
    def headers(self) -> list[Header]:
        """All headers, pairs of bytes, as the app sent them.

        Raises:
            ASGIClientError: The app did not send one response start.
        """
        _ = self.start
        return super().headers

    @property
    def body(self) -> bytes:
        """All of the body that the app sent, that of an answer to HEAD included."""
        return b"".join(map(part_of, self.messages))

    @property
    def text(self) -> str:
        """The body as text, in the charset of its content type or UTF-8.

        Raises:
            UnicodeDecodeError: It is no such text.
            LookupError: Python does not know the charset.
        """
        _, _, charset = "".join(self.values("content-type")).lower().partition("charset=")
        return self.body.decode(charset.partition(";")[0].strip(' "') or "utf-8")

    def json(self) -> JSON:
        """Give the value that the body holds as JSON.

        Raises:
            ValueError: It holds none.
        """
        return json.loads(self.body)


class ResponseStream:
    """A response that is read while the app sends it, and may be left in the middle.

    Args:
        call: The call of the app; it begins with the `async with` block.

    Leaving the block before the response is complete disconnects; either way it waits until the app is over.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._position = 0
        self.response = Response(call.connection)

    async def __aenter__(self) -> Self:
        self._call.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()
        await (self._call.finish() if error is None else self._call.stop())

    async def start(self) -> Response:
        """Wait for the start, and give the response, which goes on growing.

        Raises:
            ASGIClientError: The app ended without one.
            Exception: What the app raised instead.
        """
        await self._call.until(lambda: self._has_started() or self._call.connection.is_closed, "no response start")
        if not self._has_started():
            self._call.raise_error()
        _ = self.response.start
        return self.response

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Give the next part of the body that is not empty.

        Raises:
            Exception: What the app raised before the response was complete.
        """
        while not self._call.connection.is_disconnected:
            await self._call.until(lambda: self._has_news() or self._call.connection.is_closed, "no part of the body")
            if not self._has_news():
                self._call.raise_error()
                break
            self._position += 1
            if part := part_of(self.response.messages[self._position - 1]):
                return part
        raise StopAsyncIteration

    def disconnect(self) -> None:
        """Leave: the app's `receive` gives `http.disconnect`, and this stream gives no more parts."""
        self._call.connection.disconnect()

    def _has_started(self) -> bool:
        return any(message["type"] in STARTS for message in self.response.messages)

    def _has_news(self) -> bool:
        return len(self.response.messages) > self._position


def part_of(message: Message) -> bytes:
    """Give the part of a response's body that a message carries."""
    part: bytes = message.get("body", b"") if message["type"].endswith("http.response.body") else b""
    return part
