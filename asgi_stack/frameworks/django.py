"""Have Django answer its own errors as the stack does: 404, 405, refusals, and AppErrors; and name its routes.

Errors: a ValueError for what is no list of middlewares.
Source: https://docs.djangoproject.com/en/5.2/topics/http/middleware/.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest, MiddlewareNotUsed, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import ERROR_PAGE_TEMPLATE

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.frameworks.answers import answer_inside
from asgi_stack.frameworks.signals import connect_signals
from asgi_stack.negotiation import asks_for_html
from asgi_stack.options import strings_of

__all__ = ["AdapterMiddleware", "install"]

GetResponse: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]

_PATH: Final = f"{__name__}.AdapterMiddleware"
_ERROR: Final = "_asgi_stack_error"
_parameter: Final = re.compile(r"<(?:[^<>:]+:)?([^<>:]+)>")


def install(middleware: Sequence[str]) -> list[str]:
    """Give the errors that Django answers itself the stack's one shape, and name its routes in the log.

    In the project's settings:

    ```py
    from asgi_stack.frameworks.django import install

    MIDDLEWARE = install([
        "django.middleware.security.SecurityMiddleware",
        ...,
    ])
    ```

    Only Django's default pages make way. Pages of the project's own stay: `404.html`, `handler404`, what a view wrote.
    So do Django's for clients that ask for pages, as browsers do, its debug pages, and the page of a refused CSRF
    token. Under WSGI, and without an error layer outside, nothing changes.

    Args:
        middleware: The setting `MIDDLEWARE`; it is left as it is.

    Returns:
        The same with the adapter first, once.

    Raises:
        ValueError: It is no sequence of texts.
    """
    return [_PATH, *(name for name in strings_of("middleware", middleware) if name != _PATH)]


class AdapterMiddleware:
    """What `install` puts first: all other middlewares have had their say by then, and their headers are kept."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        if not iscoroutinefunction(get_response):
            raise MiddlewareNotUsed("asgi_stack answers under ASGI only")
        self._get_response = get_response
        markcoroutinefunction(self)
        connect_signals()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a default error page anew."""
        response = await self._get_response(request)
        if not _is_default_page(response) or asks_for_html(request.headers.get("accept", "")):
            return response
        error = getattr(request, _ERROR, None) or _ERRORS[response.status_code]()
        return _respond(request, error, response) or response

    async def process_view(self, request: HttpRequest, *_: object) -> None:
        """Name the route, with the prefixes of all that includes it."""
        record = RequestContext.current()
        match = request.resolver_match
        if record is not None and match is not None:
            record.route = "/" + _parameter.sub(r"{\1}", str(match.route)).removeprefix("/")

    async def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an AppError; any other exception is Django's, and is remembered for the case that it answers."""
        if isinstance(error, AppError):
            return _respond(request, error)
        setattr(request, _ERROR, error)
        return None


def _respond(request: HttpRequest, error: Exception, replaced: HttpResponse | None = None) -> HttpResponse | None:
    answer = answer_inside(error, cast("Mapping[str, object]", getattr(request, "scope", {})))
    if answer is None:
        return None
    response = HttpResponse(answer.body, status=answer.status)
    if replaced is not None:
        response.cookies = replaced.cookies
        for name, value in replaced.items():
            response[name] = value
    for raw_name, raw_value in answer.headers:
        response[raw_name.decode("latin-1")] = raw_value.decode("latin-1")
    return response


def _is_default_page(response: HttpResponse) -> bool:
    default = _DEFAULT_PAGES.get(response.status_code)
    return default is not None and not response.streaming and response.content == default


def _method_not_allowed() -> AppError:
    code = ErrorCode.of_status(405)
    return AppError("Method Not Allowed", error_code=code, status=405, severity=Severity.WARNING)


def _page(title: str, details: str = "") -> bytes:
    return str(ERROR_PAGE_TEMPLATE % {"title": title, "details": details}).encode()


_DEFAULT_PAGES: Final = {
    400: _page("Bad Request (400)"),
    403: _page("403 Forbidden"),
    404: _page("Not Found", "The requested resource was not found on this server."),
    405: b"",
}
"""As Django 5 writes them (`django.views.defaults`, `HttpResponseNotAllowed`)."""

_ERRORS: Final[Mapping[int, Callable[[], Exception]]] = {
    400: BadRequest,
    403: PermissionDenied,
    404: Http404,
    405: _method_not_allowed,
}
"""What stands for an answer whose exception never reached a view."""
