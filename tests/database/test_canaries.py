"""Nothing of rows, parameters and SQL is in an error, in its chain, in a log line or in a response."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from asgi_stack import AppError, wrap
from asgi_stack.database import Database, to_app_error
from asgi_stack.error_mapping import ErrorHandlers
from asgi_stack.testing import ASGIClient
from asgi_stack.types import Receive, Scope, Send
from tests.canaries import canary
from tests.database.opening import opened
from tests.log_capture import LogLines

SECRET = canary()


@dataclass(frozen=True)
class Failure:
    """One statement that fails, with the secret somewhere in it.

    Attributes:
        on: The kinds of database that it fails on.
        status: What it comes to.
        statement: The SQL; `{secret}` stands for the secret as a literal.
        parameter: Whether it is bound as `:secret` too.
        needs: What is executed before.
    """

    name: str
    status: int
    statement: str
    on: tuple[str, ...] = ("sqlite", "postgresql")
    parameter: bool = False
    needs: str = "SELECT 1"


NEW = "INSERT INTO shelf_items (id, name, stock, note, version, created_at, updated_at) VALUES "
LATER = "'2026-01-01', '2026-01-01')"
TAKEN = NEW + "('00000000000000000000000000000001', '{secret}', 0, NULL, 1, " + LATER
AGAIN = NEW + "('00000000000000000000000000000002', :secret, 0, NULL, 1, " + LATER

FAILURES = (
    Failure("unique", 409, AGAIN, parameter=True, needs=TAKEN),
    Failure("not null", 500, NEW + "('00000000000000000000000000000003', NULL, 0, '{secret}', 1, " + LATER),
    Failure("check", 500, NEW + "('00000000000000000000000000000004', '{secret}', -1, NULL, 1, " + LATER),
    Failure("syntax", 500, "SELECT '{secret}' FRM x"),
    Failure("literal in an identifier", 500, 'SELECT {secret} "x" "y"'),
    Failure("unknown function", 500, "SELECT nowhere('{secret}', :secret)", on=("sqlite",), parameter=True),
    Failure("cast of a literal", 500, "SELECT CAST('{secret}' AS integer)", on=("postgresql",)),
    Failure(
        "cast of a parameter", 500, "SELECT CAST(CAST(:secret AS text) AS integer)", ("postgresql",), parameter=True
    ),
    Failure("value of another type", 500, "SELECT CAST(:secret AS integer)", on=("postgresql",), parameter=True),
    Failure("raised by a function", 500, "DO $$ BEGIN RAISE EXCEPTION '{secret}'; END $$", on=("postgresql",)),
    Failure("json", 500, "SELECT CAST(:secret AS text)::json", on=("postgresql",), parameter=True),
    Failure("date", 500, "SELECT CAST(:secret AS text)::date", on=("postgresql",), parameter=True),
)


each_failure = pytest.mark.parametrize(
    ("backend", "failure"),
    [pytest.param(kind, failure, id=f"{kind}-{failure.name}") for failure in FAILURES for kind in failure.on],
)


async def fail(database: Database, failure: Failure) -> None:
    """Let it happen in a session of SQLAlchemy's own, from which its own error comes out."""
    async with database.sessionmaker() as session:
        for statement, parameter in ((failure.needs, False), (failure.statement, failure.parameter)):
            sql = text(statement.format(secret=SECRET))
            await session.execute(sql, {"secret": SECRET} if parameter else {})


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that hangs on it."""
    if error is not None:
        yield error
        yield from chain_of(error.__cause__)
        if error.__context__ is not error.__cause__:
            yield from chain_of(error.__context__)


def all_told_by(error: BaseException) -> str:
    """Give all that anybody could read off an error."""
    told = [*traceback.format_exception(error)]
    for link in chain_of(error):
        told += [str(link), repr(link), repr(link.args), repr(vars(link))]
        told += [f"{name}={getattr(link, name, None)!r}" for name in dir(link) if not name.startswith("__")]
    return "\n".join(told)


@each_failure
async def test_error_of_sqlalchemy_is_cleared(database: Database, failure: Failure) -> None:
    """User code that catches the error itself finds nothing in it, nor in the driver's error behind it."""
    with pytest.raises(SQLAlchemyError) as caught:
        await fail(database, failure)

    assert SECRET not in all_told_by(caught.value)


@each_failure
async def test_app_error_tells_nothing(database: Database, failure: Failure) -> None:
    """What leaves a session is an AppError of the right status, without a chain."""

    async def work() -> None:
        async with database.session() as session:
            for statement, parameter in ((failure.needs, False), (failure.statement, failure.parameter)):
                sql = text(statement.format(secret=SECRET))
                await session.execute(sql, {"secret": SECRET} if parameter else {})

    with pytest.raises(AppError) as caught:
        await work()

    assert caught.value.status == failure.status
    assert list(chain_of(caught.value)) == [caught.value]
    assert SECRET not in all_told_by(caught.value) + caught.value.stack_trace


@each_failure
@pytest.mark.parametrize("handlers", [None, {SQLAlchemyError: to_app_error}], ids=["by itself", "by a handler"])
async def test_response_and_log_tell_nothing(
    database: Database, failure: Failure, log_lines: LogLines, handlers: ErrorHandlers | None
) -> None:
    """Through the whole stack, in development too: neither the body nor a line of the log has the secret."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await fail(database, failure)

    application = wrap(app, handlers=handlers, configure_logging=False)
    response = await ASGIClient(application).get("/")
    lines = log_lines.stream.getvalue().decode()

    assert response.status == failure.status
    assert len(log_lines("request_failed")) == 1
    assert SECRET not in response.text + lines


async def test_log_names_the_constraint(database: Database, backend: str, log_lines: LogLines) -> None:
    """Who looks into a conflict finds which one it was."""
    conflict = FAILURES[0]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await fail(database, conflict)

    application = wrap(app, configure_logging=False)
    await ASGIClient(application).get("/")
    (line,) = log_lines("request_failed")

    assert line["context"]["constraint"] == {"sqlite": "shelf_items.name", "postgresql": "uq_shelf_items_name"}[backend]


async def test_password_of_the_url_is_nowhere(log_lines: LogLines) -> None:
    """A database that cannot be reached is told of without the password, however it is written."""
    url = f"postgresql://user:{SECRET}%25@127.0.0.1:1/d"
    database = opened(url)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await database.check()

    response = await ASGIClient(wrap(app, configure_logging=False)).get("/")
    with pytest.raises(AppError) as caught:
        await database.check()

    assert response.status == 503
    assert SECRET not in response.text + log_lines.stream.getvalue().decode() + all_told_by(caught.value)
