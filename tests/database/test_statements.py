"""By how many statements each method of a repository does its work, on each kind of database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from asgi_stack import ConflictError
from asgi_stack.database import Database
from tests.database.models import Item, ItemRepository
from tests.database.statements import recorded

STATEMENTS: dict[str, tuple[int, Callable[[ItemRepository, Item], Awaitable[object]]]] = {
    "get_by_id": (1, lambda items, lamp: items.get_by_id(lamp.id)),
    "get_all": (1, lambda items, _: items.get_all()),
    "create": (1, lambda items, _: items.create(Item(name="new"))),
    "create_many": (1, lambda items, _: items.create_many(Item(name=f"new {i}") for i in range(1000))),
    "update": (1, lambda items, lamp: items.update(lamp.id, {"stock": 3})),
    "update of a version": (1, lambda items, lamp: items.update(lamp.id, {"stock": 3}, version=1)),
    "delete": (1, lambda items, lamp: items.delete(lamp.id)),
    "exists": (1, lambda items, lamp: items.exists(lamp.id)),
    "count": (1, lambda items, _: items.count()),
    "filter_by": (1, lambda items, _: items.filter_by(stock=1)),
    "find_one_by": (1, lambda items, _: items.find_one_by(name="Lamp")),
    "page": (1, lambda items, _: items.page()),
    "upsert": (1, lambda items, _: items.upsert(Item(name="Lamp", stock=8), on="name")),
}


@pytest.mark.parametrize("method", STATEMENTS)
async def test_statements(database: Database, method: str) -> None:
    """Each method asks the database once."""
    count, call = STATEMENTS[method]
    async with database.session() as session:
        lamp = await ItemRepository(session).create(Item(name="Lamp"))
    async with database.session() as session:
        with recorded(database) as statements:
            await call(ItemRepository(session), lamp)

    assert len(statements) == count, statements


LOADS_NO_ROW = {
    "exists": "SELECT EXISTS (SELECT *",
    "count": "SELECT count(*)",
}


@pytest.mark.parametrize("method", LOADS_NO_ROW)
async def test_no_row_is_loaded(database: Database, method: str) -> None:
    """What only asks whether, or how many, asks the database for just that."""
    _, call = STATEMENTS[method]
    async with database.session() as session:
        lamp = await ItemRepository(session).create(Item(name="Lamp"))
    async with database.session() as session:
        with recorded(database) as statements:
            await call(ItemRepository(session), lamp)

        assert statements[0].startswith(LOADS_NO_ROW[method])
        assert session.identity_map.all_states() == []


async def test_loaded_object_costs_no_statement(database: Database) -> None:
    """What the session has already is not asked for again."""
    async with database.session() as session:
        lamp = await ItemRepository(session).create(Item(name="Lamp"))
        with recorded(database) as statements:
            await ItemRepository(session).get_by_id(lamp.id)

    assert statements == []


async def test_ten_thousand_rows_are_ten_statements(database: Database) -> None:
    """Many objects are written by 1,000 at a time, and all of them arrive."""
    async with database.session() as session:
        with recorded(database) as statements:
            made = await ItemRepository(session).create_many(Item(name=f"item {i}") for i in range(10_000))
    async with database.session() as session:
        count = await ItemRepository(session).count()

    assert (len(made), count, len(statements)) == (10_000, 10_000, 10)


async def test_one_refused_row_refuses_them_all(database: Database) -> None:
    """Nothing of a batch stays when one of it is refused."""
    with pytest.raises(ConflictError):
        async with database.session() as session:
            await ItemRepository(session).create_many(Item(name=name) for name in ("a", "b", "a"))
    async with database.session() as session:
        assert await ItemRepository(session).count() == 0
