"""What can go wrong with a database, one path each."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.repositories import ItemRepository
from app.tables import Item
from asgi_stack import Settings, wrap
from asgi_stack.database import Database, get_async_session
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import respond

settings = Settings()
FAILURES = {"/raise": RuntimeError("on purpose"), "/cancel": asyncio.CancelledError()}
database = Database(settings.database, migrations=Path(__file__).parents[2] / "pyproject.toml")


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Do what the path says, with the query's one value as the name of an item."""
    if scope["type"] != "http":
        raise NotImplementedError
    path, name = scope["path"], scope["query_string"].decode().partition("=")[2]
    if path == "/state":
        status = database.engine.pool.status()
        return await respond(send, status.partition("Current Checked out connections: ")[2].encode())
    if path != "/":
        async with get_async_session() as session:
            await respond_from(session, path, name, send)
        return None
    return await respond(send, b"hello")


async def respond_from(session: AsyncSession, path: str, name: str, send: Send) -> None:
    """Do what needs the database."""
    if path == "/names":
        return await respond(send, ",".join(item.name for item in await ItemRepository(session).get_all()).encode())
    if path == "/cast":
        await session.execute(text(f"SELECT CAST('{name}' AS INTEGER)"))
    if path == "/sleep":
        await session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": float(name)})
        return await respond(send, b"slept")
    session.add(Item(name=name, stock=1))
    if path in FAILURES:
        await session.flush()
        raise FAILURES[path]
    return await respond(send, b"added")


app = wrap(service, settings, database=database)
