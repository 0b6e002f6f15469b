"""Ask a connection of the pool whether it is alive, and never wait long for one that is not.

For a dead wire asyncpg raises Python's own TimeoutError, which SQLAlchemy takes for an error of the program; and to
close such a connection in peace takes two more seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

__all__ = ["PING_TIMEOUT_S", "ping_within"]

PING_TIMEOUT_S: Final = 1.0
"""Far more than an empty statement takes on any network that a service should have between it and its database."""


class _Driver(Protocol):
    async def fetchrow(self, query: str, *, timeout: float) -> object: ...  # noqa: ASYNC109 - asyncpg's own
    def terminate(self) -> None: ...


class _Adapter(Protocol):
    driver_connection: _Driver


def ping_within(engine: Engine, timeout_s: float) -> None:
    """Let an asyncpg engine's question before each checkout fail in time, whatever happens to the wire."""

    def is_alive(dbapi_connection: _Adapter) -> bool:
        driver = dbapi_connection.driver_connection
        try:
            await_only(driver.fetchrow(";", timeout=timeout_s))
        except Exception:  # noqa: BLE001 - whatever it is, another connection takes its place
            driver.terminate()
            return False
        return True

    engine.dialect.do_ping = is_alive  # type: ignore[method-assign, assignment] # pyright: ignore[reportAttributeAccessIssue] # of the one driver
