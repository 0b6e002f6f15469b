"""The project's settings; what differs between machines comes from variables of the environment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Final

SECRET_KEY: Final = os.environ.get("SHOP_SECRET_KEY", "for this machine only")
DEBUG: Final = False
ALLOWED_HOSTS: Final = ["127.0.0.1", "localhost", "testserver"]

INSTALLED_APPS: Final = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "app.frameworks.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "app.frameworks.django.error_handlers.LookupErrorMiddleware",
]
ROOT_URLCONF = "app.frameworks.django.urls"
TEMPLATES: Final[list[dict[str, Any]]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES: Final = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", str(Path(tempfile.gettempdir(), "shop-django.sqlite3"))),
    },
}
DEFAULT_AUTO_FIELD: Final = "django.db.models.BigAutoField"
STATIC_URL: Final = "static/"
USE_TZ: Final = True
