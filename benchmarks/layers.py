"""What a layer costs as such: 1 to 16 trivial ones, each of which adds one header, written in three ways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from asgi_stack.types import ASGIApp, Header, Message, Receive, Scope, Send

__all__ = ["KINDS", "LayerKind"]

_HEADER: Final[Header] = (b"x-layer", b"1")


@dataclass(frozen=True, slots=True)
class LayerKind:
    """A way to write a layer.

    Attributes:
        name: As it is named in results.
        title: As it is named in tables.
        layer: Puts one layer around an app.
        counts: How many of them are measured inside each other.
    """

    name: str
    title: str
    layer: Callable[[ASGIApp], ASGIApp]
    counts: tuple[int, ...] = (1, 2, 4, 8, 16)

    def around(self, app: ASGIApp, count: int) -> ASGIApp:
        """Put so many layers around an app."""
        for _ in range(count):
            app = self.layer(app)
        return app


class _PlainSend:
    """As our own layers are: the wrapped send is no coroutine, it hands on that of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        def send_with_header(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _HEADER]}
            return send(message)

        return await self.app(scope, receive, send_with_header)


class _AsyncSend:
    """As most layers are written."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _HEADER]}
            await send(message)

        await self.app(scope, receive, send_with_header)


class _BaseHTTP(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers.append("x-layer", "1")
        return response


def _base_http(app: ASGIApp) -> ASGIApp:
    return cast("ASGIApp", _BaseHTTP(app))


KINDS: Final[Mapping[str, LayerKind]] = MappingProxyType(
    {
        each.name: each
        for each in (
            LayerKind("plain_send", "a raw ASGI class whose `send` is a plain function, as ours", _PlainSend),
            LayerKind("async_send", "a raw ASGI class whose `send` is a coroutine function", _AsyncSend),
            # 16 of them take 1.7 ms a request, and nobody has so many.
            LayerKind("basehttp", "a subclass of BaseHTTPMiddleware", _base_http, counts=(1, 2, 4, 8)),
        )
    }
)
"""All kinds by name."""
