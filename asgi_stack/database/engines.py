"""Make the engine of a database: driver, pool, timeouts, and what each new connection is told."""

from __future__ import annotations

import sqlite3
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from uuid import uuid4
from weakref import finalize

from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from asgi_stack.database.aborted import refuse_aborted_commits
from asgi_stack.database.errors import cannot_connect, clean_error, raise_clean
from asgi_stack.database.liveness import PING_TIMEOUT_S, ping_within
from asgi_stack.database.urls import EXTRAS, IN_MEMORY, postgres_arguments, url_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine

    from asgi_stack.settings import DatabaseSettings

__all__ = ["build_engine"]

_PRAGMAS: Final = ("PRAGMA foreign_keys = ON", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL")
"""SQLite checks no foreign keys unless told to; with a write-ahead log readers do not wait for a writer."""


def build_engine(settings: DatabaseSettings, application_name: str) -> AsyncEngine:
    """Make an engine; it connects when it is first used.

    Raises:
        ValueError: The URL cannot be read, or something in it is unknown.
        ImportError: The driver is not installed.
    """
    url = url_of(settings)
    driver = url.get_dialect().driver
    if find_spec(driver) is None:
        raise ImportError(f"{url.drivername} needs {driver}: pip install 'asgi-stack[{EXTRAS[driver]}]'")
    if driver == "asyncpg":
        engine = _build_postgres(url, settings, application_name)
    elif url.database in IN_MEMORY:
        engine = _build_in_memory(settings)
    else:
        engine = _build_sqlite(url, settings, settings.pool_size, settings.max_overflow)
    event.listen(engine.sync_engine, "handle_error", clean_error)
    return engine


def _build_postgres(url: URL, settings: DatabaseSettings, application_name: str) -> AsyncEngine:
    url, arguments = postgres_arguments(url, settings, application_name)
    engine = create_async_engine(
        url,
        connect_args={**arguments, "async_creator_fn": _connect_to_postgres},
        pool_size=settings.pool_size,
        max_overflow=settings.max_overflow,
        pool_timeout=settings.pool_timeout_s,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    refuse_aborted_commits(engine.sync_engine)
    ping_within(engine.sync_engine, min(PING_TIMEOUT_S, settings.command_timeout_s))
    return engine


async def _connect_to_postgres(*arguments: object, **options: object) -> object:
    asyncpg = import_module("asyncpg")  # of the extra for PostgreSQL
    try:
        connection: object = await asyncpg.connect(*arguments, **options)
    except (OSError, asyncpg.PostgresError) as error:
        # Refused, no such host, not in time: Python's own errors, which nobody would take for the database's later on.
        raise_clean(cannot_connect(error))
    return connection


def _build_in_memory(settings: DatabaseSettings) -> AsyncEngine:
    """Make an engine with one connection, for which sessions wait: SQLite's transactions belong to connections.

    The database lives as long as anybody is connected to it. A cancelled query closes its connection, so there is one
    more that nobody uses.
    """
    name = f"file:asgi-stack-{uuid4()}?mode=memory&cache=shared&uri=true"
    anchor = sqlite3.connect(name, uri=True, check_same_thread=False)
    engine = _build_sqlite(f"sqlite+aiosqlite:///{name}", settings, pool_size=1, max_overflow=0)
    finalize(engine, anchor.close)
    return engine


def _build_sqlite(url: URL | str, settings: DatabaseSettings, pool_size: int, max_overflow: int) -> AsyncEngine:
    from sqlalchemy.pool import AsyncAdaptedQueuePool  # noqa: PLC0415 - of no use to PostgreSQL

    engine = create_async_engine(
        url,
        connect_args={"timeout": settings.command_timeout_s},  # how long to wait for another's lock
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=settings.pool_timeout_s,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_in_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # Python's sqlite3 begins no transaction before the first write, and none for savepoints: we begin it ourselves.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_in_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
