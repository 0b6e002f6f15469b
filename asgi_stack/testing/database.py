"""A database in tests: tables made and left behind by nobody, and transactions that never were."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from asgi_stack.database import Database, DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import MetaData

__all__ = ["create_tables", "rolled_back"]


async def create_tables(url: str, metadata: MetaData) -> None:
    """Make the tables of some models in a database.

    Raises:
        AppError: The database does not answer, or refuses.
    """
    database = Database(DatabaseSettings.model_validate({"url": url}))
    async with database.lifespan(), database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncGenerator[Database]:
    """Undo all that is done through a database inside, also what was committed.

    All its sessions share one connection and one transaction; a commit ends a savepoint. So they cannot be at work at
    the same time: requests that run together need a database of their own.
    """
    async with database.engine.connect() as connection:
        transaction = await connection.begin()
        database.sessionmaker.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield database
        finally:
            database.sessionmaker.configure(bind=database.engine, join_transaction_mode="conditional_savepoint")
            await transaction.rollback()
