"""Read requests and send responses in ASGI's own messages.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from app.errors import BodyTooLargeError, ClientGoneError
from asgi_stack.types import Header, Receive, Scope, Send

WEBSOCKET: Final = "WEBSOCKET"
"""What stands in a route where others have a method."""

MAX_BODY_BYTES: Final = 64 * 1024
"""A JSON body of this shop has some hundred bytes; more is a mistake or an attack."""


@dataclass(slots=True)
class Request:
    """An http or websocket scope with what handlers ask of it.

    Attributes:
        params: The path's parameters, by the names in the route's template.
    """

    scope: Scope
    receive: Receive
    params: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The http method in upper case, or WEBSOCKET."""
        return WEBSOCKET if self.scope["type"] == "websocket" else str(self.scope["method"])

    @property
    def root_path(self) -> str:
        """Where the app is mounted, such as `/shop`; empty at the root."""
        return str(self.scope.get("root_path", ""))

    @property
    def path(self) -> str:
        """The decoded path below the mount point; the scope's own path has the mount point in it."""
        return str(self.scope["path"]).removeprefix(self.root_path) or "/"

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of one that is repeated, the last value."""
        return dict(parse_qsl(self.scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))

    def header(self, name: str) -> str | None:
        """Give a header's value by its name in lower case; None where it is missing, or there more than once."""
        values = [value for key, value in self.scope["headers"] if key.lower() == name.encode()]
        return values[0].decode("latin-1") if len(values) == 1 else None

    async def body(self, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
        """Read the whole body, but never more than the limit into memory.

        Raises:
            BodyTooLargeError: The body, or the length that its header announces, is over the limit.
            ClientGoneError: The client left in the middle.
        """
        if self._announced_bytes() > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        body = bytearray()
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit_bytes:
                raise BodyTooLargeError(limit_bytes)
        return bytes(body)

    async def wait_for_disconnect(self) -> None:
        """Wait until the client leaves; for handlers that have no use for the rest of the body."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def _announced_bytes(self) -> int:
        lengths = [value for name, value in self.scope["headers"] if name.lower() == b"content-length"]
        # Twenty digits are over any limit, and int() refuses thousands of them.
        return int(lengths[0][:20]) if lengths and lengths[0].isdigit() else 0


async def send_json(send: Send, status: int, payload: Mapping[str, object], headers: Iterable[Header] = ()) -> None:
    """Send a complete JSON response; when this returns, the client has its answer."""
    body = json.dumps(payload).encode()
    fixed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": body})
