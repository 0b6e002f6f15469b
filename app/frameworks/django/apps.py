"""The project's one Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Name it, since `django` is what the folder is called."""

    name = "app.frameworks.django"
    label = "shop"
    verbose_name = "Shop"
