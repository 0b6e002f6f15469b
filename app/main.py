"""The application that a server runs: `uvicorn app.main:app`, `hypercorn app.main:app` or `python -m app`."""

from __future__ import annotations

from app.routes import Shop
from app.service import build_service
from asgi_stack import Settings, wrap

settings = Settings()
service = build_service(Shop(settings.service))
app = wrap(service, settings)
