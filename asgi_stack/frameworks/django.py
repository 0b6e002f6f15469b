"""Have Django answer its own errors as the stack does: 404, 405, refusals, and AppErrors; and name its routes.

Errors: a ValueError for what is no list of middlewares.
Source: https://docs.djangoproject.com/en/5.2/topics/http/middleware/.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeAlias, TypeVar, cast

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import ERROR_PAGE_TEMPLATE

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.frameworks.answers import answer_inside
from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.frameworks.signals import connect_signals
from asgi_stack.negotiation import asks_for_html
from asgi_stack.options import strings_of

__all__ = ["AdapterMiddleware", "install"]

T = TypeVar("T")
GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]

_PATH: Final = f"{__name__}.AdapterMiddleware"
_ERROR: Final = "_asgi_stack_error"
_OF_THE_PAGE: Final = frozenset(
    {"content-encoding", "content-language", "content-length", "content-type", "etag", "last-modified"}
)
_parameter: Final = re.compile(r"(?<!\?P)<(?:[^<>:]+:)?([^<>:]+)>")
"""Of `path` alone: the named groups of `re_path` are left as they are."""


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
    token. Under WSGI, and without an error layer outside, nothing changes. What Django answers outside of all its
    middlewares it answers as ever: a file that is missing below `STATIC_URL`, a query that is no UTF-8.

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
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        connect_signals()

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        """Answer a default error page anew, and name the route, whatever became of the request."""
        return self._answer(request) if self._is_async else self._answer_in_thread(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an AppError; an exception that Django answers itself is remembered for the case that it does."""
        _note_route(request)
        if isinstance(error, AppError) and hasattr(request, "scope"):
            return _on_loop(partial(_respond, request, error))
        if http_error_of(error) is not None:
            setattr(request, _ERROR, error)
        return None

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            response = await cast("Awaitable[HttpResponse]", self._get_response(request))
        finally:
            error = _leave(request)
        return _answer_anew(request, response, error) if _is_due(request, response) else response

    def _answer_in_thread(self, request: HttpRequest) -> HttpResponse:
        # Django runs all that is outside of a middleware which is no coroutine in its thread; WSGI has nothing else.
        try:
            response = cast("HttpResponse", self._get_response(request))
        finally:
            error = _leave(request)
        return _on_loop(partial(_answer_anew, request, response, error)) if _is_due(request, response) else response


def _on_loop(answer: Callable[[], T]) -> T:
    """Answer from a worker thread: reporters are told on the event loop, as ever."""

    async def run() -> T:
        return answer()

    return async_to_sync(run)()


def _note_route(request: HttpRequest) -> None:
    """Name the route, with the prefixes of all that includes it."""
    record = RequestContext.current()
    match = request.resolver_match
    if record is not None and match is not None:
        record.route = "/" + _parameter.sub(r"{\1}", str(match.route)).removeprefix("/")


def _leave(request: HttpRequest) -> Exception | None:
    _note_route(request)
    # Taken off, since its traceback refers to the request.
    error: Exception | None = vars(request).pop(_ERROR, None)
    return error


def _is_due(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        _is_default_page(response)
        and hasattr(request, "scope")
        and not asks_for_html(request.headers.get("accept", ""))
    )


def _answer_anew(request: HttpRequest, page: HttpResponse, error: Exception | None) -> HttpResponse:
    told = None if error is None else http_error_of(error)
    if error is None or told is None or told.status != page.status_code:
        error = _ERRORS[page.status_code]()
    response = _respond(request, error)
    if response is None:
        return page
    response.cookies.update(page.cookies)
    for name, value in page.items():
        if name.lower() not in _OF_THE_PAGE:
            response.setdefault(name, value)
    # What Django has said of the page already it would say once more.
    response._has_been_logged = getattr(page, "_has_been_logged", False)  # noqa: SLF001 - there is no other way
    return response


def _respond(request: HttpRequest, error: Exception) -> HttpResponse | None:
    answer = answer_inside(error, cast("Mapping[str, object]", request.scope))
    if answer is None:
        return None
    response = HttpResponse(answer.body, status=answer.status)
    del response["content-type"]
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "set-cookie":
            response.cookies.load(value)
        else:  # Django has each name once: RFC 9110 section 5.3
            response[name] = f"{response[name]}, {value}" if name in response else value
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
