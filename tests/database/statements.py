"""Count what a database is really asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from asgi_stack.database import Database

__all__ = ["recorded"]


@contextmanager
def recorded(database: Database) -> Iterator[list[str]]:
    """Note each statement that goes to the database inside, in order; one with many rows of parameters is one."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement != "BEGIN":  # SQLite's own
            statements.append(" ".join(statement.split()))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
