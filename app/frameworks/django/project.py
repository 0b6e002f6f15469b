"""Make the project an ASGI application, with its static files and a database that is up to date."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.management import call_command

from asgi_stack.types import AnyASGIApp

ADMIN: Final = "admin"

LOCK_TIMEOUT_S: Final = 60.0
"""Longer than any migration of the shop takes, on any machine."""


def make_app(variant: str = "settings") -> AnyASGIApp:
    """Build the shop with one of the settings of this folder; the first call in a process decides."""
    os.environ["DJANGO_SETTINGS_MODULE"] = f"app.frameworks.django.{variant}"
    application: AnyASGIApp = ASGIStaticFilesHandler(get_asgi_application())
    return application


@asynccontextmanager
async def prepared_database() -> AsyncIterator[None]:
    """Bring the database up to date when the server starts; Django itself has no lifespan.

    The variable `SHOP_ADMIN_PASSWORD`, where it is set, is the password of the superuser `admin`.
    """
    await sync_to_async(_prepare)()
    yield


def _prepare() -> None:
    with _alone():
        call_command("migrate", verbosity=0, interactive=False)
        password = os.environ.get("SHOP_ADMIN_PASSWORD")
        if password:
            _set_up_admin(password)


@contextmanager
def _alone() -> Iterator[None]:
    """Let other worker processes wait: each prepares the same database, and two at once fail."""
    path = f"{settings.DATABASES['default']['NAME']}.lock"
    with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        yield


def _set_up_admin(password: str) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - models need a project that is set up

    user, _ = User.objects.get_or_create(username=ADMIN)
    if user.is_superuser and user.is_staff and user.check_password(password):
        return  # a password set anew would end the sessions of whoever is logged in
    user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
