"""Applications for servers to serve: one path for each way in which a request can go.

A handler is an ASGI app itself. What must wait, waits for the client: for the rest of a body or for its leaving. So no
test depends on the clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

from asgi_stack import wrap
from asgi_stack.context import RequestContext
from asgi_stack.exceptions import ConflictError, NotFoundError
from asgi_stack.logging import get_logger, log_context
from asgi_stack.reporting import ErrorEvent
from asgi_stack.types import ASGIApp, Header, Receive, Scope, Send

SECRET: Final = "CANARY-31415"
"""In the message of an unknown exception: it may be logged, but no client may ever see it."""

FIRST_CHUNK: Final = b"first,"
LAST_CHUNK: Final = b"last"

logger = get_logger("tests.apps")
stdlib_logger = logging.getLogger("tests.stdlib")
own_variable: ContextVar[str | None] = ContextVar("own_variable", default=None)


async def start(send: Send, status: int = 200, headers: tuple[Header, ...] = ()) -> None:
    """Start a response."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def chunk(send: Send, body: bytes, *, more: bool = True) -> None:
    """Send a part of the body, by default not the last."""
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def respond(send: Send, body: bytes, headers: tuple[Header, ...] = ()) -> None:
    """Send a complete response of a known length."""
    await start(send, 200, ((b"content-length", b"%d" % len(body)), *headers))
    await chunk(send, body, more=False)


async def read_body(receive: Receive) -> bytes | None:
    """Read the whole body; None when the client leaves before its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def ids() -> dict[str, str | None]:
    """Give the ids that the code of the app sees."""
    record = RequestContext.current()
    assert record is not None
    return {"correlation_id": record.correlation_id, "request_id": record.request_id}


async def normal(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the ids that the app sees."""
    await respond(send, json.dumps(ids()).encode(), ((b"content-type", b"application/json"),))


async def missing(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail in a way that is the client's business."""
    raise NotFoundError("There is nothing here")


async def conflict(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail with details for the client and a context for the log."""
    raise ConflictError("It changed meanwhile", details={"version": 2}, context={"wanted": 1})


async def boom(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail as a bug does."""
    raise RuntimeError(SECRET)


async def boom_after_start(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail between the head and the body."""
    await start(send)
    raise RuntimeError(SECRET)


async def boom_after_chunk(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail in the middle of the body."""
    await start(send)
    await chunk(send, FIRST_CHUNK)
    raise RuntimeError(SECRET)


async def short(scope: Scope, receive: Receive, send: Send) -> None:
    """Return in the middle of the body."""
    await start(send)
    await chunk(send, FIRST_CHUNK)


async def late(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail after the response, as a background task would."""
    await normal(scope, receive, send)
    raise RuntimeError(SECRET)


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    """Return without a response."""


async def group(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail as a task group does: a bug among what is the client's business."""
    raise ExceptionGroup("several", [NotFoundError("There is nothing here"), RuntimeError(SECRET)])


async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    """End as if the server had cancelled the request."""
    raise asyncio.CancelledError


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the body back, with its hash."""
    body = await read_body(receive)
    if body is not None:
        await respond(send, body, ((b"x-sha256", hashlib.sha256(body).hexdigest().encode()),))


async def hold(scope: Scope, receive: Receive, send: Send) -> None:
    """Say in the log that the request is here, and answer when its body is."""
    logger.info("held")
    if await read_body(receive) is not None:
        await normal(scope, receive, send)


async def hold_in_group(scope: Scope, receive: Receive, send: Send) -> None:
    """Hold in a task group, as frameworks stream, and take a moment to end: a cancelled one is not over at once."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hold(scope, receive, send))
    finally:
        await asyncio.sleep(0.05)


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the first chunk at once, and the last one when the client has sent its whole body; none when it left."""
    await start(send)
    await chunk(send, FIRST_CHUNK)
    logger.info("held")
    if await read_body(receive) is not None:
        await chunk(send, LAST_CHUNK, more=False)


async def context(scope: Scope, receive: Receive, send: Send) -> None:
    """Set a ContextVar of its own, log in every way, and tell the ids before and after the body was read."""
    before, inherited = ids(), own_variable.get()
    own_variable.set(before["correlation_id"])
    with log_context(own=before["correlation_id"]):
        await read_body(receive)
        logger.info("in_handler")
        stdlib_logger.info("in_handler")
        await asyncio.create_task(_log_in_task())
        await asyncio.to_thread(logger.info, "in_thread")
        await respond(send, json.dumps({"before": before, "after": ids(), "inherited": inherited}).encode())


async def _log_in_task() -> None:
    logger.info("in_task")


async def socket_echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a websocket and send each message back."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        key = "bytes" if message.get("text") is None else "text"
        await send({"type": "websocket.send", key: message[key]})


async def socket_boom_before(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail before the websocket is accepted."""
    await receive()
    raise RuntimeError(SECRET)


async def socket_boom_after(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail after one message was sent back."""
    await receive()
    await send({"type": "websocket.accept"})
    message = await receive()
    await send({"type": "websocket.send", "text": message["text"]})
    raise RuntimeError(SECRET)


async def socket_deny(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a websocket instead of accepting it."""
    await receive()
    await send({"type": "websocket.close"})


HTTP: Final[Mapping[str, ASGIApp]] = {
    "/": normal,
    "/conflict": conflict,
    "/boom": boom,
    "/boom-after-start": boom_after_start,
    "/boom-after-chunk": boom_after_chunk,
    "/short": short,
    "/late": late,
    "/silent": silent,
    "/group": group,
    "/cancelled": cancelled,
    "/echo": echo,
    "/hold": hold,
    "/hold-in-group": hold_in_group,
    "/stream": stream,
    "/context": context,
}
WEBSOCKET: Final[Mapping[str, ASGIApp]] = {
    "/echo": socket_echo,
    "/boom-before": socket_boom_before,
    "/boom-after": socket_boom_after,
    "/deny": socket_deny,
}


async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Log when the app starts and when it stops."""
    await receive()
    logger.info("app_started")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    logger.info("app_stopped")
    await send({"type": "lifespan.shutdown.complete"})


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve every path above, with a lifespan."""
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    handlers = HTTP if scope["type"] == "http" else WEBSOCKET
    return await handlers.get(scope["path"], missing)(scope, receive, send)


async def service_without_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one path and raise for all that is not http, as the specification asks."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await normal(scope, receive, send)


async def service_that_cannot_start(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail at startup."""
    await receive()
    raise RuntimeError("the pantry is empty")


class LoggingReporter:
    """Write a line for each report."""

    def report(self, event: ErrorEvent) -> None:
        """Name the request that the event came from."""
        logger.info("reported", reported_id=event.correlation_id)


app = wrap(service)
reported = wrap(service, reporters=[LoggingReporter()])
without_lifespan = wrap(service_without_lifespan)
cannot_start = wrap(service_that_cannot_start)
