"""What is called after a commit, and only then."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from asgi_stack.database import Database, after_commit, get_async_session
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.types import Receive, Send
from tests.database.models import Item
from tests.database.shelves import add, answer, app_of, call, names_in
from tests.log_capture import LogLines


async def test_functions_are_called_in_order_when_all_is_written(database: Database) -> None:
    """Plain ones and coroutine functions, after the commit and before the start of the response."""
    calls: list[object] = []

    async def look() -> None:
        calls.append(await names_in(database))

    async def handler(receive: Receive, send: Send) -> None:
        await add("Lamp")
        async with get_async_session() as session:
            after_commit(session, lambda: calls.append("first"))
            after_commit(session, look)
        assert calls == []
        await answer(send)
        calls.append("answered")

    await call(DatabaseSessionMiddleware(app_of(handler), database=database))

    assert calls == ["first", ["Lamp"], "answered"]


async def test_block_of_its_own_calls_them_too(database: Database) -> None:
    """A session outside of any request does the same at the end of its block."""
    calls: list[object] = []
    async with database.session() as session:
        session.add(Item(name="Lamp"))
        after_commit(session, lambda: calls.append("called"))
        assert calls == []

    assert calls == ["called"]


@pytest.mark.parametrize("how", ["status", "error", "commit"])
async def test_rollback_drops_them(database: Database, how: str) -> None:
    """What was not written has no consequences."""
    calls: list[object] = []

    async def handler(receive: Receive, send: Send) -> None:
        await add("Lamp")
        if how == "commit":
            await add("Lamp")
        async with get_async_session() as session:
            after_commit(session, lambda: calls.append("called"))
        if how == "error":
            raise RuntimeError
        await answer(send, 409 if how == "status" else 200)

    await call(DatabaseSessionMiddleware(app_of(handler), database=database))

    assert calls == []


async def fail_in_savepoint(session: AsyncSession, calls: list[str]) -> None:
    """Ask for a call inside a savepoint that is rolled back, around one that was released."""
    with suppress(LookupError):
        async with session.begin_nested():
            async with session.begin_nested():
                after_commit(session, lambda: calls.append("released, then rolled back with the outer one"))
            after_commit(session, lambda: calls.append("rolled back"))
            raise LookupError


async def test_savepoint_that_is_rolled_back_drops_its_own(database: Database) -> None:
    """Those asked for outside of it are called."""
    calls: list[str] = []
    async with database.session() as session:
        after_commit(session, lambda: calls.append("before"))
        await fail_in_savepoint(session, calls)
        async with session.begin_nested():
            after_commit(session, lambda: calls.append("in a savepoint that was released"))
        after_commit(session, lambda: calls.append("behind"))

    assert calls == ["before", "in a savepoint that was released", "behind"]


async def test_commit_of_the_users_own_counts(database: Database) -> None:
    """What was written before an error stays written, and what was to follow from it happens."""
    calls: list[str] = []

    async def work() -> None:
        async with database.session() as session:
            session.add(Item(name="Lamp"))
            after_commit(session, lambda: calls.append("written"))
            await session.commit()
            after_commit(session, lambda: calls.append("not written"))
            raise LookupError

    with suppress(LookupError):
        await work()

    assert calls == ["written"]
    assert await names_in(database) == ["Lamp"]


async def test_failing_function_is_logged_and_no_more(database: Database, log_lines: LogLines) -> None:
    """The data is there, so nobody may be told of a failure, and the others are called."""
    calls: list[str] = []

    def fail() -> None:
        raise LookupError("no such queue")

    async with database.session() as session:
        session.add(Item(name="Lamp"))
        after_commit(session, fail)
        after_commit(session, lambda: calls.append("called"))

    (line,) = log_lines("after_commit_failed")
    assert line["exception_type"] == "LookupError"
    assert calls == ["called"]
    assert await names_in(database) == ["Lamp"]


async def test_it_must_be_a_function(database: Database) -> None:
    """The error shows what it was given."""
    async with database.session() as session:
        with pytest.raises(TypeError, match="needs a function, not 'mail'"):
            after_commit(session, "mail")  # type: ignore[arg-type]
