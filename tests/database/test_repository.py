"""The repository's methods on each kind of database: what they give, and by which statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel as Schema

from asgi_stack import AppError, ConflictError, ValidationError
from asgi_stack.database import BaseRepository, Database
from tests.database.models import Item, ItemRepository, Order, OrderRepository
from tests.database.statements import recorded

NOBODY = UUID(int=7)


class ItemChange(Schema):
    """What a client may change."""

    name: str | None = None
    stock: int | None = None


async def shelf_of(database: Database, *names: str) -> list[Item]:
    """Put items of these names on the shelf, with 1, 2, 3 ... of each."""
    async with database.session() as session:
        return await ItemRepository(session).create_many(
            Item(name=name, stock=number) for number, name in enumerate(names, start=1)
        )


class TestModel:
    """Which model a repository is about."""

    async def test_subclass_names_it_in_brackets(self, database: Database) -> None:
        """A subclass of BaseRepository[Item] is about items, and so is a subclass of it."""

        class Special(ItemRepository):
            pass

        async with database.session() as session:
            assert Special(session).model is Item

    async def test_repository_without_class_is_told(self, database: Database) -> None:
        """BaseRepository(session, Item) needs no class of its own."""
        async with database.session() as session:
            lamp = await BaseRepository(session, Item).create(Item(name="Lamp"))

            assert await ItemRepository(session).get_by_id(lamp.id) is lamp

    async def test_no_model_is_an_error(self, database: Database) -> None:
        """A repository that nobody told its model says how to."""
        async with database.session() as session:
            with pytest.raises(TypeError, match=r"BaseRepository has no model: write class"):
                BaseRepository(session)


class TestReading:
    """Methods that change nothing."""

    async def test_get_by_id(self, database: Database) -> None:
        """An object is found by its key, and nothing by a key that nobody has."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            found = await ItemRepository(session).get_by_id(lamp.id)

            assert found is not None
            assert (found.name, found.stock, found.version) == ("Lamp", 1, 1)
            assert await ItemRepository(session).get_by_id(NOBODY) is None

    async def test_get_all_is_in_the_order_of_creation(self, database: Database) -> None:
        """The oldest come first; skip and limit cut a part out."""
        await shelf_of(database, "c", "a", "b", "d")
        async with database.session() as session:
            items = ItemRepository(session)

            assert [item.name for item in await items.get_all()] == ["c", "a", "b", "d"]
            assert [item.name for item in await items.get_all(skip=1, limit=2)] == ["a", "b"]
            assert await items.get_all(limit=0) == []

    @pytest.mark.parametrize(("skip", "limit", "culprit"), [(-1, 5, "skip"), (0, -1, "limit"), (0, 2**70, "limit")])
    async def test_numbers_are_checked(self, database: Database, skip: int, limit: int, culprit: str) -> None:
        """A number out of range is a 422 that names it, not an error of the database."""
        async with database.session() as session:
            with pytest.raises(ValidationError) as caught:
                await ItemRepository(session).get_all(skip, limit)

        assert isinstance(caught.value.details, list)
        assert caught.value.details[0]["loc"] == [culprit]

    async def test_exists_and_count(self, database: Database) -> None:
        """Both tell of the rows without loading any."""
        lamp, _ = await shelf_of(database, "Lamp", "Chair")
        async with database.session() as session:
            items = ItemRepository(session)

            assert (await items.exists(lamp.id), await items.exists(NOBODY)) == (True, False)
            assert await items.count() == 2
            assert session.identity_map.all_states() == []

    async def test_filter_by_and_find_one_by(self, database: Database) -> None:
        """Conditions are equalities, all of which must hold; None is NULL; the oldest comes first."""
        await shelf_of(database, "Lamp", "Chair")
        async with database.session() as session:
            items = ItemRepository(session)
            await items.create(Item(name="Table", stock=2, note="oak"))

            assert [item.name for item in await items.filter_by(stock=2)] == ["Chair", "Table"]
            assert [item.name for item in await items.filter_by(stock=2, note=None)] == ["Chair"]
            assert (await items.find_one_by(stock=2)) == (await items.filter_by(stock=2))[0]
            assert await items.find_one_by(name="Sofa") is None

    async def test_unknown_column_is_named(self, database: Database) -> None:
        """A condition on a column that is none says which one may be meant."""
        async with database.session() as session:
            with pytest.raises(AttributeError, match="Item has no column 'stok'; did you mean 'stock'"):
                await ItemRepository(session).filter_by(stok=1)


