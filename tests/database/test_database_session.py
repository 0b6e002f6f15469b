"""The session layer alone: when it commits, when it rolls back, and what becomes of a commit that fails."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from asgi_stack import ConflictError, RequestContextMiddleware
from asgi_stack.database import Database, NoDatabaseError, get_async_session, get_db
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.testing import ASGIClient, Connection, drive, http_scope
from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import part, sending
from tests.database.opening import opened
from tests.database.shelves import add, answer, app_of, call, checked_out, names_in, start_of

DISCONNECT: Message = {"type": "http.disconnect"}


def layer(app: AnyASGIApp, database: Database, *, in_context: bool = False) -> ASGIApp:
    """Put the layer around an app, with the request's record outside of it or without."""
    made = DatabaseSessionMiddleware(app, database=database)
    return RequestContextMiddleware(made) if in_context else made


class TestCommit:
    """What is written, and when."""

    @pytest.mark.parametrize("in_context", [True, False], ids=["with a record", "without a record"])
    async def test_all_is_written_before_the_start_leaves(self, database: Database, in_context: bool) -> None:
        """Whoever reads the status finds the rows there, and no connection is held."""
        seen: list[object] = []

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await add("Chair")
            await answer(send, 201)

        inner = layer(app_of(handler), database, in_context=in_context)

        async def looking(scope: Scope, receive: Receive, send: Send) -> None:
            async def look(message: Message) -> None:
                seen.append((message["type"], checked_out(database), await names_in(database)))
                await send(message)

            await inner(scope, receive, look)

        response = await ASGIClient(looking).get("/")

        assert response.status == 201
        assert seen[0] == ("http.response.start", "0", ["Lamp", "Chair"])

    @pytest.mark.parametrize("status", [200, 201, 204, 303, 304])
    async def test_success_and_redirects_commit(self, database: Database, status: int) -> None:
        """A redirect after a form is a success."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await answer(send, status)

        await ASGIClient(layer(app_of(handler), database)).get("/")

        assert await names_in(database) == ["Lamp"]

    @pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
    async def test_failures_roll_back(self, database: Database, status: int) -> None:
        """What a request has done before it was refused has not happened."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await answer(send, status)

        response = await ASGIClient(layer(app_of(handler), database)).get("/")

        assert response.status == status
        assert await names_in(database) == []
        assert checked_out(database) == "0"

    async def test_error_rolls_back(self, database: Database) -> None:
        """The app's own error goes on as it is."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            raise RuntimeError("no such luck")

        connection = await call(layer(app_of(handler), database))

        assert repr(connection.raised) == "RuntimeError('no such luck')"
        assert await names_in(database) == []
        assert checked_out(database) == "0"

    async def test_app_without_response_rolls_back(self, database: Database) -> None:
        """The client will be told of a failure, so there must be one."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")

        await call(layer(app_of(handler), database))

        assert await names_in(database) == []

    @pytest.mark.parametrize("answers", [True, False], ids=["an app that answers", "an app that gives up"])
    async def test_client_that_left_before_the_start_rolls_back(self, database: Database, answers: bool) -> None:
        """Nobody was told of a success."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            while (await receive())["type"] != "http.disconnect":
                pass
            if answers:
                await answer(send)

        await call(layer(app_of(handler), database), {"type": "http.request"}, DISCONNECT)

        assert await names_in(database) == []
        assert checked_out(database) == "0"

    @pytest.mark.parametrize("times", [1, 3])
    async def test_cancelled_request_rolls_back(self, database: Database, times: int) -> None:
        """However often the server loses its patience, the connection is free and out of its transaction."""
        reached = asyncio.Event()

        async def handler(receive: Receive, send: Send) -> None:
            async with get_async_session() as session:
                await session.execute(text("INSERT INTO shelf_items SELECT * FROM shelf_items"))
                reached.set()
                await asyncio.sleep(60)

        connection = Connection(http_scope())
        task = asyncio.create_task(connection.run(layer(app_of(handler), database)))
        await reached.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await task

        assert isinstance(connection.raised, asyncio.CancelledError)
        assert checked_out(database) == "0"

    async def test_work_after_the_start_is_written_at_the_end(self, database: Database) -> None:
        """A background task has its own commit, when the app returns."""
        response_names: list[list[str]] = []

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await answer(send)
            await add("Chair")
            response_names.append(await names_in(database))

        await call(layer(app_of(handler), database))

        assert response_names == [["Lamp"]]
        assert await names_in(database) == ["Lamp", "Chair"]

    @pytest.mark.parametrize("how", ["raises", "returns"])
    async def test_work_of_a_stream_that_broke_is_not_written(self, database: Database, how: str) -> None:
        """A response that was never complete is no success; what was written before its start stays."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await send(start_of(200))
            await send(part(b"half", more=True))
            await add("Chair")
            if how == "raises":
                raise RuntimeError

        await call(layer(app_of(handler), database))

        assert await names_in(database) == ["Lamp"]

    async def test_failure_after_the_start_is_a_late_error(self, database: Database) -> None:
        """The client has its response; the error goes to the layer outside, which logs it."""

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await answer(send)
            await add("Lamp")

        connection = await call(layer(app_of(handler), database))

        assert connection.is_complete
        assert isinstance(connection.raised, ConflictError)
        assert await names_in(database) == ["Lamp"]


