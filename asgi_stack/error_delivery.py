"""Send the stack's own answers to an error, and tell an error from a client that has gone."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from asgi_stack.exchange import INTERNAL_ERROR_CLOSE
from asgi_stack.guarded_exchange import GuardedHTTPExchange
from asgi_stack.response_checks import with_short_reason
from asgi_stack.tracebacks import leaves_of

if TYPE_CHECKING:
    from asgi_stack.guarded_websocket import GuardedExchange, GuardedWebSocketExchange
    from asgi_stack.responses import RenderedError
    from asgi_stack.types import Message

__all__ = ["close_websocket", "deliver", "tells_of_disconnect"]

DISCONNECT_NAMES: Final = frozenset({"ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"})


async def deliver(rendered: RenderedError, exchange: GuardedExchange) -> None:
    """Send a whole error response; on a websocket a denial where the server offers one, else a close.

    A client that leaves meanwhile is noted on the exchange.
    """
    scope, status, headers, body = exchange.scope, rendered.status, rendered.headers, rendered.body
    try:
        if isinstance(exchange, GuardedHTTPExchange):
            await exchange.deliver({"type": "http.response.start", "status": status, "headers": headers})
            shown = b"" if scope.get("method") == "HEAD" else body
            await exchange.deliver({"type": "http.response.body", "body": shown})
        elif "websocket.http.response" in (scope.get("extensions") or {}):
            # A denial's length is the server's to write: both its h11 and its websocket parts would add one.
            headers = [header for header in headers if header[0] != b"content-length"]
            await exchange.deliver({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await exchange.deliver({"type": "websocket.http.response.body", "body": body})
        else:
            await exchange.deliver({"type": "websocket.close", "code": INTERNAL_ERROR_CLOSE})
    except OSError:
        exchange.left = True


async def close_websocket(exchange: GuardedWebSocketExchange, error_code: str) -> None:
    """Close an accepted websocket with 1011 and the error's code as the reason, cut at 123 bytes."""
    close: Message = {"type": "websocket.close", "code": INTERNAL_ERROR_CLOSE, "reason": error_code}
    with suppress(OSError):
        await exchange.deliver(with_short_reason(close))


def tells_of_disconnect(error: BaseException, exchange: GuardedExchange) -> bool:
    """Tell whether an error after the client left only says so: what the server's send raised, or a framework's word.

    Any other OSError is the app's own: a file that is missing, a database that is down. A group tells of it when each
    of its leaves does.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(tells_of_disconnect(leaf, exchange) for leaf in leaves_of(cast("BaseException", error)))
    if any(cls.__name__ in DISCONNECT_NAMES for cls in type(error).__mro__):
        return True
    return exchange.refusal is not None and exchange.refusal in (error, error.__cause__)
