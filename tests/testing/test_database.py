"""A database in tests: what is undone, and what is not."""

from __future__ import annotations

import pytest
from sqlalchemy import MetaData

from asgi_stack import ConflictError
from asgi_stack.database import BaseModel, Database, DatabaseSettings, get_async_session
from asgi_stack.testing.database import create_tables, rolled_back
from tests.database.models import Item, ItemRepository

TABLES = MetaData()
BaseModel.metadata.tables[Item.__tablename__].to_metadata(TABLES)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """Give a database of each kind, with the table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shelf')}/shelf.sqlite3"
    else:
        server = request.getfixturevalue("postgres")
        url = server.create_database(f"undone_{tmp_path_factory.mktemp('name').name}_{id(request)}")
    await create_tables(url, TABLES)
    return Database(DatabaseSettings.model_validate({"url": url}))


async def count(database: Database) -> int:
    """Count the items."""
    async with database.session() as session:
        return await ItemRepository(session).count()


async def test_committed_work_is_undone(database: Database) -> None:
    """All sessions inside see it, also those that nobody gave the database, and none after the end."""
    async with database.lifespan():
        async with rolled_back(database):
            async with get_async_session() as session:
                await ItemRepository(session).create(Item(name="Lamp"))
                await session.commit()
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Chair"))
            inside = await count(database)
        after = await count(database)

    assert (inside, after) == (2, 0)


async def test_refused_work_leaves_the_rest(database: Database) -> None:
    """An error inside takes its own session's work along, and no more."""
    async with database.lifespan(), rolled_back(database):
        async with database.session() as session:
            await ItemRepository(session).create(Item(name="Lamp"))
        with pytest.raises(ConflictError):
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Lamp"))

        assert await count(database) == 1


async def test_work_after_the_end_is_kept(database: Database) -> None:
    """The database is as it was before."""
    async with database.lifespan():
        async with rolled_back(database):
            pass
        async with database.session() as session:
            await ItemRepository(session).create(Item(name="Lamp"))

        assert await count(database) == 1
