"""A database of each kind for every test that asks for `database`: SQLite in memory, and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import MetaData

from asgi_stack.database import NAMING_CONVENTION, BaseModel, Database
from asgi_stack.testing.database import create_tables
from tests.database.models import Item, Order
from tests.database.opening import opened

TABLES = MetaData(naming_convention=NAMING_CONVENTION)
for model in (Item, Order):
    BaseModel.metadata.tables[model.__tablename__].to_metadata(TABLES)


@pytest.fixture(scope="session")
def database_metadata() -> MetaData:
    """Make the tables of these tests alone."""
    return TABLES


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Name each kind of database."""
    return str(request.param)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """Give the URL of a SQLite file with the tables."""
    url = f"sqlite:///{tmp_path}/shelf.sqlite3"
    asyncio.run(create_tables(url, TABLES))
    return url


@pytest.fixture
def shelf_url(backend: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a database of each kind, with the tables and nothing in them; several may connect to it."""
    return str(request.getfixturevalue("file_url" if backend == "sqlite" else "database_url"))


@pytest_asyncio.fixture
async def database(shelf_url: str) -> AsyncGenerator[Database]:
    """Open a database of each kind."""
    async with opened(shelf_url).lifespan() as database:
        yield database