async def raises_another() -> None:
    """Be a framework that wraps what `send` raised."""
    raise RuntimeError("response already started")


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


class TestReleaseBeforeStream:
    """The option that keeps streams from holding connections."""

    async def stream(self, receive: Receive, send: Send) -> None:
        """Ask for a session before and after the start."""
        async with get_async_session() as session:
            session.add_all([])
            await session.execute(text("SELECT 1"))
        await send(start_of(200))
        await send(part(b"1", more=True))
        with pytest.raises(Exception, match="permanently closed"):
            await session.execute(text("SELECT 1"))
        await add("Lamp")
        await send(part(b"2"))

    async def test_session_is_over_at_the_start(self, database: Database) -> None:
        """The old one refuses, and whoever asks anew gets one of its own."""
        app = DatabaseSessionMiddleware(app_of(self.stream), database=database, release_before_stream=True)

        connection = await call(app)

        assert connection.raised is None
        assert await names_in(database) == ["Lamp"]

    async def test_without_it_no_connection_is_held_either(self, database: Database) -> None:
        """The commit gives it back: a body that asks the database nothing holds none."""
        held: list[str] = []

        async def handler(receive: Receive, send: Send) -> None:
            await add("Lamp")
            await send(start_of(200))
            held.append(checked_out(database))
            await send(part(b"1"))

        await call(layer(app_of(handler), database))

        assert held == ["0"]


class TestOptions:
    """What the layer is given."""

    def test_database_must_be_one(self) -> None:
        """The error names the option."""
        with pytest.raises(TypeError, match="database must be a Database, not 'sqlite://'"):
            DatabaseSessionMiddleware(sending(), database="sqlite://")  # type: ignore[arg-type]

    def test_flag_must_be_one(self) -> None:
        """The error names the option."""
        with pytest.raises(TypeError, match="release_before_stream"):
            DatabaseSessionMiddleware(sending(), database=opened("sqlite://"), release_before_stream=1)  # type: ignore[arg-type]

    async def test_app_is_called_as_it_was(self, database: Database) -> None:
        """Other scopes pass, and what the app returns is returned."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return str(scope["type"])

        made = DatabaseSessionMiddleware(app, database=database)
        outcomes = [await drive(made, {"type": kind}) for kind in ("lifespan", "websocket", "http", "other")]

        assert [outcome.returned for outcome in outcomes] == ["lifespan", "websocket", "http", "other"]
