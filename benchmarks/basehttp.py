"""The four concerns as four subclasses of Starlette's BaseHTTPMiddleware, as tutorials write them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import perf_counter
from typing import Final, cast
from uuid import uuid4

from asgi_correlation_id import correlation_id
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from asgi_stack.types import ASGIApp
from benchmarks.peer_access_log import REQUEST_ID, client_of, outcome_of_status, route_of
from benchmarks.peer_logging import PeerLogger
from benchmarks.peers import ErrorAnswers

__all__ = ["around"]

# Those that our own stack sends.
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


def around(app: ASGIApp, *, logger: PeerLogger) -> ASGIApp:
    """Put the four of them around an app: headers, ids, request line, errors.

    Args:
        app: The application inside.
        logger: Writes the lines.
    """
    app = cast("ASGIApp", _Errors(app, logger))
    app = cast("ASGIApp", _RequestLine(app, logger))
    return cast("ASGIApp", _SecurityHeaders(_Ids(app)))


class _SecurityHeaders(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response


class _Ids(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        chosen = request.headers.get("x-correlation-id") or str(uuid4())
        request_id = request.scope[REQUEST_ID] = str(uuid4())
        correlation_id.set(chosen)
        response = await call_next(request)
        response.headers["X-Correlation-ID"] = chosen
        response.headers["X-Request-ID"] = request_id
        return response


class _RequestLine(BaseHTTPMiddleware):
    def __init__(self, app: ASGIApp, logger: PeerLogger) -> None:
        super().__init__(app)
        self._logger = logger

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        started_at = perf_counter()
        response = cast("StreamingResponse", await call_next(request))
        ttfb_s = perf_counter() - started_at
        body = cast("AsyncIterator[bytes]", response.body_iterator)

        async def body_then_line() -> AsyncIterator[bytes]:
            size = 0
            async for chunk in body:
                size += len(chunk)
                yield chunk
            self._log(request, response.status_code, size, ttfb_s, perf_counter() - started_at)

        response.body_iterator = body_then_line()
        return response

    def _log(self, request: Request, status: int, size: int, ttfb_s: float, duration_s: float) -> None:
        outcome = outcome_of_status(status)
        write = self._logger.error if outcome == "server_error" else self._logger.info
        query: dict[str, object] = {"query": request.url.query} if request.scope["query_string"] else {}
        write(
            "request_completed",
            request_id=request.scope[REQUEST_ID],
            method=request.method,
            path=request.scope["path"],
            route=route_of(request.scope),
            status_code=status,
            outcome=outcome,
            duration_ms=round(duration_s * 1000, 3),
            ttfb_ms=round(ttfb_s * 1000, 3),
            bytes_in=int(request.headers.get("content-length", 0)),
            bytes_out=size,
            client=client_of(request.scope),
            user_agent=request.headers.get("user-agent"),
            **query,
        )


class _Errors(BaseHTTPMiddleware):
    def __init__(self, app: ASGIApp, logger: PeerLogger) -> None:
        super().__init__(app)
        self._answers = ErrorAnswers(logger)

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        try:
            return await call_next(request)
        except HTTPException as error:
            return await self._answers.to_http_exception(request, error)
        except Exception as error:  # noqa: BLE001 - this is the layer that answers whatever it is
            return await self._answers.to_exception(request, error)
