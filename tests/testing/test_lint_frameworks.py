"""Starlette inside a lint, asked by the clients that people test with: nobody is accused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi_stack.testing import ASGILint
from tests.driver import exchange, http_scope, websocket_scope
from tests.testing.lint_cases import extended
from tests.testing.lint_cases_websocket import CONNECT, DATA, DISCONNECT


async def as_json(request: Request) -> Response:
    """Answer with the body, and do something later."""
    return JSONResponse((await request.body()).decode(), background=BackgroundTask(print))


async def stream(request: Request) -> Response:
    """Answer in pieces."""

    async def pieces() -> AsyncIterator[str]:
        for number in range(3):
            yield f"{number} "

    return StreamingResponse(pieces())


async def file(request: Request) -> Response:
    """Answer with a file."""
    return FileResponse(__file__)


async def nothing(request: Request) -> Response:
    """Answer without a body."""
    return Response(status_code=204)


async def elsewhere(request: Request) -> Response:
    """Send the client to another place."""
    return RedirectResponse("/json")


async def refusal(request: Request) -> Response:
    """Answer by an exception that Starlette knows."""
    raise HTTPException(429, headers={"Retry-After": "1"})


async def boom(request: Request) -> Response:
    """Fail."""
    raise ValueError("boom")


async def echo(websocket: WebSocket) -> None:
    """Send each text back."""
    await websocket.accept(subprotocol="chat")
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        return


async def denied(websocket: WebSocket) -> None:
    """Deny a websocket with a response."""
    await websocket.send_denial_response(JSONResponse("no", status_code=401))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
    """Start with a state."""
    yield {"pool": "ready"}


def linted_twice() -> tuple[ASGILint, list[ASGILint]]:
    """Give Starlette inside a lint, with another one among its own layers."""
    inner: list[ASGILint] = []

    def layer(app: object) -> ASGILint:
        inner.append(ASGILint(app))  # type: ignore[arg-type]
        return inner[-1]

    endpoints = [as_json, stream, file, nothing, elsewhere, refusal, boom]
    routes = [
        *(Route(f"/{endpoint.__name__}", endpoint, methods=["GET", "POST"]) for endpoint in endpoints),
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/denied", denied),
    ]
    app = Starlette(
        routes=[*routes, Mount("/inner", routes=routes)],
        middleware=[Middleware(GZipMiddleware), Middleware(layer)],
        lifespan=lifespan,
    )
    return ASGILint(app), inner


PATHS = ["/as_json", "/stream", "/file", "/nothing", "/elsewhere", "/refusal", "/boom", "/nowhere", "/inner/stream"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
async def test_responses_over_httpx(method: str) -> None:
    """Every kind of response keeps the rules around Starlette and inside it, and so does what httpx sends."""
    outer, inner = linted_twice()
    transport = httpx.ASGITransport(outer, raise_app_exceptions=False)

    async with LifespanManager(outer) as manager, httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        responses = [await client.request(method, path, content=b"body") for path in PATHS]

    assert manager._state == {"pool": "ready"}  # noqa: SLF001 - shows that the lifespan has run
    assert len({response.status_code for response in responses}) > 1
    assert outer.violations == ()
    assert [lint.violations for lint in inner] == [()]


@pytest.mark.parametrize(
    ("path", "last"),
    [("/echo", "websocket.send"), ("/denied", "websocket.http.response.body"), ("/nowhere", "websocket.close")],
)
async def test_websockets(path: str, last: str) -> None:
    """Accepted, denied and unknown websockets keep the rules."""
    outer, inner = linted_twice()
    incoming = [CONNECT.message, DATA.message, DISCONNECT.message]

    result = await exchange(outer, websocket_scope(path, subprotocols=["chat"]), incoming)

    assert result.sent[-1]["type"] == last
    assert outer.violations == ()
    assert [lint.violations for lint in inner] == [()]


async def test_file_by_its_path() -> None:
    """Where the server can send files, Starlette leaves that to it, in order."""
    outer, _ = linted_twice()

    result = await exchange(outer, extended("http.response.pathsend", scope=http_scope("/file")))

    assert result.sent[-1] == {"type": "http.response.pathsend", "path": str(Path(__file__))}
    assert outer.violations == ()
