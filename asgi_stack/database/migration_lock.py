"""Let one process at a time change the tables, and the next one in when that process dies.

On PostgreSQL it is an advisory lock of the very session that runs the DDL: the server gives it back when that session
ends, which is when its open transaction has been rolled back. It is asked for again and again, since who waits for
such a lock inside a statement keeps `CREATE INDEX CONCURRENTLY` of its holder waiting for ever. On SQLite it is a lock
on a file beside the database, which the system gives back.

Source: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from asgi_stack.database.errors import unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy.engine import Connection

__all__ = ["LOCK_KEYS", "migration_lock"]

LOCK_KEYS: Final = {"first": 0x41534749, "second": 0x4D494752}
"""The two keys of the advisory lock, `ASGI` and `MIGR` in ASCII: one lock for each database."""

POLL_S: Final = 0.2

_logger: Final = logging.getLogger("asgi_stack.migrations")

_TRY: Final = text("SELECT pg_try_advisory_lock(:first, :second)")
_UNLOCK: Final = text("SELECT pg_advisory_unlock(:first, :second)")
_HOLDER: Final = text(
    "SELECT a.pid, a.application_name, a.client_addr::text FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = "
    "current_database()) AND l.classid = :first AND l.objid = :second"
)


@contextmanager
def migration_lock(connection: Connection, *, timeout_s: float) -> Generator[None]:
    """Hold the lock of the connection's database for the length of the block.

    Args:
        connection: The one that will run the DDL, outside of any transaction.
        timeout_s: Seconds to wait for another holder.

    Raises:
        ServiceUnavailableError: Another process has held it for all that time; the log and the error say which.
    """
    if connection.dialect.name == "postgresql":
        _wait(lambda: _try_postgres(connection), lambda: _holder(connection), timeout_s)
        try:
            yield
        finally:
            _unlock(connection)
    elif connection.engine.url.query.get("mode") == "memory":
        yield
    else:
        with _file_lock(str(connection.engine.url.database), timeout_s):
            yield


def _wait(attempt: Callable[[], bool], holder: Callable[[], str], timeout_s: float) -> None:
    began = monotonic()
    is_told = False
    while not attempt():
        if monotonic() - began >= timeout_s:
            raise unavailable("the migrations' lock is taken", held_by=holder(), waited_s=round(monotonic() - began, 1))
        if not is_told:
            _logger.info("migration_lock_waiting", extra={"held_by": holder()})
            is_told = True
        sleep(POLL_S)
    _logger.info("migration_lock_taken", extra={"waited_s": round(monotonic() - began, 3)})


def _try_postgres(connection: Connection) -> bool:
    is_taken = bool(connection.execute(_TRY, LOCK_KEYS).scalar())
    # The lock belongs to the session; an open transaction would hold a snapshot while we wait.
    connection.commit()
    return is_taken


def _holder(connection: Connection) -> str:
    row = connection.execute(_HOLDER, LOCK_KEYS).first()
    connection.commit()
    return "nobody any more" if row is None else f"{row[1] or 'unnamed'}, pid {row[0]}, from {row[2] or 'this machine'}"


def _unlock(connection: Connection) -> None:
    if not connection.closed and not connection.invalidated:
        connection.rollback()
        connection.execute(_UNLOCK, LOCK_KEYS)
        connection.commit()


@contextmanager
def _file_lock(database: str, timeout_s: float) -> Generator[None]:
    from filelock import FileLock, Timeout  # noqa: PLC0415 - of the extra `migrations`

    path = f"{database}.migrations.lock"
    lock = FileLock(path)

    def attempt() -> bool:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    _wait(attempt, lambda: f"another process, by {path}", timeout_s)
    try:
        yield
    finally:
        lock.release()
