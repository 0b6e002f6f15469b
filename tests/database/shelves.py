"""Apps that put items on a shelf, for the tests of sessions in requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from asgi_stack import RequestContextMiddleware
from asgi_stack.database import Database, get_async_session
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.testing import Connection, http_scope
from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import part
from tests.database.models import Item, ItemRepository

__all__ = ["Handler", "add", "answer", "app_of", "call", "checked_out", "layer", "names_in", "start_of"]

Handler: TypeAlias = Callable[[Receive, Send], Awaitable[None]]


def app_of(handler: Handler) -> ASGIApp:
    """Make an app of a handler that needs no scope."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await handler(receive, send)

    return app


async def add(name: str) -> None:
    """Put an item on the shelf, in whatever session is the current one."""
    async with get_async_session() as session:
        session.add(Item(name=name))


def start_of(status: int) -> Message:
    """Make the start of a response."""
    return {"type": "http.response.start", "status": status, "headers": []}


async def answer(send: Send, status: int = 200) -> None:
    """Send a whole response."""
    await send(start_of(status))
    await send(part(b"done"))


async def names_in(database: Database) -> list[str]:
    """Give the names on the shelf, as another transaction sees them."""
    async with database.session() as session:
        return [item.name for item in await ItemRepository(session).get_all()]


def checked_out(database: Database) -> str:
    """Say how many connections of the pool are in use."""
    return database.engine.pool.status().partition("Current Checked out connections: ")[2]


async def call(app: AnyASGIApp, *incoming: Message) -> Connection:
    """Call an app once as a server would, and give what it did."""
    connection = Connection(http_scope(), incoming or [{"type": "http.request", "body": b"", "more_body": False}])
    await connection.run(app)
    return connection


def layer(app: AnyASGIApp, database: Database, *, in_context: bool = False) -> ASGIApp:
    """Put the layer around an app, with the request's record outside of it or without."""
    made = DatabaseSessionMiddleware(app, database=database)
    return RequestContextMiddleware(made) if in_context else made
