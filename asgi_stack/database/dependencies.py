"""Sessions for code that was not given a database: the request's, or of the only one that is open in this process.

```python
@app.get("/items/{item_id}")
async def read_item(item_id: UUID, session: Annotated[AsyncSession, Depends(get_db)]): ...
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.database.request_session import current_database
from asgi_stack.database.session import Database

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.ext.asyncio import AsyncSession

    from asgi_stack.database.request_session import JoinedSession
    from asgi_stack.database.session import Transaction

__all__ = ["NoDatabaseError", "get_async_session", "get_db"]


class NoDatabaseError(RuntimeError):
    """It is not clear which database is meant: none is open in this process, or more than one."""


def get_async_session() -> JoinedSession | Transaction:
    """Give the request's session for an `async with`, or open one.

    Inside a `DatabaseSessionMiddleware` it is the one session of the request, which the middleware commits before the
    response starts. Elsewhere it is a session of its own, as `Database.session()` opens it: the block's end commits.

    Raises:
        NoDatabaseError: There is no such middleware, and no database's lifespan is under way in this process, or more
            than one is.
    """
    request = current_database()
    return _only_open_database().session() if request is None else request.join()


async def get_db() -> AsyncGenerator[AsyncSession]:
    """Give the session of `get_async_session` to a framework's dependency injection.

    Raises:
        NoDatabaseError: As `get_async_session`.
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