class TestWriting:
    """Methods that change rows."""

    async def test_create_gives_key_and_times(self, database: Database) -> None:
        """A new object has a time-ordered key and aware times before anything is committed."""
        before = datetime.now(UTC)
        async with database.session() as session:
            lamp = await ItemRepository(session).create(Item(name="Lamp"))

        assert lamp.id.version == 7
        assert before <= lamp.created_at <= lamp.updated_at <= datetime.now(UTC)

    async def test_update_changes_what_is_given(self, database: Database) -> None:
        """Other columns stay, updated_at and the version go on, and the object in the session is the row."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            loaded = await ItemRepository(session).get_by_id(lamp.id)
            changed = await ItemRepository(session).update(lamp.id, {"stock": 9})

        assert changed is loaded
        assert changed is not None
        assert (changed.name, changed.stock, changed.version) == ("Lamp", 9, 2)
        assert changed.created_at == lamp.created_at
        assert changed.updated_at > lamp.updated_at

    async def test_update_takes_a_schema(self, database: Database) -> None:
        """Of a pydantic model the fields count that somebody set, also to None."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            changed = await ItemRepository(session).update(lamp.id, ItemChange(stock=4))

        assert changed is not None
        assert (changed.name, changed.stock) == ("Lamp", 4)

    async def test_update_of_nothing_touches_the_object(self, database: Database) -> None:
        """Without any column the time and the version go on all the same."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            changed = await ItemRepository(session).update(lamp.id, {})

        assert changed is not None
        assert changed.version == 2

    async def test_update_of_what_is_not_there(self, database: Database) -> None:
        """There is nothing to give, with a version or without."""
        async with database.session() as session:
            assert await ItemRepository(session).update(NOBODY, {"stock": 1}) is None
            assert await ItemRepository(session).update(NOBODY, {"stock": 1}, version=1) is None

    async def test_stale_version_conflicts(self, database: Database) -> None:
        """Who has seen an older version is told so, and changes nothing."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            await ItemRepository(session).update(lamp.id, {"stock": 5}, version=1)
        with pytest.raises(ConflictError) as caught:
            async with database.session() as session:
                await ItemRepository(session).update(lamp.id, {"stock": 6}, version=1)
        async with database.session() as session:
            found = await ItemRepository(session).get_by_id(lamp.id)

        assert caught.value.context == {"id": str(lamp.id), "expected_version": 1}
        assert found is not None
        assert (found.stock, found.version) == (5, 2)

    async def test_version_needs_a_versioned_model(self, database: Database) -> None:
        """A version for a model without one is an error that says how to have one."""
        async with database.session() as session:
            with pytest.raises(TypeError, match=r"Order has no version: make it class Order\(Versioned, BaseModel\)"):
                await OrderRepository(session).update(uuid4(), {}, version=1)

    @pytest.mark.parametrize(
        ("data", "error", "words"),
        [
            ({"id": NOBODY}, ValueError, "the key of Item cannot be changed"),
            ({"nam": "x"}, AttributeError, "did you mean 'name'"),
            ([("name", "x")], TypeError, "data must be a mapping or a pydantic model, not list"),
        ],
        ids=["key", "unknown", "pairs"],
    )
    async def test_wrong_data_is_named(
        self, database: Database, data: dict[str, object], error: type[Exception], words: str
    ) -> None:
        """What cannot be set is refused before the database is asked."""
        async with database.session() as session:
            with recorded(database) as statements, pytest.raises(error, match=words):
                await ItemRepository(session).update(NOBODY, data)

        assert statements == []

    async def test_delete(self, database: Database) -> None:
        """The first delete finds the object, the second does not."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            assert await ItemRepository(session).delete(lamp.id) is True
            assert await ItemRepository(session).delete(lamp.id) is False
            assert await ItemRepository(session).get_by_id(lamp.id) is None

    async def test_delete_of_what_is_referred_to(self, database: Database) -> None:
        """An item that somebody has ordered stays."""
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            await OrderRepository(session).create(Order(item_id=lamp.id))
        with pytest.raises(ConflictError):
            async with database.session() as session:
                await ItemRepository(session).delete(lamp.id)

    async def test_refused_object_can_be_survived_in_a_savepoint(self, database: Database) -> None:
        """What is done outside of the savepoint is kept."""
        async with database.session() as session:
            items = ItemRepository(session)
            await items.create(Item(name="Lamp"))
            with pytest.raises(ConflictError):
                async with session.begin_nested():
                    await items.create(Item(name="Lamp"))
            await items.create(Item(name="Chair"))
        async with database.session() as session:
            assert await ItemRepository(session).count() == 2


class TestTimes:
    """Times with a zone."""

    async def test_any_zone_comes_back_as_utc(self, database: Database) -> None:
        """The instant is the same on each kind of database."""
        sold_at = datetime.fromisoformat("2026-03-01T12:30:00.123456+05:30")
        (lamp,) = await shelf_of(database, "Lamp")
        async with database.session() as session:
            await ItemRepository(session).update(lamp.id, {"sold_at": sold_at})
        async with database.session() as session:
            found = await ItemRepository(session).get_by_id(lamp.id)

        assert found is not None
        assert found.sold_at == sold_at
        assert found.sold_at.utcoffset() == timedelta(0)

    async def test_time_without_zone_is_refused(self, database: Database) -> None:
        """Which instant it means is anybody's guess."""
        naive = datetime(2026, 3, 1)  # noqa: DTZ001 - on purpose
        with pytest.raises(AppError):
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Lamp", sold_at=naive))
