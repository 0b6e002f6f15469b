"""The shop as it is: `app`, and `bare` without the stack."""

from __future__ import annotations

from app.frameworks.django.project import make_app, prepared_database
from asgi_stack import wrap

bare = make_app()
app = wrap(bare, resources=[prepared_database])
