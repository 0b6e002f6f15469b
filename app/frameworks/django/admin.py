"""What the admin shows."""

from __future__ import annotations

from django.contrib import admin

from app.frameworks.django.models import Article

admin.site.register(Article)
