"""A database of the service: it opens and closes with the server, and gives sessions that end as they should.

```python
database = Database(settings.database)
application = wrap(app, resources=[database.lifespan])

async with database.session() as session:      # commits at the end, rolls back on an error
    session.add(Item(name="Lamp"))
```
"""

from __future__ import annotations

from asyncio import create_task, shield
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from asgi_stack.database.engines import build_engine
from asgi_stack.database.errors import app_errors, raise_clean, to_app_error
from asgi_stack.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Database", "Transaction"]


class Database:
    """An engine, its pool and its sessions.

    Args:
        settings: Where it is and how it is connected to; `Settings().database`, or `DatabaseSettings(url=...)`.
        application_name: What PostgreSQL shows for its connections in `pg_stat_activity`.

    Attributes:
        engine: SQLAlchemy's AsyncEngine. It connects when it is first used, in the event loop of that moment.
        sessionmaker: Makes sessions without any rule about their end; what they give stays readable after a commit.

    Raises:
        ImportError: The driver is not installed; the message names the extra.
        TypeError: `settings` are none.
        ValueError: The URL is missing or cannot be read, a mode of TLS is unknown, a certificate cannot be read.

    In-memory SQLite (`sqlite://`) has one connection, for which sessions wait in turn.
    """

    opened: ClassVar[list[Database]] = []
    """The databases of this process whose lifespan is under way."""

    def __init__(self, settings: DatabaseSettings, *, application_name: str = "asgi_stack") -> None:
        if not isinstance(settings, DatabaseSettings):
            raise TypeError(f"settings must be DatabaseSettings, not {type(settings).__name__}")
        self._is_required: Final = settings.required
        self.engine: AsyncEngine = build_engine(settings, application_name)
        self.sessionmaker: async_sessionmaker[AsyncSession] = async_sessionmaker(self.engine, expire_on_commit=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.engine.url.render_as_string(hide_password=True)!r})"

    def session(self) -> Transaction:
        """Open a session for an `async with`: it commits at the end, rolls back on any error, and closes.

        Raises:
            ConflictError: The database refused what would break a unique or foreign key.
            ServiceUnavailableError: It cannot be reached, has no connection left, or took too long.
            AppError: It refused for another reason.
        """
        return Transaction(self.sessionmaker)

    async def get_db(self) -> AsyncGenerator[AsyncSession]:
        """Give one session as `session()` does: a dependency for `Depends(database.get_db, scope="function")`."""
        async with self.session() as session:
            yield session

    async def check(self) -> None:
        """Ask the database for an answer.

        Raises:
            AppError: There is none; ServiceUnavailableError where it cannot be reached.
        """
        with app_errors():
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[Database]:
        """Check the connection, be the database that `get_db` means, and close all connections at the end.

        Raises:
            AppError: The database does not answer, and the settings say that it is required.
        """
        try:
            if self._is_required:
                await self.check()
            self.opened.append(self)
            yield self
        finally:
            if self in self.opened:
                self.opened.remove(self)
            await self.engine.dispose()


class Transaction:
    """One session from its opening to its commit or rollback; `Database.session()` makes it.

    Whatever the database raises leaves as an AppError, without SQL, parameters or rows anywhere in its chain.
    """

    def __init__(self, sessionmaker: async_sessionmaker[AsyncSession]) -> None:
        self._session: Final = sessionmaker()

    async def __aenter__(self) -> AsyncSession:
        """Give the session; it takes a connection when it first needs one."""
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, or roll back and raise what the error comes to."""
        try:
            if error is None:
                with app_errors():
                    await self._session.commit()
        finally:
            await self._close()
        made = None if error is None else to_app_error(error)
        if made is not None:
            raise_clean(made)

    async def _close(self) -> None:
        """Roll back what is left and give the connection back, also while the task is being cancelled."""
        await shield(create_task(self._session.close()))
