"""Drive an ASGI app in process and see every message: the tests' own small client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from asgi_stack.types import AnyASGIApp, Header, Message, Scope


def http_scope(path: str = "/", *, headers: Iterable[Header] = (), **others: object) -> Scope:
    """Give an http scope as uvicorn makes it; `others` replace or add keys."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        **others,
    }


def websocket_scope(path: str = "/", *, headers: Iterable[Header] = (), **others: object) -> Scope:
    """Give a websocket scope as uvicorn makes it, with the denial response extension."""
    scope = http_scope(path, headers=headers, type="websocket", scheme="ws")
    del scope["method"]
    return {**scope, "subprotocols": [], "extensions": {"websocket.http.response": {}}, **others}


def lifespan_scope(**others: object) -> Scope:
    """Give a lifespan scope as uvicorn makes it; `others` replace or add keys."""
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}, **others}


LIFESPAN: Final[tuple[Message, ...]] = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
"""What a server sends over a lifespan."""


@dataclass
class Exchange:
    """What one call of an app did: the messages it sent, and what it returned or raised."""

    sent: list[Message] = field(default_factory=list)
    returned: object = None
    raised: BaseException | None = None

    @property
    def start(self) -> Message:
        """The one message that starts the response."""
        starts = [m for m in self.sent if m["type"].endswith("response.start") or m["type"] == "websocket.accept"]
        assert len(starts) == 1, self.sent
        return starts[0]

    @property
    def status(self) -> int:
        """The status that left."""
        return int(self.start["status"])

    @property
    def headers(self) -> list[Header]:
        """The headers that left, in order, as they left."""
        return list(self.start.get("headers", ()))

    def values(self, name: str) -> list[str]:
        """Give every value of a header, compared without case."""
        wanted = name.lower().encode()
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]

    @property
    def body(self) -> bytes:
        """The body that left."""
        return b"".join(m.get("body", b"") for m in self.sent if m["type"].endswith("response.body"))


async def exchange(
    app: AnyASGIApp,
    scope: Scope | None = None,
    incoming: Iterable[Message] | None = None,
    *,
    on_send: Callable[[Message], None] | None = None,
) -> Exchange:
    """Call an app once and record all it sends; whatever it raises is recorded, never raised.

    `incoming` are the messages that receive() gives; after them comes `http.disconnect` (or
    `websocket.disconnect`) once the response is complete, and until then receive() waits, as a server's does.
    `on_send` sees each message first; what it raises, the server's send() raises.
    """
    scope = http_scope() if scope is None else scope
    queue = [{"type": "http.request", "body": b"", "more_body": False}] if incoming is None else list(incoming)
    result = Exchange()
    complete = asyncio.Event()

    async def receive() -> Message:
        if queue:
            return queue.pop(0)
        await complete.wait()
        return {"type": "http.disconnect" if scope["type"] == "http" else "websocket.disconnect"}

    async def send(message: Message) -> None:
        if on_send is not None:
            on_send(message)
        result.sent.append(message)
        if message["type"] == "websocket.close" or (
            message["type"].endswith("response.body") and not message.get("more_body")
        ):
            complete.set()

    try:
        result.returned = await app(scope, receive, send)
    except BaseException as error:  # noqa: BLE001 - the test looks at whatever came out
        result.raised = error
    return result
