"""Make the project an ASGI application, with its static files and a database that is up to date."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from asgiref.sync import sync_to_async
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.core.management import call_command

from asgi_stack.types import AnyASGIApp

ADMIN: Final = "admin"


def make_app(settings: str = "settings") -> AnyASGIApp:
    """Build the shop with one of the settings of this folder; the first call in a process decides."""
    os.environ["DJANGO_SETTINGS_MODULE"] = f"app.frameworks.django.{settings}"
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
    call_command("migrate", verbosity=0, interactive=False)
    password = os.environ.get("SHOP_ADMIN_PASSWORD")
    if password:
        # Not before the project is set up: models can be imported from then on.
        from django.contrib.auth.models import User  # noqa: PLC0415

        user, _ = User.objects.get_or_create(username=ADMIN, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
