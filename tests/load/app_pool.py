"""An app with a pool of five, which tells how many of its connections are in use."""

from __future__ import annotations

from sqlalchemy import text

from asgi_stack import NotFoundError, Settings, wrap
from asgi_stack.database import Database, get_async_session
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import respond

settings = Settings()
database = Database(settings.database)


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask the database for 30 ms, or tell of the pool."""
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/pool":
        status = database.engine.pool.status()
        return await respond(send, status.partition("Current Checked out connections: ")[2].encode())
    if scope["path"] != "/work":
        raise NotFoundError
    async with get_async_session() as session:
        await session.execute(text("SELECT pg_sleep(0.03)"))
        await session.execute(text("SELECT 1"))
    return await respond(send, b"1")


app = wrap(service, settings, database=database)
