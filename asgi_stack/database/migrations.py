"""Run Alembic's migrations: from its command line, from ours, and at the start of a server.

```python
# migrations/env.py, all of it
from asgi_stack.database.migrations import run_migrations
from shop.models import BaseModel

run_migrations(BaseModel.metadata)
```

Needs the extra `migrations`. Source: https://alembic.sqlalchemy.org/en/latest/cookbook.html.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import to_thread
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr

from asgi_stack.database.base import UtcDateTime
from asgi_stack.database.engines import build_engine
from asgi_stack.database.errors import app_errors
from asgi_stack.database.migration_config import MigrationsError, alembic_config, check_config
from asgi_stack.database.migration_lock import migration_lock
from asgi_stack.database.urls import url_of
from asgi_stack.settings import DatabaseSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from alembic.config import Config
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection

    from asgi_stack.database.session import Database

__all__ = ["MigrationsError", "check_at_head", "downgrade", "run_migrations", "upgrade"]

LOCK_TIMEOUT_S: Final = 300.0
"""How long to wait for another process that migrates."""

DDL_TIMEOUT_S: Final = 86_400.0
"""An index of a large table takes its time: the settings' limit for a statement is for requests."""

_SETTINGS: Final = "asgi_stack.settings"
_logger: Final = logging.getLogger("asgi_stack.migrations")
_one_at_a_time: Final = Lock()
"""Alembic's `context` is one for the process."""


def run_migrations(
    target_metadata: MetaData,
    settings: DatabaseSettings | Callable[[], DatabaseSettings] | None = None,
    *,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
    **options: object,
) -> None:
    """Do all that an `env.py` has to do.

    Args:
        target_metadata: The models' tables, which `alembic revision --autogenerate` and `check` compare.
        settings: Where the database is, or a function that says so; None reads the environment. Who calls `upgrade`
            for a database of its own wins, and so does a `connection` in `config.attributes`.
        lock_timeout_s: Seconds to wait for another process that migrates.
        **options: For Alembic's `context.configure`, such as `include_object` or `version_table`.

    Raises:
        AppError: The database refused; ServiceUnavailableError where it, or the lock, was not to be had.

    Loggers stay as they are. What changes the database does so under a lock: any number of processes may start at
    once. It works without an event loop and within a running one.
    """
    from alembic import context  # noqa: PLC0415 - as in alembic_config

    options = {"target_metadata": target_metadata, "render_item": _render, **options}
    given = context.config.attributes.get(_SETTINGS, settings)
    connection: Connection | None = context.config.attributes.get("connection")
    if context.is_offline_mode():
        url = url_of(_resolved(given))
        options |= {"dialect_name": url.get_dialect().name, "literal_binds": True}
        _configure_and_run(options | {"dialect_opts": {"paramstyle": "named"}})
    elif connection is not None:
        _configure_and_run({**options, "connection": connection})
    else:
        _in_a_loop_of_its_own(_Online(_resolved(given), options, lock_timeout_s))


async def upgrade(
    database: Database | DatabaseSettings, revision: str = "head", *, config: Path | str | None = None
) -> None:
    """Bring the tables of a database up to a revision, in a thread: the event loop stays free.

    Args:
        database: A database, or where it is.
        revision: Up to which; `head` is the newest.
        config: The pyproject.toml or alembic.ini; None is the pyproject.toml in the current folder.

    Raises:
        MigrationsError: The configuration or the revision is missing.
        AppError: The database refused; ServiceUnavailableError where it, or the lock, was not to be had.
    """
    await to_thread(_command, "upgrade", _config_for(database, config), revision)


async def downgrade(database: Database | DatabaseSettings, revision: str, *, config: Path | str | None = None) -> None:
    """Take the tables of a database back to a revision, `base` for none at all; the rest as in `upgrade`."""
    await to_thread(_command, "downgrade", _config_for(database, config), revision)


