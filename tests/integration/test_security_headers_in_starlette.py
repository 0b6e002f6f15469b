"""The security headers layer in a foreign stack: Starlette's own, driven over httpx."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.security_policy import build_security_policy
from asgi_stack.types import AnyASGIApp, Header

POLICY: Final = build_security_policy()


async def chunks() -> AsyncIterator[bytes]:
    """Give a body in pieces."""
    for piece in (b"data: 1\n\n", b"data: 2\n\n"):
        yield piece


ANSWERS: Final[dict[str, Callable[[], Response]]] = {
    "json": lambda: JSONResponse({"a": 1}),
    "html": lambda: HTMLResponse("<p>a</p>", headers={"X-Frame-Options": "SAMEORIGIN"}),
    "empty": lambda: Response(status_code=204),
    "moved": lambda: RedirectResponse("/json"),
    "stream": lambda: StreamingResponse(chunks(), media_type="text/event-stream"),
    "file": lambda: FileResponse(Path(__file__), media_type="text/plain"),
}


async def answer(request: Request) -> Response:
    """Answer as the path says; an answer that is not foreseen is a KeyError of the application."""
    return ANSWERS[request.path_params["kind"]]()


async def refuse(request: Request) -> Response:
    """Raise the HTTP error that the path says."""
    raise HTTPException(request.path_params["status"])


ROUTES: Final = [Route("/{kind}", answer), Route("/error/{status:int}", refuse)]


async def get(app: AnyASGIApp, path: str, *, method: str = "GET", base: str = "http://a.example") -> httpx.Response:
    """Ask the app in process, as a client over the network would."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        return await client.request(method, path)


def ours(response: httpx.Response) -> list[Header]:
    """Give the headers that the layer may have added, in order."""
    names = {name for name, _ in POLICY.encrypted.other}
    return [(name, value) for name, value in response.headers.raw if name in names]


class TestAddMiddleware:
    """`app.add_middleware(SecurityHeadersMiddleware)`."""

    @pytest.mark.parametrize(
        ("path", "method", "status"),
        [
            ("/json", "GET", 200),
            ("/json", "HEAD", 200),
            ("/empty", "GET", 204),
            ("/moved", "GET", 307),
            ("/stream", "GET", 200),
            ("/file", "GET", 200),
            ("/no/route", "GET", 404),
            ("/json", "POST", 405),
            ("/error/418", "GET", 418),
            ("/error/500", "GET", 500),
        ],
    )
    async def test_every_response_gets_all(self, path: str, method: str, status: int) -> None:
        """Whatever Starlette answers inside its own stack has the headers once."""
        app = Starlette(routes=ROUTES)
        app.add_middleware(SecurityHeadersMiddleware)

        response = await get(app, path, method=method)

        assert response.status_code == status
        assert ours(response) == [*POLICY.plain.other]

    async def test_pages_keep_what_they_set(self) -> None:
        """A page gets the CSP for pages, and its own header wins."""
        app = Starlette(routes=ROUTES, middleware=[Middleware(SecurityHeadersMiddleware)])

        response = await get(app, "/html", base="https://a.example")

        assert response.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
        assert (
            response.headers["content-security-policy"] == "base-uri 'self'; frame-ancestors 'none'; object-src 'none'"
        )
        assert response.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"

    async def test_inside_a_wrapped_app_it_is_once(self) -> None:
        """A second one around the application changes nothing."""
        app = Starlette(routes=ROUTES)
        app.add_middleware(SecurityHeadersMiddleware)

        response = await get(SecurityHeadersMiddleware(app), "/json")

        assert ours(response) == [*POLICY.plain.other]


class TestAround:
    """`SecurityHeadersMiddleware(app)`."""

    async def test_reaches_what_add_middleware_cannot(self) -> None:
        """Starlette writes its 500 outside all added middleware; a layer around the application covers it."""
        response = await get(SecurityHeadersMiddleware(Starlette(routes=ROUTES)), "/boom")

        assert response.status_code == 500
        assert ours(response) == [*POLICY.plain.other]
