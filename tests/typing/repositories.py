"""What type checkers know of repositories; checked by mypy and pyright, never executed.

Each rejected line carries the error that it must give, as in pipeline_options.py.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import assert_type
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from asgi_stack.database import BaseModel, BaseRepository, Database, Page, Query, Versioned, get_async_session


class Item(Versioned, BaseModel):
    """A model."""

    __tablename__ = "typed_items"
    name: Mapped[str] = mapped_column(unique=True)
    stock: Mapped[int]


class ItemRepository(BaseRepository[Item]):
    """A repository."""


async def methods(session: AsyncSession, key: UUID) -> None:
    """Each method gives the model, not Any."""
    items = ItemRepository(session)
    assert_type(await items.get_by_id(key), Item | None)
    assert_type(await items.get_all(skip=1, limit=2), list[Item])
    assert_type(await items.create(Item(name="Lamp")), Item)
    assert_type(await items.create_many([Item(name="Lamp")]), list[Item])
    assert_type(await items.update(key, {"stock": 1}, version=2), Item | None)
    assert_type(await items.delete(key), bool)
    assert_type(await items.exists(key), bool)
    assert_type(await items.count(), int)
    assert_type(await items.filter_by(name="Lamp"), list[Item])
    assert_type(await items.find_one_by(name="Lamp"), Item | None)
    assert_type(await items.page(None, limit=5), Page[Item])
    assert_type(await items.upsert(Item(name="Lamp"), on="name"), Item)
    assert_type(BaseRepository(session, Item), BaseRepository[Item])


async def queries(session: AsyncSession) -> None:
    """The builder keeps the model through each step."""
    query = ItemRepository(session).query()
    assert_type(query.where(Item.stock > 0, name="Lamp").order_by(Item.stock.desc(), Item.name).limit(3), Query[Item])
    assert_type(await query.all(), list[Item])
    assert_type(await query.first(), Item | None)
    assert_type(await query.count(), int)
    assert_type(query.stream(), AsyncGenerator[Item])
    async for item in query.stream():
        assert_type(item, Item)


async def sessions(database: Database) -> None:
    """Sessions are SQLAlchemy's."""
    async with database.session() as session:
        assert_type(session, AsyncSession)
    async with get_async_session() as session:
        assert_type(session, AsyncSession)


async def rejected(session: AsyncSession) -> None:
    """Mistakes that a checker finds."""
    items = ItemRepository(session)
    await items.get_by_id("7")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await items.create("Lamp")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await items.page(after=7)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    BaseRepository(session, str)  # type: ignore[type-var] # pyright: ignore[reportArgumentType]
