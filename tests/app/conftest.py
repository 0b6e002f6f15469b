"""A shop for the tests of the demo."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest_asyncio

from app.routes import Shop
from app.service import build_service
from app.tables import BaseModel
from asgi_stack import Settings, default_pipeline
from asgi_stack.database import Database, DatabaseSettings
from asgi_stack.types import ASGIApp


@pytest_asyncio.fixture
async def shop() -> AsyncGenerator[ASGIApp]:
    """Give a shop of one's own in the stack, with an empty shelf in memory."""
    settings = Settings(environment="production", service={"name": "shop", "version": "1.2.3"})
    async with Database(DatabaseSettings.model_validate({"url": "sqlite://"})).lifespan() as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(BaseModel.metadata.create_all)
        yield default_pipeline(settings, database=database).build(build_service(Shop(settings.service)))
