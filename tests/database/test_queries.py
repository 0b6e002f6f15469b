"""Questions that are built step by step, pages, and what of two writers at the same time comes out."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from asgi_stack import ConflictError, ValidationError
from asgi_stack.database import Database
from tests.database.models import Item, ItemRepository
from tests.database.statements import recorded


async def fill(database: Database, count: int) -> list[Item]:
    """Put items on the shelf: `item 0` with a stock of 0, and so on."""
    async with database.session() as session:
        return await ItemRepository(session).create_many(Item(name=f"item {i}", stock=i) for i in range(count))


class TestQuery:
    """The builder."""

    async def test_criteria_order_and_limit(self, database: Database) -> None:
        """All criteria hold, the order is the given one, and no more come than the limit says."""
        await fill(database, 9)
        async with database.session() as session:
            query = ItemRepository(session).query().where(Item.stock > 2).where(Item.stock < 8, note=None)

            found = await query.order_by(Item.stock.desc()).limit(2).all()

        assert [item.stock for item in found] == [7, 6]

    async def test_step_gives_a_new_query(self, database: Database) -> None:
        """A query can be the beginning of several others."""
        await fill(database, 3)
        async with database.session() as session:
            all_items = ItemRepository(session).query()
            none = all_items.where(Item.stock > 99)

            assert (await all_items.count(), await none.count()) == (3, 0)

    async def test_first(self, database: Database) -> None:
        """Without an order the oldest comes first; where there is none, or the limit is 0, nothing does."""
        await fill(database, 3)
        async with database.session() as session:
            query = ItemRepository(session).query()
            oldest = await query.first()
            fullest = await query.order_by(Item.stock.desc()).first()

            assert oldest is not None
            assert fullest is not None
            assert (oldest.stock, fullest.stock) == (0, 2)
            assert await query.where(Item.stock > 99).first() is None
            assert await query.limit(0).first() is None

    async def test_count_heeds_the_limit(self, database: Database) -> None:
        """It counts what `all` would give."""
        await fill(database, 5)
        async with database.session() as session:
            query = ItemRepository(session).query().where(Item.stock > 0)

            assert await query.count() == 4
            assert await query.limit(3).count() == 3

    async def test_stream(self, database: Database) -> None:
        """All come, one after the other, from one statement."""
        await fill(database, 1200)
        async with database.session() as session:
            with recorded(database) as statements:
                stocks = [item.stock async for item in ItemRepository(session).query().stream()]

        assert stocks == list(range(1200))
        assert len(statements) == 1

    async def test_stream_that_is_left(self, database: Database) -> None:
        """A loop that ends early leaves the session ready for the next question."""
        await fill(database, 1200)
        async with database.session() as session:
            items = ItemRepository(session)
            async with aclosing(items.query().stream()) as stream:
                first = [item.stock async for item in stream if item.stock < 3][:1] or [(await anext(stream)).stock]

            assert first == [0]
            assert await items.count() == 1200

    async def test_wrong_limit(self, database: Database) -> None:
        """A limit below 0 is refused."""
        async with database.session() as session:
            with pytest.raises(ValidationError):
                ItemRepository(session).query().limit(-1)


class TestPage:
    """Pages that follow the key."""

    async def test_pages_are_all_objects_once(self, database: Database) -> None:
        """From cursor to cursor each object comes once, in the order of creation; the last page has no cursor."""
        made = await fill(database, 25)
        pages: list[list[str]] = []
        cursor: str | None = None
        async with database.session() as session:
            while True:
                page = await ItemRepository(session).page(cursor, limit=10)
                pages.append([item.name for item in page.items])
                cursor = page.next_cursor
                if cursor is None:
                    break

        assert [len(names) for names in pages] == [10, 10, 5]
        assert [name for names in pages for name in names] == [item.name for item in made]

    async def test_full_last_page_has_no_cursor(self, database: Database) -> None:
        """Nobody is sent to an empty page."""
        await fill(database, 10)
        async with database.session() as session:
            page = await ItemRepository(session).page(limit=10)

        assert (len(page.items), page.next_cursor) == (10, None)

    async def test_pages_of_a_query(self, database: Database) -> None:
        """Criteria hold for pages, too."""
        await fill(database, 10)
        async with database.session() as session:
            query = ItemRepository(session).query().where(Item.stock >= 5)
            first = await query.page(limit=3)
            second = await query.page(first.next_cursor, limit=3)

        assert [item.stock for item in (*first.items, *second.items)] == [5, 6, 7, 8, 9]

    @pytest.mark.parametrize("cursor", ["", "x", "AaINHXxscTGWimZavKMkr", "AaINHXxscTGWimZavKMkrB", "ü" * 22])
    async def test_wrong_cursor(self, database: Database, cursor: str) -> None:
        """What is no cursor is a 422 that names `after`, without the value."""
        async with database.session() as session:
            with pytest.raises(ValidationError) as caught:
                await ItemRepository(session).page(cursor)

        assert caught.value.details == [
            {"loc": ["after"], "msg": "should be the next_cursor of another page", "type": "value_error"}
        ]

    @pytest.mark.parametrize("limit", [0, -1, 1001, True])
    async def test_wrong_limit(self, database: Database, limit: int) -> None:
        """A page has from 1 to 1,000 objects."""
        async with database.session() as session:
            with pytest.raises(ValidationError):
                await ItemRepository(session).page(limit=limit)


class TestUpsert:
    """Writing what may be there already."""

    async def test_new_object_is_written(self, database: Database) -> None:
        """It gets a key, times and a version, as from `create`."""
        async with database.session() as session:
            lamp = await ItemRepository(session).upsert(Item(name="Lamp", stock=3), on="name")

        assert (lamp.name, lamp.stock, lamp.version, lamp.id.version) == ("Lamp", 3, 1, 7)

    async def test_existing_object_is_changed(self, database: Database) -> None:
        """Key and creation stay, what is set changes, what is not set stays, the version goes on."""
        async with database.session() as session:
            old = await ItemRepository(session).create(Item(name="Lamp", stock=3, note="red"))
        async with database.session() as session:
            new = await ItemRepository(session).upsert(Item(name="Lamp", stock=5), on=["name"])

        assert (new.id, new.created_at) == (old.id, old.created_at)
        assert (new.stock, new.note, new.version) == (5, "red", 2)
        assert new.updated_at > old.updated_at

    async def test_columns_are_needed(self, database: Database) -> None:
        """Without a column to find the row by there is nothing to do."""
        async with database.session() as session:
            with pytest.raises(ValueError, match="on must name the columns of a unique constraint"):
                await ItemRepository(session).upsert(Item(name="Lamp"), on=())


class TestConcurrency:
    """Many at the same time, each in a transaction of its own."""

    async def test_upsert_by_twenty_leaves_one_row(self, database: Database) -> None:
        """All twenty succeed, and there is one row, which counts them."""

        async def write(stock: int) -> None:
            async with database.session() as session:
                await ItemRepository(session).upsert(Item(name="Lamp", stock=stock), on="name")

        await asyncio.gather(*(write(stock) for stock in range(20)))
        async with database.session() as session:
            (lamp,) = await ItemRepository(session).get_all()

        assert lamp.version == 20

    async def test_one_of_twenty_changes_a_version(self, database: Database) -> None:
        """Of those who have all seen the same version one wins, the others are told."""
        async with database.session() as session:
            lamp = await ItemRepository(session).create(Item(name="Lamp"))

        async def change(stock: int) -> bool:
            try:
                async with database.session() as session:
                    await ItemRepository(session).update(lamp.id, {"stock": stock}, version=1)
            except ConflictError:
                return False
            return True

        assert sum(await asyncio.gather(*(change(stock) for stock in range(20)))) == 1
