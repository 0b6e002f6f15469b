"""What Alembic runs for every command on the demo's database."""

from __future__ import annotations

from app.settings import DemoSettings
from app.tables import BaseModel
from asgi_stack.database.migrations import run_migrations

run_migrations(BaseModel.metadata, lambda: DemoSettings().database)
