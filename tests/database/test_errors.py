"""The map from errors of databases to AppErrors, with the real thing happening on each kind of database."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm.exc import StaleDataError

from asgi_stack import AppError, ConflictError, ServiceUnavailableError
from asgi_stack.database import Database, app_errors, to_app_error
from tests.database.models import Item, ItemRepository, Order, OrderRepository
from tests.database.opening import opened


async def failing(database: Database, statement: str, **parameters: object) -> AppError:
    """Give what a statement comes to that fails."""
    with pytest.raises(AppError) as caught:
        async with database.session() as session:
            await session.execute(text(statement), parameters)
    return caught.value


class TestConflicts:
    """409."""

    async def test_unique(self, database: Database, backend: str) -> None:
        """The constraint is in the context, for the log; the client is told no more than that."""
        with pytest.raises(ConflictError) as caught:
            async with database.session() as session:
                await ItemRepository(session).create_many([Item(name="Lamp"), Item(name="Lamp")])

        assert caught.value.message == "Something with this value already exists"
        assert caught.value.details is None
        assert (
            caught.value.context
            == {
                "sqlite": {"sqlite_error": "SQLITE_CONSTRAINT_UNIQUE", "constraint": "shelf_items.name"},
                "postgresql": {"sqlstate": "23505", "constraint": "uq_shelf_items_name", "table": "shelf_items"},
            }[backend]
        )

    async def test_key_that_is_taken(self, database: Database) -> None:
        """A primary key is unique, too."""
        with pytest.raises(ConflictError):
            async with database.session() as session:
                await ItemRepository(session).create_many(Item(id=UUID(int=1), name=name) for name in ("Lamp", "Chair"))

    async def test_reference_to_nothing(self, database: Database) -> None:
        """A foreign key that leads nowhere."""
        with pytest.raises(ConflictError, match="refers to something missing"):
            async with database.session() as session:
                await OrderRepository(session).create(Order(item_id=UUID(int=1)))

    def test_stale_object(self) -> None:
        """What SQLAlchemy's own version counter finds is a conflict."""
        assert isinstance(to_app_error(StaleDataError("1 row expected")), ConflictError)


class TestDefects:
    """500: what a client can do nothing about."""

    async def test_check(self, database: Database) -> None:
        """A rule of the table that a service ought to check before."""
        with pytest.raises(AppError) as caught:
            async with database.session() as session:
                await ItemRepository(session).create(Item(name="Lamp", stock=-1))

        assert (type(caught.value), caught.value.status) == (AppError, 500)
        assert caught.value.message == "Internal server error"

    async def test_unknown_table_is_named(self, database: Database) -> None:
        """A message that has nothing but names in it is kept for the log."""
        error = await failing(database, "SELECT * FROM nowhere")

        assert error.status == 500
        assert "nowhere" in str(error.context["database_message"])

    async def test_syntax(self, database: Database) -> None:
        """What is wrong with the SQL is not quoted: it may be a value."""
        error = await failing(database, "SELECT 'CANARY' FRM x")

        assert error.status == 500
        assert "CANARY" not in repr(error.context)

    async def test_value_that_the_driver_cannot_bind(self, database_url: str) -> None:
        """The driver refuses it before the server is asked."""
        async with opened(database_url).lifespan() as database:
            error = await failing(database, "SELECT CAST(:x AS integer)", x="CANARY")

        assert (error.status, error.context) == (500, {"database_error": "DataError", "sqlstate": "22000"})

    async def test_place_of_the_defect_is_kept(self, database: Database) -> None:
        """The stack trace leads to the line that asked, and the fingerprint is that of the place."""
        errors = [await failing(database, "SELECT * FROM nowhere") for _ in range(2)]

        assert "in failing" in errors[0].stack_trace
        assert errors[0].fingerprint == errors[1].fingerprint