async def check_at_head(database: Database, heads: frozenset[str]) -> None:
    """Compare the revision of a database with those that `heads_of` found.

    Raises:
        MigrationsError: They differ; the message names both.
        AppError: The database does not answer.
    """
    with app_errors():
        async with database.engine.connect() as connection:
            found = await connection.run_sync(_revisions_in)
    if found != heads:
        raise MigrationsError(f"the database is at {_named(found)}, the migrations are at {_named(heads)}")


def heads_of(config: Path) -> frozenset[str]:
    """Read the newest revisions from the scripts."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as in alembic_config

    with _one_at_a_time:
        return frozenset(ScriptDirectory.from_config(alembic_config(config)).get_heads())


class _Online:
    """Connects, takes the lock, and lets Alembic do what it was called for."""

    def __init__(self, settings: DatabaseSettings, options: dict[str, object], lock_timeout_s: float) -> None:
        is_postgres = url_of(settings).get_dialect().name == "postgresql"
        self._settings = settings.model_copy(update={"command_timeout_s": DDL_TIMEOUT_S}) if is_postgres else settings
        self._options = options
        self._lock_timeout_s = lock_timeout_s

    async def run(self) -> None:
        engine = build_engine(self._settings, "asgi_stack migrations")
        try:
            with app_errors():
                async with engine.connect() as connection:
                    await connection.run_sync(self._with_lock)
        finally:
            await engine.dispose()

    def _with_lock(self, connection: Connection) -> None:
        options = {**self._options, "connection": connection}
        if connection.dialect.name == "sqlite":
            # Its DDL is undone by a rollback, since our engines begin their transactions themselves.
            options = {"render_as_batch": True, "transactional_ddl": True, **options}
        if not _changes_the_database():
            _configure_and_run(options)
            return
        with migration_lock(connection, timeout_s=self._lock_timeout_s):
            began, before = perf_counter(), _revisions_in(connection)
            connection.rollback()
            _configure_and_run(options)
            after = _revisions_in(connection)
            fields = {"before": _named(before), "after": _named(after), "took_s": round(perf_counter() - began, 3)}
            _logger.info("migrations_done", extra=fields)


def _changes_the_database() -> bool:
    """Tell an upgrade, a downgrade and a stamp from `current`, `check` and `revision`, which only look."""
    from alembic import context  # noqa: PLC0415 - as in alembic_config

    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def _configure_and_run(options: dict[str, object]) -> None:
    from alembic import context  # noqa: PLC0415 - as in alembic_config

    context.configure(**options)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # the user's own
    with context.begin_transaction():
        context.run_migrations()


def _render(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Write our own type as the SQLAlchemy type that it is in the database: migrations need no import of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def _in_a_loop_of_its_own(work: _Online) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work.run())
        return
    with ThreadPoolExecutor(1, "asgi_stack migrations") as thread:
        thread.submit(asyncio.run, work.run()).result()


def _resolved(settings: DatabaseSettings | Callable[[], DatabaseSettings] | None) -> DatabaseSettings:
    if settings is None:
        return Settings().database
    return settings if isinstance(settings, DatabaseSettings) else settings()


def _config_for(database: Database | DatabaseSettings, config: Path | str | None) -> Config:
    made = alembic_config(check_config(config))
    made.attributes[_SETTINGS] = database if isinstance(database, DatabaseSettings) else _settings_of(database)
    return made


def _settings_of(database: Database) -> DatabaseSettings:
    url = database.engine.url
    if url.query.get("mode") != "memory":
        return database.settings
    # What is in memory has a name of its own, by which a second connection finds it.
    return database.settings.model_copy(update={"url": SecretStr(url.render_as_string(hide_password=False))})


def _command(name: str, config: Config, *arguments: str) -> None:
    from alembic import command  # noqa: PLC0415 - as in alembic_config
    from alembic.util import CommandError  # noqa: PLC0415 - as in alembic_config

    try:
        with _one_at_a_time:
            getattr(command, name)(config, *arguments)
    except CommandError as error:
        raise MigrationsError(str(error)) from error


def _revisions_in(connection: Connection) -> frozenset[str]:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - as in alembic_config

    return frozenset(MigrationContext.configure(connection).get_current_heads())


def _named(revisions: frozenset[str]) -> str:
    return ", ".join(sorted(revisions)) or "nothing"
