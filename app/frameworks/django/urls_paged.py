"""The same places, with an error page of the shop's own."""

from __future__ import annotations

from app.frameworks.django.error_handlers import sorry
from app.frameworks.django.urls import urlpatterns

__all__ = ["handler500", "urlpatterns"]

handler500 = sorry
