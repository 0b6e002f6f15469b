"""The shop as a Django project, with admin, sessions and static files: serve `app.frameworks.django.main:app`."""

from __future__ import annotations
