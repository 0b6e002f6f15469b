"""The application that a server runs: `uvicorn app.main:app`, `hypercorn app.main:app` or `python -m app`."""

from __future__ import annotations

from pathlib import Path

from app.routes import Shop
from app.service import build_service
from app.settings import DemoSettings
from asgi_stack import wrap
from asgi_stack.database import Database

settings = DemoSettings()
database = Database(
    settings.database,
    application_name=settings.service.name,
    migrations=Path(__file__).parent.parent / "pyproject.toml",
)
service = build_service(Shop(settings.service))
app = wrap(service, settings, database=database)
