"""The shop with an error page of its own."""

from __future__ import annotations

from app.frameworks.django.project import make_app, prepared_database
from asgi_stack import wrap

app = wrap(make_app("settings_paged"), resources=[prepared_database])
