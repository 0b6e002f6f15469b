"""How a database gets ready: waited for at the start, or opened by the first request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import event

from asgi_stack import ErrorHandlerMiddleware, LifespanMiddleware, ServiceUnavailableError
from asgi_stack.database import Database, get_async_session
from asgi_stack.database.opening import Opening
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.testing import ASGIClient
from asgi_stack.types import ASGIApp, Receive, Send
from tests.bare_apps import sending
from tests.database.opening import opened
from tests.database.shelves import add, answer, app_of, names_in
from tests.log_capture import LogLines

NOWHERE = "postgresql://user:hunter2@127.0.0.1:1/shop"


class Flaky:
    """Something that gets ready at the nth try."""

    def __init__(self, *, fails: int, takes_s: float = 0.0) -> None:
        self.tries = 0
        self._fails = fails
        self._takes_s = takes_s

    async def __call__(self) -> None:
        """Try."""
        self.tries += 1
        await asyncio.sleep(self._takes_s)
        if self.tries <= self._fails:
            raise ServiceUnavailableError("not yet", context={"database_error": "starting"})


class TestWaiting:
    """At the start of the server."""

    async def test_each_failed_try_has_its_line(self, log_lines: LogLines) -> None:
        """One WARNING for each pause, which grows, and then all is well."""
        opening = Opening(Flaky(fails=2))
        await opening.within(10)

        lines = log_lines("database_not_ready")
        assert opening.is_ready
        assert [(line["level"], line["attempt"], line["retry_in_s"]) for line in lines] == [
            ("warning", 1, 0.1),
            ("warning", 2, 0.2),
        ]

    async def test_time_is_bounded(self) -> None:
        """The last error is raised when the time is up."""
        began = asyncio.get_running_loop().time()
        opening = Opening(Flaky(fails=1000))
        with pytest.raises(ServiceUnavailableError, match="not yet"):
            await opening.within(0.5)

        assert asyncio.get_running_loop().time() - began < 1
        assert not opening.is_ready

    async def test_what_no_time_will_mend_is_raised_at_once(self) -> None:
        """Only an unavailable database is waited for."""

        async def fail() -> None:
            raise LookupError

        with pytest.raises(LookupError):
            await Opening(fail).within(60)

    async def test_required_database_fails_the_start(self, log_lines: LogLines) -> None:
        """The server hears of it within the time that is set, and no line has the password."""
        database = opened(NOWHERE, startup_timeout_s=0.3)
        with pytest.raises(Exception, match="failed to start: ServiceUnavailableError"):
            async with ASGIClient(LifespanMiddleware(sending(), resources=[database.lifespan])):
                pytest.fail("it must not start")

        (failed,) = log_lines("lifespan_failed")
        assert failed["resource"] == "Database.lifespan"
        assert len(log_lines("database_not_ready")) == 1
        assert "hunter2" not in log_lines.stream.getvalue().decode()

    async def test_optional_database_is_tried_once(self, log_lines: LogLines) -> None:
        """The service starts, and says what it lacks."""
        database = opened(NOWHERE, required=False)
        async with ASGIClient(LifespanMiddleware(sending(), resources=[database.lifespan])):
            assert not database.is_ready

        assert len(log_lines("database_not_ready")) == 1


def counted(database: Database) -> list[str]:
    """Count the times that a database is asked whether it is there."""
    asked: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(*arguments: object) -> None:
        if arguments[2] == "SELECT 1":
            asked.append("SELECT 1")

    return asked


@asynccontextmanager
async def disposed(database: Database) -> AsyncGenerator[Database]:
    """Close a database that no lifespan closes."""
    try:
        yield database
    finally:
        await database.engine.dispose()


def shop(database: Database) -> ASGIApp:
    """Make an app behind the layer that adds an item, or finds the database missing."""
    numbers = iter(range(1000))

    async def handler(receive: Receive, send: Send) -> None:
        await add(f"Lamp {next(numbers)}")
        await answer(send)

    return ErrorHandlerMiddleware(DatabaseSessionMiddleware(app_of(handler), database=database))


class TestFirstRequest:
    """Under a server that sends no lifespan."""

    async def test_fifty_at_once_open_it_once(self, shelf_url: str) -> None:
        """All are served, and the database was asked one time."""
        async with disposed(opened(shelf_url, pool_timeout_s=30)) as database:
            asked = counted(database)
            client = ASGIClient(shop(database), timeout_s=30)
            responses = await asyncio.gather(*(client.get("/") for _ in range(50)))

            assert [response.status for response in responses] == [200] * 50
            assert asked == ["SELECT 1"]
            assert len(await names_in(database)) == 50

    async def test_request_that_needs_none_opens_none(self) -> None:
        """A database that is down costs only those who ask for it."""

        async def handler(receive: Receive, send: Send) -> None:
            await answer(send)

        app = DatabaseSessionMiddleware(app_of(handler), database=opened(NOWHERE))
        response = await ASGIClient(app).get("/")

        assert response.status == 200

    async def test_failure_is_a_503_for_each(self) -> None:
        """With Retry-After, an error of its own for each request, and one try at the database."""
        database = opened(NOWHERE)
        client = ASGIClient(shop(database), timeout_s=10)
        responses = await asyncio.gather(*(client.get("/") for _ in range(20)))

        assert [response.status for response in responses] == [503] * 20
        assert {response.header("retry-after") for response in responses} == {"1"}

    async def test_next_request_tries_again(self) -> None:
        """A database that came up late is found, and asked no more."""
        flaky = Flaky(fails=1)
        opening = Opening(flaky)
        with pytest.raises(ServiceUnavailableError):
            await opening.once()
        await opening.once()
        await opening.once()

        assert flaky.tries == 2

    async def test_cancelled_request_does_not_stop_the_others(self) -> None:
        """The try belongs to all that wait for it."""
        flaky = Flaky(fails=0, takes_s=0.05)
        opening = Opening(flaky)
        first, second = (asyncio.create_task(opening.once()) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        await second

        assert opening.is_ready
        assert flaky.tries == 1

    async def test_failure_that_nobody_waits_for_any_more(self) -> None:
        """It is no error of the program."""
        opening = Opening(Flaky(fails=9, takes_s=0.02))
        task = asyncio.create_task(opening.once())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.05)

        assert not opening.is_ready

    def test_each_event_loop_tries_for_itself(self) -> None:
        """A try that died with its loop holds nobody up."""
        flaky = Flaky(fails=0, takes_s=0.05)
        opening = Opening(flaky)

        async def give_up() -> None:
            asyncio.create_task(opening.once())  # noqa: RUF006 - it is to be lost
            await asyncio.sleep(0.01)

        asyncio.run(give_up())
        asyncio.run(opening.once())

        assert opening.is_ready

    async def test_optional_database_that_came_up_serves(self, shelf_url: str, log_lines: LogLines) -> None:
        """It was not there at the start; the first request that needs it finds it."""
        async with opened(shelf_url, required=False).lifespan() as database:
            database._opening.is_ready = False  # noqa: SLF001 - as after a start without the database
            response = await ASGIClient(shop(database)).get("/")

            assert response.status == 200
            assert database.is_ready

    async def test_websocket_opens_it_too(self, shelf_url: str) -> None:
        """Each block of a socket has a session of its own, of the layer's database."""

        async def app(scope: object, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            async with get_async_session() as session:
                assert session.bind is database.engine
            await send({"type": "websocket.close"})

        async with (
            disposed(opened(shelf_url)) as database,
            ASGIClient(DatabaseSessionMiddleware(app, database=database)).websocket("/"),
        ):
            pass
