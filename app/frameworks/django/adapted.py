"""The shop with one shape of all errors."""

from __future__ import annotations

from app.frameworks.django.project import make_app, prepared_database
from asgi_stack import wrap

app = wrap(make_app("settings_adapted"), resources=[prepared_database])
