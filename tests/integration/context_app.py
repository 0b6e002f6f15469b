"""A Starlette app whose code runs in every place that a framework knows: threads, tasks, layers, mounts, afterwards."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.applications import Starlette
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from asgi_stack import RequestContext, wrap
from asgi_stack.logging import get_logger
from tests.integration.apps import ids

logger = get_logger("tests.context")


def note(place: str) -> None:
    """Log in a place, and bind a field there."""
    record = RequestContext.current()
    assert record is not None
    record.bind(**{place: True})
    logger.info("at_work", place=place)


async def note_later(place: str) -> None:
    """Do so after others have run."""
    await asyncio.sleep(0.001)
    note(place)


def in_thread(request: Request) -> Response:
    """Work in a worker thread, as functions that are not `async` do."""
    note("thread")
    return JSONResponse(ids())


async def in_group(request: Request) -> Response:
    """Work in the tasks of a group, and in a group of one of them."""

    async def nested() -> None:
        async with asyncio.TaskGroup() as inner:
            inner.create_task(note_later("inner"))

    async with asyncio.TaskGroup() as group:
        group.create_task(nested())
        group.create_task(note_later("outer"))
    return JSONResponse(ids())


async def in_background(request: Request) -> Response:
    """Work after the response, in the loop and in a thread."""
    tasks = [BackgroundTask(note_later, "afterwards"), BackgroundTask(note, "thread_afterwards")]
    return JSONResponse(ids(), background=BackgroundTasks(tasks))


async def boom(request: Request) -> Response:
    """Fail as a bug does."""
    raise RuntimeError("broken")


async def layer(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Stand between the stack and the app as BaseHTTPMiddleware does, which runs the app in a task of its own."""
    note("layer")
    return await call_next(request)


routes: Final = [
    Route("/thread", in_thread),
    Route("/group", in_group),
    Route("/background", in_background),
    Route("/boom", boom),
]
plain = Starlette(routes=routes)
layered = Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=layer)])
app = wrap(Starlette(routes=[*routes, Mount("/wrapped", wrap(plain)), Mount("/layered", wrap(layered))]))
