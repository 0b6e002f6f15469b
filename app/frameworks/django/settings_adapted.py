"""The project with one shape of all errors: the adapter's middleware comes first."""

from __future__ import annotations

from app.frameworks.django.settings import *  # noqa: F403 - the way Django's own guides lay out variants of settings
from app.frameworks.django.settings import MIDDLEWARE as BASE_MIDDLEWARE
from asgi_stack.frameworks.django import install

MIDDLEWARE = install(BASE_MIDDLEWARE)
