"""What people use today, put together in its cheapest sensible way: raw ASGI layers of well-known packages.

From the outside in: Secweb or secure.py, asgi-correlation-id, a request line through structlog, Starlette's
ServerErrorMiddleware with a handler and its ExceptionMiddleware.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias, cast

import orjson
from asgi_correlation_id import CorrelationIdMiddleware, correlation_id
from secure import Secure
from secure.middleware import SecureASGIMiddleware
from Secweb import SecWeb  # type: ignore[attr-defined]  # it has no __all__
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from asgi_stack.types import ASGIApp
from benchmarks.peer_access_log import REQUEST_ID, AccessLog, ShortAccessLog
from benchmarks.peer_logging import PeerLogger

__all__ = [
    "ErrorAnswers",
    "RequestLine",
    "around",
    "with_correlation_id",
    "with_secure",
    "with_secweb",
    "with_tuned_correlation_id",
]

RequestLine: TypeAlias = type[AccessLog] | type[ShortAccessLog]


def around(
    app: ASGIApp,
    *,
    headers: Callable[[ASGIApp], ASGIApp],
    logger: PeerLogger,
    request_line: RequestLine = AccessLog,
    ids: Callable[[ASGIApp], ASGIApp] | None = None,
    traceback_text: bool = False,
) -> ASGIApp:
    """Put the peers' layers around an app.

    Args:
        app: The application inside.
        headers: Puts the security headers around it.
        logger: Writes the lines.
        request_line: Which class logs requests.
        ids: Puts the correlation id around it; None takes `with_correlation_id`.
        traceback_text: Whether the line of an error has the traceback as text.
    """
    answers = ErrorAnswers(logger, traceback_text=traceback_text)
    app = cast("ASGIApp", ExceptionMiddleware(app, handlers={HTTPException: answers.to_http_exception}))
    app = cast("ASGIApp", ServerErrorMiddleware(app, handler=answers.to_exception))
    return headers((ids or with_correlation_id)(request_line(app, logger)))


def with_correlation_id(app: ASGIApp) -> ASGIApp:
    """Put asgi-correlation-id around an app with the options that it has by default."""
    layer = CorrelationIdMiddleware(app, header_name="X-Correlation-ID")
    layer.sentry_extension = _nothing
    return layer


def with_tuned_correlation_id(app: ASGIApp) -> ASGIApp:
    """Put asgi-correlation-id around an app, without what only some need: each of them costs, and is off here."""
    layer = CorrelationIdMiddleware(app, header_name="X-Correlation-ID", update_request_header=False, transformer=None)
    layer.sentry_extension = _nothing
    return layer


def with_secweb(app: ASGIApp) -> ASGIApp:
    """Put Secweb's default headers around an app, as `SecWeb(app=...)` does for an application of Starlette's."""
    starlette = Starlette()
    SecWeb(starlette)
    added = starlette.user_middleware[0]
    return cast("ASGIApp", added.cls(app, *added.args, **added.kwargs))


def with_secure(app: ASGIApp) -> ASGIApp:
    """Put secure.py's default headers around an app."""
    return cast("ASGIApp", SecureASGIMiddleware(app, secure=Secure.with_default_headers()))


class ErrorAnswers:
    """Starlette's handlers for errors: one line, and a JSON body with the keys that ours has.

    Args:
        logger: Writes the lines.
        traceback_text: Whether the line has the traceback as text.
    """

    def __init__(self, logger: PeerLogger, *, traceback_text: bool = False) -> None:
        self._logger = logger
        self._traceback_text = traceback_text

    async def to_exception(self, request: Request, error: Exception) -> Response:
        """Answer what nobody expected."""
        more: dict[str, object] = {"exc_info": error} if self._traceback_text else {}
        self._logger.error("request_failed", **_facts(request, error), exception_message=str(error), **more)
        return _answer(request, 500, "INTERNAL_ERROR", "Internal server error", "ERROR")

    async def to_http_exception(self, request: Request, error: Exception) -> Response:
        """Answer an HTTPException with its own status and detail."""
        if not isinstance(error, HTTPException):
            raise error
        facts = _facts(request, error)
        self._logger.info("request_failed", **facts, exception_message=error.detail, error_code="NOT_FOUND")
        return _answer(request, error.status_code, "NOT_FOUND", error.detail, "INFO")


def _facts(request: Request, error: Exception) -> dict[str, object]:
    scope = request.scope
    return {
        "request_id": scope.get(REQUEST_ID),
        "method": scope["method"],
        "path": scope["path"],
        "exception_type": type(error).__qualname__,
    }


def _answer(request: Request, status: int, code: str, message: str, severity: str) -> Response:
    body = {
        "error_code": code,
        "message": message,
        "details": None,
        "correlation_id": correlation_id.get(),
        "request_id": request.scope.get(REQUEST_ID),
        "timestamp": datetime.now(UTC).isoformat(),
        "severity": severity,
        "service_info": {"name": "service", "version": "0.0.0", "environment": "production"},
    }
    return Response(orjson.dumps(body), status, media_type="application/json")


def _nothing(correlation_id: str) -> None:
    """Stand for the extension that tells Sentry of the id, which loads by itself where Sentry is installed."""
