"""A Django project in one file for servers to serve, wrapped in one line: the stack answers what its views raise.

Django has one set of settings for the whole process, so there is one project; its URLs tell its pages apart.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Final

import django
from django.conf import settings

__all__ = ["OWN_PAGE", "SECRET", "app", "django_app"]

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="none",
        USE_TZ=True,
    )
    django.setup()

from django.core.handlers.asgi import ASGIHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.defaults import server_error

from asgi_stack import ConflictError, wrap

SECRET: Final = "CANARY-17320"
"""In the message of an unknown exception: no client may ever see it."""

OWN_PAGE: Final = b"Back at ten"


def ok(request: HttpRequest) -> HttpResponse:
    """Answer."""
    return HttpResponse(b"ok")


async def boom(request: HttpRequest) -> HttpResponse:
    """Fail as a bug does."""
    raise RuntimeError(SECRET)


def boom_in_a_thread(request: HttpRequest) -> HttpResponse:
    """Fail in a worker thread."""
    assert threading.current_thread() is not threading.main_thread()
    raise RuntimeError(SECRET)


async def boom_by_name(request: HttpRequest, name: str) -> HttpResponse:
    """Fail in a way of its own, while others do."""
    await asyncio.sleep(0)
    raise LookupError(name)


async def conflict(request: HttpRequest) -> HttpResponse:
    """Fail as the stack's users do."""
    raise ConflictError("It changed", details={"version": 2})


def missing(request: HttpRequest) -> HttpResponse:
    """Find nothing."""
    raise Http404


def closed(request: HttpRequest) -> HttpResponse:
    """Refuse on purpose."""
    return HttpResponse(OWN_PAGE, status=503)


urlpatterns: Final = [
    path("", ok),
    path("boom", boom),
    path("thread", boom_in_a_thread),
    path("boom/<name>", boom_by_name),
    path("conflict", conflict),
    path("missing", missing),
    path("closed", closed),
    path("own/<name>", boom_by_name),
]


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer a failure with Django's page, or below /own with one of the project's own, of the status in the path."""
    if request.path.startswith("/own/"):
        return HttpResponse(OWN_PAGE, status=int(request.path.rpartition("/")[2]))
    page: HttpResponse = server_error(request)
    return page


django_app: Final = ASGIHandler()
app = wrap(django_app)
