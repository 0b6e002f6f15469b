"""A Starlette app for servers to serve, wrapped in one line: what its handlers raise is answered by the stack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from asgi_stack import ConflictError, wrap

SECRET: Final = "CANARY-16180"
"""In the message of an unknown exception: no client may ever see it."""

OWN_PAGE: Final = b"Back at ten"


async def ok(request: Request) -> Response:
    """Answer."""
    return PlainTextResponse("ok")


async def boom(request: Request) -> Response:
    """Fail as a bug does."""
    raise RuntimeError(SECRET)


def boom_in_a_thread(request: Request) -> Response:
    """Fail in a worker thread."""
    raise RuntimeError(SECRET)


async def conflict(request: Request) -> Response:
    """Fail as the stack's users do."""
    raise ConflictError("It changed", details={"version": 2})


async def closed(request: Request) -> Response:
    """Refuse on purpose, with the framework's own words."""
    raise HTTPException(503, headers={"Retry-After": "7"})


async def maintenance(request: Request) -> Response:
    """Refuse on purpose, with a page of the app's own."""
    return PlainTextResponse(OWN_PAGE, 503)


async def handled(request: Request) -> Response:
    """Fail in a way that a handler of the app's own answers."""
    raise LookupError(SECRET)


async def answer_lookup(request: Request, error: Exception) -> Response:
    """Answer with a page of the app's own."""
    return PlainTextResponse(OWN_PAGE, 500)


async def stream(request: Request) -> Response:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"first,"
        raise RuntimeError(SECRET)

    return StreamingResponse(parts())


async def background(request: Request) -> Response:
    """Fail after the response."""
    return PlainTextResponse("ok", background=BackgroundTask(boom, request))


routes: Final = [
    Route("/", ok),
    Route("/boom", boom),
    Route("/thread", boom_in_a_thread),
    Route("/conflict", conflict),
    Route("/closed", closed),
    Route("/maintenance", maintenance),
    Route("/handled", handled),
    Route("/stream", stream),
    Route("/background", background),
]
handlers: Final = {LookupError: answer_lookup}
inner = Starlette(routes=routes)
app = wrap(Starlette(routes=[*routes, Mount("/mounted", inner)], exception_handlers=handlers))
