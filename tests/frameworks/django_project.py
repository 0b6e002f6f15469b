"""A Django project for the adapter's tests: views that fail in every way, middlewares, and what puts it together."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final, TypeAlias

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST
from django.views.defaults import page_not_found

from asgi_stack import ConflictError, ServiceUnavailableError, wrap
from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.django import install
from asgi_stack.reporting import ErrorEvent, ErrorReporter
from asgi_stack.testing import Response
from asgi_stack.types import AnyASGIApp
from tests.integration import django_app  # it configures Django, which a process does once

__all__ = [
    "OWN",
    "Hiding",
    "Keeping",
    "MakeProject",
    "OwnAnswers",
    "Refusing",
    "Reports",
    "SyncOnly",
    "make",
    "ok",
    "urlpatterns",
    "values",
    "wrapped",
]

assert django_app.django_app is not None

MakeProject: TypeAlias = Callable[..., AnyASGIApp]

OWN: Final = b"mine"
MIDDLEWARE: Final = ("django.middleware.http.ConditionalGetMiddleware", "django.middleware.common.CommonMiddleware")


async def ok(_request: HttpRequest, **_: object) -> HttpResponse:
    """Answer."""
    return HttpResponse(b"ok")


async def missing(_request: HttpRequest) -> HttpResponse:
    """Find nothing, and say what."""
    raise Http404("No lamp")


def denied(_request: HttpRequest) -> HttpResponse:
    """Refuse, from a worker thread."""
    raise PermissionDenied("Not yours")


async def bad(_request: HttpRequest) -> HttpResponse:
    """Refuse in words that are not for clients."""
    raise BadRequest("hunter2")


async def suspicious(_request: HttpRequest) -> HttpResponse:
    """Suspect the client."""
    raise SuspiciousOperation("hunter2")


async def conflicting(_request: HttpRequest) -> HttpResponse:
    """Fail as the stack's users do."""
    raise ConflictError("It changed", details={"version": 2})


def closed(_request: HttpRequest) -> HttpResponse:
    """Fail so that somebody must know, from a worker thread."""
    raise ServiceUnavailableError("Later")


async def boom(_request: HttpRequest) -> HttpResponse:
    """Fail as a bug does."""
    raise RuntimeError("CANARY-16180")


async def own_404(_request: HttpRequest) -> HttpResponse:
    """Find nothing in the project's words."""
    return HttpResponse(OWN, status=404)


async def streamed_404(_request: HttpRequest) -> StreamingHttpResponse:
    """Find nothing, in parts."""

    async def parts() -> AsyncIterator[bytes]:
        yield OWN

    return StreamingHttpResponse(parts(), status=404)


async def linked(_request: HttpRequest) -> HttpResponse:
    """Fail with headers that are there twice."""
    headers = [("link", "<a>"), ("link", "<b>"), ("set-cookie", "one=1"), ("set-cookie", "two=2; Path=/")]
    raise AppError("Teapot", error_code="TEAPOT", status=418, headers=headers)


items: Final = [path("items/<int:id>", ok), re_path(r"^old/(?P<id>[0-9]+)$", ok)]
urlpatterns: Final = [
    path("missing", missing),
    path("denied", denied),
    path("bad", bad),
    path("suspicious", suspicious),
    path("post", require_POST(ok)),
    path("conflict", conflicting),
    path("closed", closed),
    path("boom", boom),
    path("own", own_404),
    path("streamed", streamed_404),
    path("linked", linked),
    path("items/<slug>/<uuid:key>", ok),
    path("shop/<name>/", include(items)),
    re_path(r"^old/(?P<id>[0-9]+)$", ok),
]


class SyncOnly:
    """A middleware as they were before Django knew coroutines: all outside of it runs in its thread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add what a project adds to every response."""
        response = self._get_response(request)
        response.set_cookie("seen", "yes", httponly=True)
        response["Vary"] = "Cookie"
        response["X-Project"] = "shop"
        response["Content-Language"] = "de"
        return response


class Hiding(SyncOnly):
    """A middleware that hides what must not be known to exist."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn a refusal into Django's page for nothing."""
        response = self._get_response(request)
        return page_not_found(request, Http404()) if response.status_code == 403 else response


class OwnAnswers(SyncOnly):
    """A middleware that answers exceptions in the project's words."""

    def process_exception(self, _request: HttpRequest, _error: Exception) -> HttpResponse:
        """Answer."""
        return HttpResponse(OWN, status=418)


class Refusing(SyncOnly):
    """A middleware that lets nobody in."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse."""
        raise PermissionDenied("Not you")


class Keeping(SyncOnly):
    """A middleware that keeps the request for the test."""

    requests: Final[list[HttpRequest]] = []

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Keep it."""
        self.requests.append(request)
        return self._get_response(request)


class Reports:
    """A reporter that keeps what it is told, and in which thread."""

    def __init__(self) -> None:
        self.events: list[tuple[str, threading.Thread]] = []

    def report(self, event: ErrorEvent) -> None:
        """Keep it."""
        self.events.append((event.error_code, threading.current_thread()))


def path_of(cls: type) -> str:
    """Name a middleware of this file as a project's settings do."""
    return f"{__name__}.{cls.__name__}"


@pytest.fixture
def make() -> Iterator[MakeProject]:
    """Give what makes a project of its own; Django's settings are put back afterwards."""
    overrides: list[override_settings] = []

    def make_app(*middleware: type, adapted: bool = True, urlconf: object = __name__, **settings: object) -> AnyASGIApp:
        names = [*(path_of(cls) for cls in middleware), *MIDDLEWARE]
        chosen = {"MIDDLEWARE": install(names) if adapted else names, "ROOT_URLCONF": urlconf, **settings}
        overrides.append(override_settings(**chosen))
        overrides[-1].enable()
        app: AnyASGIApp = ASGIHandler()
        return app

    yield make_app
    while overrides:
        overrides.pop().disable()


def wrapped(app: AnyASGIApp, reporters: Sequence[ErrorReporter] = ()) -> AnyASGIApp:
    """Wrap an app whose log is the test's."""
    return wrap(app, reporters=reporters, configure_logging=False)


def values(response: Response, name: bytes) -> list[bytes]:
    """Give every value of a header, whose name Django writes with capitals."""
    return [value for key, value in response.headers if key.lower() == name]
