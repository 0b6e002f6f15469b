"""The project with an error page of its own."""

from __future__ import annotations

from app.frameworks.django.settings import *  # noqa: F403 - the way Django's own guides lay out variants of settings

ROOT_URLCONF = "app.frameworks.django.urls_paged"
