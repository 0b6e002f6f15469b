"""Who gets which session inside the layer, and after it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from asgi_stack.database import Database, NoDatabaseError, get_async_session, get_db
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.testing import ASGIClient
from asgi_stack.types import Receive, Scope, Send
from tests.database.opening import opened
from tests.database.shelves import add, answer, app_of, call, checked_out, layer, names_in


class TestWhichSession:
    """Who gets what."""

    async def test_all_get_the_one_session(self, database: Database) -> None:
        """get_async_session, get_db and the database's get_db mean the same; session() is a transaction of its own."""
        sessions: list[AsyncSession] = []

        async def handler(receive: Receive, send: Send) -> None:
            async with get_async_session() as session:
                sessions.append(session)
            sessions.append(await anext(get_db()))
            sessions.append(await anext(database.get_db()))
            async with database.session() as own:
                assert own is not sessions[0]
            await answer(send)

        await call(layer(app_of(handler), database))

        assert len(sessions) == 3
        assert len(set(map(id, sessions))) == 1

    async def test_session_is_made_when_asked_for(self, database: Database) -> None:
        """A request that needs none has none, and one that asks takes a connection only with its first statement."""

        async def handler(receive: Receive, send: Send) -> None:
            async with get_async_session():
                assert checked_out(database) == "0"
            await answer(send)

        connection = await call(layer(app_of(handler), database))

        assert connection.raised is None

    @pytest.mark.parametrize("in_context", [True, False], ids=["with a record", "without a record"])
    async def test_inner_database_is_the_one_inside(self, database: Database, in_context: bool) -> None:
        """A mounted app has its own, and the outer one is back behind it."""
        found: list[object] = []
        async with opened("sqlite://").lifespan() as other:

            async def note(scope: Scope, receive: Receive, send: Send) -> None:
                async with get_async_session() as session:
                    found.append(session.bind)

            inner = DatabaseSessionMiddleware(note, database=other)

            async def outer(scope: Scope, receive: Receive, send: Send) -> None:
                await inner(scope, receive, send)
                await note(scope, receive, send)
                await answer(send)

            await call(layer(outer, database, in_context=in_context))

        assert found == [other.engine, database.engine]

    async def test_two_databases_need_no_other_hint(self, database: Database) -> None:
        """Inside a layer it does not matter how many are open."""
        async with opened("sqlite://").lifespan():

            async def handler(receive: Receive, send: Send) -> None:
                await add("Lamp")
                await answer(send)

            await call(layer(app_of(handler), database))
            with pytest.raises(NoDatabaseError):
                get_async_session()

        assert await names_in(database) == ["Lamp"]

    @pytest.mark.parametrize("in_context", [True, False], ids=["with a record", "without a record"])
    async def test_task_that_outlives_its_request(self, database: Database, in_context: bool) -> None:
        """It gets a session of its own, and the request's one refuses it instead of taking a connection for ever."""
        tasks: list[asyncio.Task[None]] = []
        over = asyncio.Event()

        async def work(old: AsyncSession) -> None:
            await over.wait()
            await add("Chair")
            with pytest.raises(Exception, match="permanently closed"):
                await old.execute(text("SELECT 1"))

        async def handler(receive: Receive, send: Send) -> None:
            async with get_async_session() as session:
                session.add_all([])
                tasks.append(asyncio.create_task(work(session)))
            await answer(send)

        await call(layer(app_of(handler), database, in_context=in_context))
        over.set()
        await tasks[0]

        assert await names_in(database) == ["Chair"]
        assert checked_out(database) == "0"

    async def test_block_entered_after_its_request(self, database: Database) -> None:
        """Asked for in the request and used after it: the error says so."""
        kept: list[object] = []

        async def handler(receive: Receive, send: Send) -> None:
            kept.append(get_async_session())
            await answer(send)

        await call(layer(app_of(handler), database))

        with pytest.raises(RuntimeError, match="is over"):
            await kept[0].__aenter__()  # type: ignore[attr-defined]

    async def test_websocket_has_a_session_for_each_block(self, database: Database) -> None:
        """A socket may be open for days: what a block has done is written at its end."""
        seen: list[list[str]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            await add("Lamp")
            seen.append(await names_in(database))
            await send({"type": "websocket.close", "code": 1000})

        async with opened("sqlite://").lifespan(), ASGIClient(layer(app, database)).websocket("/"):
            pass

        assert seen == [["Lamp"]]
