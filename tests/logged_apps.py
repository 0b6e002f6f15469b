"""Apps for tests of the request line, and the one line that they leave."""

from __future__ import annotations

from collections.abc import Callable

from asgi_stack.context import RequestContext
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.pipeline import Pipeline
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import respond
from tests.driver import Exchange, exchange, http_scope
from tests.log_capture import LogLine, LogLines


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, and answer five bytes."""
    while (await receive()).get("more_body"):
        pass
    await respond(send, b"he", b"llo")


async def binding(scope: Scope, receive: Receive, send: Send) -> None:
    """Bind fields and note the route, as handlers do."""
    record = RequestContext.current()
    assert record is not None
    record.bind(order=7, password="CANARY-1", status_code="forged")
    record.route = "/orders/{id}"
    await respond(send, b"")


async def in_context(app: ASGIApp, scope: Scope | None = None, *, sensitive_paths: tuple[str, ...] = ()) -> Exchange:
    """Drive an app in the layer, inside the context layer."""
    layers = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware, sensitive_paths=sensitive_paths)
    return await exchange(layers.build(app), scope)


def completed(log_lines: LogLines) -> LogLine:
    """Give the one request line."""
    [line] = log_lines("request_completed")
    return line


def answering(status: object) -> ASGIApp:
    """Make an app that answers with this status."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status})
        await send({"type": "http.response.body", "body": b"abc"})

    return app


async def logged(
    app: ASGIApp, incoming: list[Message] | None = None, on_send: Callable[[Message], None] | None = None
) -> Exchange:
    """Drive an app in the layer alone, under a server whose send may raise."""
    scope = http_scope(asgi={"version": "3.0", "spec_version": "2.4"})
    return await exchange(RequestLoggingMiddleware(app), scope, incoming, on_send=on_send)


def summary(log_lines: LogLines) -> tuple[str, str, int | None]:
    """Give the level, outcome and status of the one line."""
    line = completed(log_lines)
    return line["level"], line["outcome"], line["status_code"]
