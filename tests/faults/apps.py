"""The application with one path for each fault, wrapped and bare, and those that fail at the start or the end.

A handler is an ASGI app itself. Those of tests/integration/apps.py are here, too.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Final

from asgi_stack import ErrorHandlerMiddleware, LifespanMiddleware, Pipeline, default_pipeline, wrap
from asgi_stack.context import RequestContext, run_in_executor
from asgi_stack.logging import get_logger
from asgi_stack.outgoing import httpx_event_hooks
from asgi_stack.reporting import ErrorEvent
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.faults import app_errors, app_responses, app_secrets, app_websockets
from tests.integration import apps as integration
from tests.integration.apps import lifespan, read_body, respond

logger = get_logger("tests.faults")
_one_thread: Final = ThreadPoolExecutor(1)


def id_here() -> str | None:
    """Give the correlation id that this code runs under."""
    record = RequestContext.current()
    return record.correlation_id if record else None


async def later_id() -> str | None:
    """Give it after others have run."""
    await asyncio.sleep(0.001)
    return id_here()


async def outgoing(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask another request of the same server for its ids, and hand them on."""
    import httpx  # noqa: PLC0415 - not there where the handlers run without a server

    async with httpx.AsyncClient(event_hooks=httpx_event_hooks(), trust_env=False) as client:
        response = await client.get(f"http://127.0.0.1:{scope['server'][1]}/")
    logger.info("asked")
    await respond(send, json.dumps({"here": integration.ids(), "there": response.json()}).encode())


async def everywhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the id in every place where code of one request can run, and log after the response."""
    async with asyncio.TaskGroup() as tasks:
        grouped = tasks.create_task(later_id())
    found = {
        "handler": id_here(),
        "thread": await asyncio.to_thread(id_here),
        "task": await asyncio.create_task(later_id()),
        "group": grouped.result(),
        "executor": await run_in_executor(_one_thread, id_here),
        "left in the thread": await asyncio.get_running_loop().run_in_executor(_one_thread, id_here),
    }
    await respond(send, json.dumps(found).encode())
    await asyncio.sleep(0.001)
    logger.info("in_background")


async def show_scope(scope: Scope, receive: Receive, send: Send) -> None:
    """Show what the server made of an odd request."""
    odd = [(name, value) for name, value in scope["headers"] if name.startswith(b"x-odd")]
    shown = [scope["path"], scope.get("raw_path"), scope["query_string"], odd]
    await respond(send, ascii(shown).encode())


async def busy_disconnect(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask again and again for messages after the client has left, as often as the server answers."""
    logger.info("held")
    await read_body(receive)
    times = int(scope["query_string"] or b"1")
    kinds = {(await receive())["type"] for _ in range(times - 1)} | {"http.disconnect"}
    logger.info("disconnected", kinds=sorted(kinds))


HTTP: Final[Mapping[str, ASGIApp]] = {
    **integration.HTTP,
    **app_responses.HTTP,
    **app_errors.HTTP,
    **app_secrets.HTTP,
    "/busy-disconnect": busy_disconnect,
    "/everywhere": everywhere,
    "/outgoing": outgoing,
}
WEBSOCKET: Final[Mapping[str, ASGIApp]] = {**integration.WEBSOCKET, **app_websockets.WEBSOCKET}


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve every fault; a path that is none shows its scope."""
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    handlers = HTTP if scope["type"] == "http" else WEBSOCKET
    return await handlers.get(scope["path"], show_scope)(scope, receive, send)


async def service_that_cannot_stop(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail at shutdown."""
    if scope["type"] != "lifespan":
        return await integration.normal(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    raise RuntimeError("the pantry is locked")


class StandardOutputReporter:
    """Write each report as a line of its own, past the log and its redaction: a secret in it is found there."""

    def report(self, event: ErrorEvent) -> None:
        """Write all of an event but the exception, whose text is as it was raised."""
        report = {each.name: getattr(event, each.name) for each in fields(event) if each.name != "exception"}
        line = {"level": "info", "logger": "tests.reports", "event": "reported", "report": report}
        os.write(1, json.dumps(line, default=str).encode() + b"\n")


bare = service
layers = default_pipeline().replace(ErrorHandlerMiddleware, reporters=(StandardOutputReporter(),))
quiet = wrap(service)
"""Without a reporter that writes to standard output by itself."""

app = wrap(Pipeline().use(LifespanMiddleware).extend(layers).build(service))
cannot_stop = wrap(service_that_cannot_stop)
