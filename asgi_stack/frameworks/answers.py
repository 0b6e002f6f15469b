"""The error layer's answer for an exception that a framework is about to answer itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from asgi_stack.guarded_exchange import GuardedHTTPExchange
from asgi_stack.middleware.active import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgi_stack.responses import RenderedError

__all__ = ["answer_inside"]


def answer_inside(error: Exception, scope: Mapping[str, object]) -> RenderedError | None:
    """Give the response that the error layer around a framework has for an exception, from within the framework.

    Sent by the framework itself, it passes the middlewares that are inside the framework, as its own answers do: they
    see its status, and add their headers to it.

    Args:
        error: The exception that is about to be answered. By the time this returns, it has its line in the log, and
            was reported where it calls for attention.
        scope: The request's scope, or a copy of it.

    Returns:
        Status, headers and body; None where no error layer is outside, where a response has started already, and on
        websockets: then the framework's own answer is the best there is.
    """
    layers = cast("tuple[object, ...]", scope.get(ACTIVE, ()))
    for exchange in reversed(layers):
        if isinstance(exchange, GuardedHTTPExchange):
            return None if exchange.started or exchange.held is not None else exchange.answer(error)
    return None
