"""A database of the service: it opens and closes with the server, and gives sessions that end as they should.

```python
database = Database(settings.database)
application = wrap(app, resources=[database.lifespan])

async with database.session() as session:      # commits at the end, rolls back on an error
    session.add(Item(name="Lamp"))
```
"""

from __future__ import annotations

from asyncio import to_thread
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from asgi_stack.database.commit_hooks import run_due
from asgi_stack.database.ending import run_to_its_end
from asgi_stack.database.engines import build_engine
from asgi_stack.database.errors import app_errors, raise_clean, to_app_error
from asgi_stack.database.migration_config import check_config
from asgi_stack.database.opening import Opening
from asgi_stack.database.request_session import current_database
from asgi_stack.exceptions import ServiceUnavailableError
from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import log_exception
from asgi_stack.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Database", "Transaction"]

CLOSE_S: Final = 5.0
"""How long a rollback may take; one that takes longer loses its connection, and the server rolls back."""


class Database:
    """An engine, its pool and its sessions.

    Args:
        settings: Where it is and how it is connected to; `Settings().database`, or `DatabaseSettings(url=...)`.
        application_name: What PostgreSQL shows for its connections in `pg_stat_activity`.
        migrations: The pyproject.toml or alembic.ini that says where the migrations are. They are run at the start when
            the settings say `migrate_at_start`, and `/health/ready` then has a check `migrations`.

    Attributes:
        settings: As they were given.
        engine: SQLAlchemy's AsyncEngine. It connects when it is first used, in the event loop of that moment.
        sessionmaker: Makes sessions without any rule about their end; what they give stays readable after a commit.

    Raises:
        ImportError: The driver, or Alembic for `migrations`, is not installed; the message names the extra.
        MigrationsError: There are no migrations where they should be.
        TypeError: `settings` are none.
        ValueError: The URL is missing or cannot be read, a mode of TLS is unknown, a certificate cannot be read.

    In-memory SQLite (`sqlite://`) has one connection, for which sessions wait in turn.
    """

    opened: ClassVar[list[Database]] = []
    """The databases of this process whose lifespan is under way."""

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        application_name: str = "asgi_stack",
        migrations: Path | str | None = None,
    ) -> None:
        if not isinstance(settings, DatabaseSettings):
            raise TypeError(f"settings must be DatabaseSettings, not {type(settings).__name__}")
        self.settings: Final = settings
        self._migrations = check_config(migrations) if migrations or settings.migrate_at_start else None
        self._heads: frozenset[str] | None = None
        self._opening: Final = Opening(self._prepare)
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
        """Give the request's session, or one as `session()` does: a dependency for `Depends(database.get_db)`.

        Outside a DatabaseSessionMiddleware of this database it must end before the response starts:
        `Depends(database.get_db, scope="function")`.
        """
        request = current_database()
        joined = self.session() if request is None or request.database is not self else request.join()
        async with joined as session:
            yield session

    async def check(self) -> None:
        """Ask the database for an answer.

        Raises:
            AppError: There is none; ServiceUnavailableError where it cannot be reached.
        """
        with app_errors():
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))

    def health_checks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Give the checks for `HealthMiddleware`.

        `database` asks it, and opens it where no server has. `migrations`, for a database that knows of its migrations,
        compares its revision with theirs.
        """
        checks: dict[str, Callable[[], Awaitable[None]]] = {"database": self._check_open}
        if self._migrations is not None:
            checks["migrations"] = self._check_migrations
        return checks

    @property
    def is_ready(self) -> bool:
        """Whether the database was reached since the server started, and migrated where the settings ask for it."""
        return self._opening.is_ready

    async def open(self) -> None:
        """Make the database ready where no server has: on the first request, once, also for fifty at a time.

        Raises:
            ServiceUnavailableError: It cannot be reached; the next call tries again.
        """
        await self._opening.once()

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[Database]:
        """Reach the database, be the one that `get_db` means, and close all connections at the end.

        A database that is `required` is waited for, with growing pauses, for as long as `startup_timeout_s` says; one
        that is not is tried once, and again when a request needs it.

        Raises:
            AppError: The database does not answer, and the settings say that it is required.
        """
        try:
            await self._start()
            self.opened.append(self)
            yield self
        finally:
            if self in self.opened:
                self.opened.remove(self)
            self._opening.is_ready = False
            await self.engine.dispose()

    async def _check_open(self) -> None:
        if self.is_ready:
            await self.check()
        else:
            await self.open()

    async def _start(self) -> None:
        if self.settings.required:
            return await self._opening.within(self.settings.startup_timeout_s)
        try:
            await self._opening.once()
        except ServiceUnavailableError as error:
            log_exception(error, "database_not_ready", level="warning", logger="asgi_stack.database")

    async def _prepare(self) -> None:
        await self.check()
        if self.settings.migrate_at_start:
            from asgi_stack.database.migrations import upgrade  # noqa: PLC0415 - brings Alembic

            await upgrade(self, config=self._migrations)

    async def _check_migrations(self) -> None:
        from asgi_stack.database.migrations import check_at_head, heads_of  # noqa: PLC0415 - brings Alembic

        if self._heads is None and self._migrations is not None:
            self._heads = await to_thread(heads_of, self._migrations)
        await check_at_head(self, self._heads or frozenset())


class Transaction:
    """One session from its opening to its commit or rollback; `Database.session()` makes it.

    Whatever the database raises leaves as an AppError, without SQL, parameters or rows anywhere in its chain.

    Attributes:
        session: SQLAlchemy's; it takes a connection when it first needs one. Once this is over it cannot be used again:
            nobody would give its connection back.
    """

    def __init__(self, sessionmaker: async_sessionmaker[AsyncSession]) -> None:
        self.session: Final = sessionmaker(close_resets_only=False)

    async def __aenter__(self) -> AsyncSession:
        """Give the session."""
        return self.session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, or roll back and raise what the error comes to."""
        try:
            if error is None:
                await self.commit()
        finally:
            await self.close()
        made = None if error is None else to_app_error(error)
        if made is not None:
            raise_clean(made)

    async def commit(self) -> None:
        """Write what was done, give the connection back, and call what waited for it: see `after_commit`.

        Raises:
            AppError: The database refused.
        """
        with app_errors():
            await self.session.commit()
        await run_due(self.session)

    async def roll_back(self) -> None:
        """Take back what was done since the last commit and give the connection back, also while being cancelled."""
        await run_to_its_end(self._end(self.session.rollback), limit_s=CLOSE_S)

    async def close(self) -> None:
        """Take back what was not committed, give the connection back, and be over, also while being cancelled."""
        await run_to_its_end(self._end(self.session.close), limit_s=CLOSE_S)
        await run_due(self.session)

    async def _end(self, how: Callable[[], Awaitable[None]]) -> None:
        try:
            await how()
        except SQLAlchemyError as error:
            # The connection is out of the pool by then, and the transaction dies with it: there is nothing to tell.
            emit("warning", "database_rollback_failed", {"error": type(error).__name__}, logger="asgi_stack.database")
