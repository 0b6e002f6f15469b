"""Make databases for tests."""

from __future__ import annotations

from sqlalchemy import text

from asgi_stack.database import Database, DatabaseSettings

__all__ = ["emptied", "opened"]


def opened(url: str, **options: object) -> Database:
    """Make a database for a URL, with other settings than the defaults where a test says so."""
    return Database(DatabaseSettings.model_validate({"url": url, **options}))


async def emptied(url: str) -> None:
    """Take all tables out of a database of PostgreSQL."""
    async with opened(url).lifespan() as database, database.engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
