"""Call an app once, in the test's own task, and see every message: the project's client in the words of its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from asgi_stack.testing.client_http import Response
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.drive import drive
from asgi_stack.testing.scopes import http_scope, lifespan_scope, websocket_scope
from asgi_stack.types import AnyASGIApp, Message, Scope
from tests.linted import LintedStack

__all__ = ["LIFESPAN", "Exchange", "exchange", "http_scope", "lifespan_scope", "websocket_scope"]

LIFESPAN: Final[tuple[Message, ...]] = ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
"""What a server sends over a lifespan."""


class Exchange(Response):
    """What one call of an app did; without a connection, what an app does that is never called."""

    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(Connection(http_scope()) if connection is None else connection)

    @property
    def sent(self) -> list[Message]:
        """All messages that the app sent, in order."""
        return self.messages


async def exchange(
    app: AnyASGIApp,
    scope: Scope | None = None,
    incoming: Iterable[Message] | None = None,
    *,
    on_send: Callable[[Message], None] | None = None,
    allowed: Iterable[str] = (),
) -> Exchange:
    """Call an app once and record all it sends; whatever it raises is recorded, never raised.

    `incoming` are the messages that receive() gives; after them comes `http.disconnect` (or
    `websocket.disconnect`) once the response is complete, and until then receive() waits, as a server's does.
    `on_send` sees each message first; what it raises, the server's send() raises.

    Each layer of the project's stands between two linters, and may break no rule but those that the app inside or the
    scope broke already, or that are `allowed`.
    """
    stack = LintedStack(app)
    response = await drive(stack.app, http_scope() if scope is None else scope, incoming, on_send=on_send)
    stack.check(*allowed)
    return Exchange(response.connection)
