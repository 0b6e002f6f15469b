"""Commits that fail: the client never sees the success that the app was about to tell of."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text

from asgi_stack import ConflictError
from asgi_stack.database import Database, get_async_session, get_db
from asgi_stack.types import Receive, Send
from tests.database.shelves import add, answer, app_of, call, checked_out, layer, names_in


class TestFailedCommit:
    """The client never sees the success."""

    @pytest.mark.parametrize("reaction", ["lets it pass", "wraps it", "swallows it", "answers 500", "answers 200"])
    async def test_app_cannot_hide_it(self, database: Database, reaction: str) -> None:
        """Whatever a framework makes of the error, nothing leaves, and the layer outside gets the ConflictError."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await add("Lamp")
            try:
                await answer(send, 201)
            except ConflictError as error:
                if reaction == "lets it pass":
                    raise
                if reaction == "wraps it":
                    raise RuntimeError("response already started") from error
            if reaction.startswith("answers"):
                await answer(send, int(reaction[-3:]))

        connection = await call(layer(app_of(handler), database))

        assert connection.messages == []
        assert isinstance(connection.raised, ConflictError)
        assert connection.raised.__cause__ is connection.raised.__context__ is None
        assert await names_in(database) == []
        assert checked_out(database) == "0"

    async def test_cancellation_still_wins(self, database: Database) -> None:
        """A task that was told to end ends."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await add("Lamp")
            with suppress(ConflictError):
                await answer(send)
            raise asyncio.CancelledError

        connection = await call(layer(app_of(handler), database))

        assert isinstance(connection.raised, asyncio.CancelledError)

    async def test_error_of_a_statement_is_an_app_error(self, database: Database) -> None:
        """Also where it is SQLAlchemy's own that the app lets pass."""

        async def handler(receive: Receive, send: Send) -> None:
            session = await anext(get_db())
            await session.execute(text("SELECT * FROM nowhere"))

        connection = await call(layer(app_of(handler), database))

        assert type(connection.raised).__name__ == "AppError"

    async def test_statement_that_failed_and_was_caught(self, database: Database, backend: str) -> None:
        """PostgreSQL would answer such a commit with a silent rollback, so it fails; SQLite keeps the rest."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            async with get_async_session() as session:
                await session.flush()
                with suppress(Exception):
                    await session.execute(text("INSERT INTO shelf_items (name) VALUES (NULL)"))
            await answer(send)

        connection = await call(layer(app_of(handler), database))

        if backend == "sqlite":
            assert connection.is_complete
            assert await names_in(database) == ["Lamp"]
        else:
            assert "a statement failed in it" in str(getattr(connection.raised, "context", {}))
            assert connection.messages == []
            assert await names_in(database) == []

    async def test_statement_that_failed_in_a_savepoint(self, database: Database) -> None:
        """What may fail belongs into a savepoint: the rest is written."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            async with get_async_session() as session:
                await session.flush()
                with suppress(Exception):
                    async with session.begin_nested():
                        await session.execute(text("INSERT INTO shelf_items (name) VALUES (NULL)"))
            await answer(send)

        connection = await call(layer(app_of(handler), database))

        assert connection.is_complete
        assert await names_in(database) == ["Lamp"]
