"""Make databases for tests."""

from __future__ import annotations

from asgi_stack.database import Database, DatabaseSettings

__all__ = ["opened"]


def opened(url: str, **options: object) -> Database:
    """Make a database for a URL, with other settings than the defaults where a test says so."""
    return Database(DatabaseSettings.model_validate({"url": url, **options}))
