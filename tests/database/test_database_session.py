"""The session layer alone: when it commits, when it rolls back, and what becomes of a commit that fails."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from asgi_stack import ConflictError
from asgi_stack.database import Database, get_async_session
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.testing import ASGIClient, Connection, drive, http_scope
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import part, sending
from tests.database.opening import opened
from tests.database.shelves import add, answer, app_of, call, checked_out, layer, names_in, start_of

DISCONNECT: Message = {"type": "http.disconnect"}


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