class TestUnavailable:
    """503, with Retry-After."""

    @pytest.mark.parametrize(
        "url", ["postgresql://127.0.0.1:1/d", "postgresql://no-such-host.invalid/d"], ids=["refused", "no-host"]
    )
    async def test_no_connection(self, url: str) -> None:
        """Nobody listens, or nobody knows the host."""
        error = await failing(opened(url), "SELECT 1")

        assert isinstance(error, ServiceUnavailableError)
        assert ("Retry-After", "1") in error.headers
        assert (error.__cause__, error.__context__) == (None, None)

    async def test_no_such_database(self, database_url: str) -> None:
        """The server is there, the database is not; its name is told."""
        error = await failing(opened(database_url + "x"), "SELECT 1")

        assert isinstance(error, ServiceUnavailableError)
        assert error.context["sqlstate"] == "3D000"
        assert error.context["database_error"] == "cannot connect: InvalidCatalogNameError"
        assert "does not exist" in str(error.context["database_message"])

    async def test_lost_connection(self, database_url: str) -> None:
        """A connection that the server cuts costs its transaction, and no other."""
        async with opened(database_url).lifespan() as database:
            error = await failing(database, "SELECT pg_terminate_backend(pg_backend_pid())")
            await database.check()

        assert isinstance(error, ServiceUnavailableError)

    async def test_statement_that_takes_too_long(self, database_url: str) -> None:
        """command_timeout_s ends it, and its connection is not used again."""
        database = opened(database_url, command_timeout_s=0.2, pool_size=1, max_overflow=0)
        async with database.lifespan():
            error = await failing(database, "SELECT pg_sleep(5)")
            await database.check()

        assert isinstance(error, ServiceUnavailableError)
        assert error.context == {"database_error": "TimeoutError"}

    @pytest.mark.parametrize(
        ("setting", "sqlstate"), [("statement_timeout", "57014"), ("lock_timeout", "55P03")], ids=["statement", "lock"]
    )
    async def test_limit_of_the_server(self, database_url: str, setting: str, sqlstate: str) -> None:
        """What the server itself gives up."""
        async with opened(database_url).lifespan() as database, database.session() as first:
            await ItemRepository(first).create(Item(name="Lamp"))

            async def wait_for_the_first() -> None:
                async with database.session() as session:
                    await session.execute(text(f"SET LOCAL {setting} = 100"))
                    await ItemRepository(session).create(Item(name="Lamp"))

            with pytest.raises(ServiceUnavailableError) as caught:
                await wait_for_the_first()

        assert caught.value.context["sqlstate"] == sqlstate

    async def test_deadlock(self, database_url: str) -> None:
        """Of two that wait for each other one is told to come again, and the other one goes on."""
        async with opened(database_url).lifespan() as database:
            async with database.session() as session:
                one, other = await ItemRepository(session).create_many([Item(name="Lamp"), Item(name="Chair")])
            both = asyncio.Barrier(2)

            async def change(first: UUID, second: UUID) -> None:
                async with database.session() as session:
                    await ItemRepository(session).update(first, {"stock": 1})
                    await both.wait()
                    await ItemRepository(session).update(second, {"stock": 2})

            ends = await asyncio.gather(change(one.id, other.id), change(other.id, one.id), return_exceptions=True)

        assert sorted(type(end).__name__ for end in ends) == ["NoneType", "ServiceUnavailableError"]

    async def test_locked_file(self, file_url: str) -> None:
        """SQLite has one writer at a time; who waits too long for it is told to come again."""
        database = opened(file_url, command_timeout_s=0.1)
        async with database.lifespan(), database.session() as first:
            await ItemRepository(first).create(Item(name="Lamp"))
            with pytest.raises(ServiceUnavailableError) as caught:
                async with database.session() as second:
                    await ItemRepository(second).create(Item(name="Chair"))

        assert caught.value.context["sqlite_error"] == "SQLITE_BUSY"


class TestOthers:
    """Errors that are no database's."""

    @pytest.mark.parametrize(
        "error", [InvalidRequestError("x"), ValueError("x"), FileNotFoundError("x"), TimeoutError("x")], ids=repr
    )
    async def test_they_stay_as_they_are(self, database: Database, error: Exception) -> None:
        """What the program does wrong, and what fails elsewhere, passes through a session untouched."""
        assert to_app_error(error) is None
        with pytest.raises(type(error)) as caught:
            async with database.session():
                raise error

        assert caught.value is error

    async def test_app_errors_alone(self, database: Database) -> None:
        """The map can be put around any code that asks a database."""
        async with database.engine.connect() as connection:
            with pytest.raises(AppError) as caught, app_errors():
                await connection.execute(text("SELECT * FROM nowhere"))

        assert caught.value.__context__ is None
