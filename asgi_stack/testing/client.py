"""Drive any ASGI app in process and see every message: requests, streams, websockets and the lifespan.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Self, Unpack

from asgi_stack.options import check_app, check_flag, check_seconds
from asgi_stack.testing.client_call import Call
from asgi_stack.testing.client_errors import ASGIClientError
from asgi_stack.testing.client_http import Response, ResponseStream
from asgi_stack.testing.client_lifespan import ClientLifespan
from asgi_stack.testing.client_request import RequestOptions
from asgi_stack.testing.client_server import ClientServer
from asgi_stack.testing.client_websocket import WebSocketSession
from asgi_stack.testing.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from asgi_stack.testing.client_request import Headers, Query
    from asgi_stack.types import AnyASGIApp

__all__ = ["ASGIClient"]


class ASGIClient:
    """A client and a server in one, around an app that runs in the test's own event loop.

    Args:
        app: The application.
        raise_exceptions: Whether what the app raises is raised to the test when it did not answer completely. What it
            raises after that, and everything where this is False, is found as `raised` on the response alone.
        timeout_s: Seconds that the app may take for one request, or for the next thing that a stream or a websocket
            waits for; `float("inf")`: no limit.
        client: Address and port of the client in every scope; None for a socket that has none.
        server: Address and port of the server, which make the `host` header where a test gives none.
        extensions: Extensions that the scopes offer, with their values. By default http scopes offer none and
            websockets `websocket.http.response`.
        spec_version: Version of the http and websocket spec. From 2.4 on `send` raises OSError once the client has
            gone; before, such messages are dropped.

    Raises:
        TypeError: An option is of a wrong type.
        ValueError: `timeout_s` is not above 0.

    `async with ASGIClient(app) as client` runs the app's lifespan, where it has one, and copies its state into each
    scope, as servers do; without that block there is no lifespan. Every call runs in a task and a context of its own.
    """

    def __init__(  # noqa: PLR0913 - each is one fact of the server
        self,
        app: AnyASGIApp,
        *,
        raise_exceptions: bool = True,
        timeout_s: float = 5.0,
        client: tuple[str, int] | None = ("127.0.0.1", 40000),
        server: tuple[str, int | None] = ("127.0.0.1", 8000),
        extensions: Mapping[str, object] | None = None,
        spec_version: str = "2.3",
    ) -> None:
        check_app(app)
        check_flag("raise_exceptions", raise_exceptions)
        check_seconds("timeout_s", timeout_s)
        self._app = app
        self._raise_exceptions = raise_exceptions
        self._timeout_s = timeout_s
        self._server = ClientServer(client=client, server=server, extensions=extensions, spec_version=spec_version)
        self._lifespan: ClientLifespan | None = None

    @property
    def lifespan(self) -> Connection | None:
        """All messages of the app's lifespan, and what it raised; None without `async with`."""
        return None if self._lifespan is None else self._lifespan.connection

    async def __aenter__(self) -> Self:
        lifespan = ClientLifespan(self._app, timeout_s=self._timeout_s)
        await lifespan.start()
        self._lifespan = lifespan
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lifespan is not None:
            # A test that failed already shall show that, not what followed from it.
            with nullcontext() if error is None else suppress(ASGIClientError):
                await self._lifespan.stop()
            self._lifespan = None

    async def request(self, method: str, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a request, wait until the app is over, and give all that it did.

        Args:
            method: Any method; it is made upper case.
            path: A path, percent-encoded or not, with or without a query.
            options: `query`, `headers`, `body` or `json`, and `scope`, see `RequestOptions`.

        Raises:
            Exception: What the app raised, see `raise_exceptions`.
            ASGITimeoutError: The app is not over after `timeout_s`; it was cancelled.
            TypeError: An option is of a wrong type.
            ValueError: The path does not begin with a slash, or a header is not latin-1.
        """
        call = self._http_call(method, path, options)
        call.begin()
        await call.finish()
        return Response(call.connection)

    async def get(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a GET request, see `request`."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a POST request, see `request`."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PUT request, see `request`."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a PATCH request, see `request`."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a DELETE request, see `request`."""
        return await self.request("DELETE", path, **options)

    async def head(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send a HEAD request, see `request`; a body that the app sends all the same stays visible."""
        return await self.request("HEAD", path, **options)

    async def options(self, path: str, **options: Unpack[RequestOptions]) -> Response:
        """Send an OPTIONS request, see `request`."""
        return await self.request("OPTIONS", path, **options)

    def stream(self, method: str, path: str, **options: Unpack[RequestOptions]) -> ResponseStream:
        """Send a request whose response is read part by part, in an `async with` block; arguments as in `request`."""
        return ResponseStream(self._http_call(method, path, options))

    def websocket(
        self,
        path: str,
        *,
        subprotocols: Sequence[str] = (),
        query: Query = "",
        headers: Headers = (),
        scope: Mapping[str, object] | None = None,
    ) -> WebSocketSession:
        """Open a websocket, in an `async with` block.

        Args:
            path: A path, percent-encoded or not, with or without a query.
            subprotocols: What the client offers, the preferred one first.
            query: Added to the query of the path.
            headers: Names in any case; `host` is added where it is missing.
            scope: Keys of the scope to replace or add, last of all.

        Raises:
            TypeError: An option is of a wrong type.
            ValueError: The path does not begin with a slash, or a header is not latin-1.
        """
        made = self._server.websocket_scope(path, subprotocols, query, headers, self._state())
        return WebSocketSession(self._call(Connection({**made, **(scope or {})}), f"WEBSOCKET {path}"))

    def _http_call(self, method: str, path: str, options: RequestOptions) -> Call:
        scope, body = self._server.http_request(method.upper(), path, options, self._state())
        return self._call(Connection(scope, body), f"{method.upper()} {path}")

    def _call(self, connection: Connection, title: str) -> Call:
        return Call(
            self._app,
            connection,
            title=title,
            timeout_s=self._timeout_s,
            raise_exceptions=self._raise_exceptions,
        )

    def _state(self) -> dict[str, object]:
        return {} if self._lifespan is None else dict(self._lifespan.state)
