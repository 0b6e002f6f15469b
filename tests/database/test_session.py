"""Sessions that end as they should, and databases that open and close, on each kind of database."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text

from asgi_stack import AppError, ConflictError, ServiceUnavailableError
from asgi_stack.database import Database, NoDatabaseError, get_async_session, get_db
from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.testing import ASGIClient
from tests.bare_apps import sending
from tests.database.models import Item, ItemRepository
from tests.database.opening import opened


async def names_in(database: Database) -> list[str]:
    """Give the names on the shelf, as another transaction sees them."""
    async with database.session() as session:
        return [item.name for item in await ItemRepository(session).get_all()]


def checked_out(database: Database) -> str:
    """Say how many connections of the pool are in use."""
    return database.engine.pool.status().partition("Current Checked out connections: ")[2]


class TestSession:
    """What becomes of what was done in a session."""

    async def test_end_commits(self, database: Database) -> None:
        """At the end of the block all is written, and what was loaded can still be read."""
        async with database.session() as session:
            lamp = await ItemRepository(session).create(Item(name="Lamp"))

        assert await names_in(database) == ["Lamp"]
        assert lamp.name == "Lamp"
        assert checked_out(database) == "0"

    async def test_error_rolls_back(self, database: Database) -> None:
        """The error passes as it is, and nothing was written."""

        async def fail() -> None:
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Lamp"))
                raise RuntimeError("no such luck")

        with pytest.raises(RuntimeError, match="no such luck"):
            await fail()

        assert await names_in(database) == []
        assert checked_out(database) == "0"

    async def test_failing_commit_is_an_app_error(self, database: Database) -> None:
        """What the database refuses at the very end is told like what it refuses before."""
        async with database.session() as session:
            await ItemRepository(session).create(Item(name="Lamp"))
        with pytest.raises(ConflictError) as caught:
            async with database.session() as session:
                session.add(Item(name="Lamp"))

        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert checked_out(database) == "0"

    async def test_cancelled_task_leaves_nothing(self, database: Database) -> None:
        """Who is cancelled in the middle has written nothing, and the connection is free again."""
        written = asyncio.Event()

        async def work() -> None:
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Lamp"))
                written.set()
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await written.wait()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        assert task.cancelled()
        assert checked_out(database) == "0"
        assert await names_in(database) == []

    async def test_cancelled_statement_frees_its_connection(self, database: Database) -> None:
        """Who is cancelled while the database is asked leaves a pool that works."""

        async def work() -> None:
            async with database.session() as session:
                await ItemRepository(session).create_many(Item(name=f"{i}") for i in range(20_000))

        task = asyncio.create_task(work())
        await asyncio.sleep(0.2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        assert task.cancelled()
        assert await names_in(database) == []
        assert checked_out(database) == "0"

    async def test_session_that_asks_nothing_takes_no_connection(self, database: Database) -> None:
        """A session is free until it is needed."""
        async with database.session():
            assert checked_out(database) == "0"

    async def test_foreign_keys_and_savepoints_hold(self, database: Database) -> None:
        """A savepoint that is rolled back takes its own work along, and no more."""
        async with database.session() as session:
            await ItemRepository(session).create(Item(name="Lamp"))
            with suppress(RuntimeError):
                async with session.begin_nested():
                    await ItemRepository(session).create(Item(name="Chair"))
                    raise RuntimeError

        assert await names_in(database) == ["Lamp"]


class TestOpening:
    """The lifespan, and what is open."""

    async def test_the_open_database_is_the_one_that_is_meant(self, database: Database) -> None:
        """get_async_session and get_db need no database when there is just one."""
        async with get_async_session() as session:
            await ItemRepository(session).create(Item(name="Lamp"))
        async for session in get_db():
            await ItemRepository(session).create(Item(name="Chair"))
        async for session in database.get_db():
            await ItemRepository(session).create(Item(name="Table"))

        assert await names_in(database) == ["Lamp", "Chair", "Table"]

    async def test_error_at_the_dependency_rolls_back(self, database: Database) -> None:
        """A framework throws the handler's error into the generator: nothing is written."""
        generator = get_db()
        session = await anext(generator)
        await ItemRepository(session).create(Item(name="Lamp"))
        with pytest.raises(RuntimeError, match="no such luck"):
            await generator.athrow(RuntimeError("no such luck"))

        assert await names_in(database) == []

    async def test_two_open_databases_are_one_too_many(self, database: Database) -> None:
        """Which one is meant cannot be known, so the error names them, without passwords."""
        async with opened("sqlite://").lifespan():
            with pytest.raises(NoDatabaseError, match="2 databases are open"):
                get_async_session()

    async def test_database_behind_a_lifespan(self, shelf_url: str) -> None:
        """It is open from the server's start to its stop."""
        database = opened(shelf_url)
        async with (
            ASGIClient(LifespanMiddleware(sending(), resources=[database.lifespan])),
            get_async_session() as session,
        ):
            await session.execute(text("SELECT 1"))
        with pytest.raises(NoDatabaseError, match="No database is open"):
            get_async_session()

        assert "Connections in pool: 0" in database.engine.pool.status()

    async def test_check(self, database: Database) -> None:
        """A database that answers is fine."""
        await database.check()


