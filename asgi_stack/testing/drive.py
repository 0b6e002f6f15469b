"""Call an app once with any scope and any messages: the lowest level, where nothing is added and nothing is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.testing.client_http import Response
from asgi_stack.testing.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from asgi_stack.types import AnyASGIApp, Message, Scope

__all__ = ["drive"]

_USUAL: Final[Mapping[object, tuple[Message, ...]]] = {
    "http": ({"type": "http.request", "body": b"", "more_body": False},),
    "websocket": ({"type": "websocket.connect"},),
    "lifespan": ({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}),
}


async def drive(
    app: AnyASGIApp,
    scope: Scope,
    incoming: Iterable[Message] | None = None,
    *,
    on_send: Callable[[Message], None] | None = None,
) -> Response:
    """Call an app in the current task, without a time limit, and give all that it did.

    Args:
        app: The application.
        scope: Handed to the app as it is; `http_scope`, `websocket_scope` and `lifespan_scope` make usual ones.
        incoming: Messages that `receive` gives, as they are; by default an empty request, the connect of a websocket,
            or startup and shutdown. Then it waits until the response is complete, and gives the disconnect.
        on_send: Sees each message first; what it raises, the server's `send` raises.

    Returns:
        The outcome; whatever the app raises, a cancellation included, is its `raised`.
    """
    messages = _USUAL.get(scope.get("type"), ()) if incoming is None else incoming
    connection = Connection(scope, map(_own, messages) if incoming is None else messages, on_send=on_send)
    await connection.run(app)
    return Response(connection)


def _own(message: Message) -> Message:
    # An app that changes what it was given must not change what the next one is given.
    return dict(message)
