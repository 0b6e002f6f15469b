"""Sessions for code that was not given a database: of the only one that is open in this process.

```python
@app.get("/items/{item_id}")
async def read_item(item_id: UUID, session: Annotated[AsyncSession, Depends(get_db, scope="function")]): ...
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.database.session import Database

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncSession

    from asgi_stack.database.session import Transaction

__all__ = ["NoDatabaseError", "get_async_session", "get_db"]


class NoDatabaseError(RuntimeError):
    """It is not clear which database is meant: none is open in this process, or more than one."""


def get_async_session() -> Transaction:
    """Open a session for an `async with`, as `Database.session()` does.

    Raises:
        NoDatabaseError: No database's lifespan is under way in this process, or more than one is.
    """
    return _only_open_database().session()


async def get_db() -> AsyncGenerator[AsyncSession]:
    """Give one session to a framework's dependency injection; it commits when the generator is resumed.

    Raises:
        NoDatabaseError: No database's lifespan is under way in this process, or more than one is.
    """
    async with get_async_session() as session:
        yield session


def _only_open_database() -> Database:
    opened = Database.opened
    if not opened:
        raise NoDatabaseError("No database is open: does its lifespan run? wrap(app, resources=[database.lifespan])")
    if len(opened) > 1:
        raise NoDatabaseError(f"{len(opened)} databases are open; use the session() of the one you mean: {opened}")
    return opened[0]