class TestUnreachable:
    """A database that is not there."""

    URL = "postgresql://user:hunter2@127.0.0.1:1/shop"

    async def test_required_database_stops_the_start(self) -> None:
        """The lifespan fails with a 503 that says what went wrong, and nothing is open."""
        with pytest.raises(ServiceUnavailableError) as caught:
            async with opened(self.URL).lifespan():
                pytest.fail("it must not start")

        assert caught.value.context["database_error"] == "cannot connect: ConnectionRefusedError"
        assert Database.opened == []

    async def test_optional_database_does_not(self) -> None:
        """The service starts, and who needs the database is told to come again."""
        async with opened(self.URL, required=False).lifespan():
            with pytest.raises(ServiceUnavailableError) as caught:
                async with get_async_session() as session:
                    await session.execute(text("SELECT 1"))

        assert caught.value.retry_after_s == 1

    def test_password_is_shown_nowhere(self) -> None:
        """Neither the database nor its engine shows it."""
        database = opened(self.URL)

        assert "hunter2" not in f"{database!r} {database.engine!r} {database.engine.url}"


class TestInMemory:
    """SQLite in memory."""

    async def test_data_lives_as_long_as_the_database(self) -> None:
        """Sessions see each other's work, and a cancelled query loses none of it."""
        database = opened("sqlite://")
        async with database.lifespan():
            async with database.session() as session:
                await session.execute(text("CREATE TABLE t (x INTEGER)"))
                await session.execute(text("INSERT INTO t VALUES (7)"))
            endless = (
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000)SELECT max(i) FROM n"
            )

            async def work() -> None:
                async with database.session() as session:
                    await session.execute(text(endless))

            task = asyncio.create_task(work())
            await asyncio.sleep(0.05)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            async with database.session() as session:
                assert await session.scalar(text("SELECT x FROM t")) == 7

    async def test_two_databases_have_nothing_in_common(self) -> None:
        """Each has its own memory."""
        one, other = opened("sqlite://"), opened("sqlite:///:memory:")
        async with one.lifespan(), other.lifespan():
            async with one.session() as session:
                await session.execute(text("CREATE TABLE t (x INTEGER)"))
            with pytest.raises(AppError):
                async with other.session() as session:
                    await session.execute(text("SELECT * FROM t"))

    async def test_sessions_wait_in_turn(self) -> None:
        """There is one connection: work of one session is not seen by, nor rolled back with, that of another."""
        async with opened("sqlite://").lifespan() as database:
            async with database.session() as session:
                await session.execute(text("CREATE TABLE t (x INTEGER)"))

            async def write(number: int) -> None:
                async with database.session() as session:
                    await session.execute(text("INSERT INTO t VALUES (:x)"), {"x": number})
                    await asyncio.sleep(0)
                    if number % 2:
                        raise RuntimeError

            await asyncio.gather(*(write(number) for number in range(10)), return_exceptions=True)
            async with database.session() as session:
                written = await session.scalars(text("SELECT x FROM t ORDER BY x"))

                assert list(written) == [0, 2, 4, 6, 8]
