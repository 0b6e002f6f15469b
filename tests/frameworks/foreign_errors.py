"""Bare classes that look like the HTTP exceptions of frameworks: same names, same attributes, nothing imported.

Source: Starlette 1.10, FastAPI 0.165, Litestar 2.25, Werkzeug 3.1, Django 5.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

__all__ = [
    "FastAPIHTTPError",
    "Http404",
    "LitestarHTTPError",
    "MethodNotAllowed",
    "PermissionDenied",
    "Resolver404",
    "ServiceUnavailable",
    "StarletteHTTPError",
    "SuspiciousOperation",
    "WerkzeugHTTPError",
    "WerkzeugResponse",
]

PAGE_OF_WERKZEUG = "text/html; charset=utf-8"


class StarletteHTTPError(Exception):
    """Starlette's: a text as detail, the phrase of the status when there is none."""

    __module__ = "starlette.exceptions"
    __qualname__ = "HTTPException"

    def __init__(self, status_code: int, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        self.status_code = status_code
        self.detail = HTTPStatus(status_code).phrase if detail is None else detail
        self.headers = headers


class FastAPIHTTPError(StarletteHTTPError):
    """FastAPI's: any JSON as detail."""

    __module__ = "fastapi.exceptions"
    __qualname__ = "HTTPException"


class LitestarHTTPError(Exception):
    """Litestar's, which all its own exceptions derive from."""

    __module__ = "litestar.exceptions.http_exceptions"
    __qualname__ = "HTTPException"

    def __init__(
        self, status_code: int = 500, detail: str = "", headers: dict[str, str] | None = None, extra: object = None
    ) -> None:
        self.status_code = status_code
        self.detail = detail or HTTPStatus(status_code).phrase
        self.headers = headers
        self.extra = extra


class WerkzeugResponse:
    """A response that `abort` was given."""

    def __init__(self, body: str, status_code: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.body = body
        self.status_code = status_code
        self.headers = [*headers, ("Content-Type", PAGE_OF_WERKZEUG), ("Content-Length", str(len(body)))]


class WerkzeugHTTPError(Exception):
    """Werkzeug's, which is raised as it is only around a ready response."""

    __module__ = "werkzeug.exceptions"
    __qualname__ = "HTTPException"
    code: int | None = None
    description: str | None = None

    def __init__(self, description: str | None = None, response: WerkzeugResponse | None = None) -> None:
        if description is not None:
            self.description = description
        self.response = response

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers of its page."""
        return [("Content-Type", PAGE_OF_WERKZEUG)]


class ServiceUnavailable(WerkzeugHTTPError):  # noqa: N818 - Werkzeug's name
    """Werkzeug's 503."""

    __module__ = "werkzeug.exceptions"
    code = 503
    description = (
        "The server is temporarily unable to service your request due to maintenance downtime or capacity problems."
        " Please try again later."
    )

    def __init__(self, description: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.retry_after = retry_after

    def get_headers(self) -> list[tuple[str, str]]:
        """Add when to try again."""
        more = [("Retry-After", str(self.retry_after))] if self.retry_after else []
        return super().get_headers() + more


class MethodNotAllowed(WerkzeugHTTPError):  # noqa: N818 - Werkzeug's name
    """Werkzeug's 405."""

    __module__ = "werkzeug.exceptions"
    code = 405
    description = "The method is not allowed for the requested URL."

    def __init__(self, valid_methods: Iterable[str]) -> None:
        super().__init__()
        self.valid_methods = valid_methods

    def get_headers(self) -> list[tuple[str, str]]:
        """Add the methods that are allowed."""
        return [*super().get_headers(), ("Allow", ", ".join(self.valid_methods))]


class Http404(Exception):  # noqa: N818 - Django's name
    """Django's 404."""

    __module__ = "django.http.response"


class Resolver404(Http404):
    """Django's 404 where no route matched."""

    __module__ = "django.urls.exceptions"


class PermissionDenied(Exception):  # noqa: N818 - Django's name
    """Django's 403."""

    __module__ = "django.core.exceptions"


class SuspiciousOperation(Exception):  # noqa: N818 - Django's name
    """One of Django's 400s."""

    __module__ = "django.core.exceptions"
