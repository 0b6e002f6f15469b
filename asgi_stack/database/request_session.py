"""The one session of a request, and where those who ask for it find it.

It is found through the request's record, which every copy of the context refers to; without one, through a variable.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from asgi_stack.context import current_request
from asgi_stack.database.errors import raise_clean, to_app_error
from asgi_stack.log_fields import reset_quietly

if TYPE_CHECKING:
    from contextvars import Token
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncSession

    from asgi_stack.context import RequestContext
    from asgi_stack.database.session import Database, Transaction

__all__ = ["JoinedSession", "RequestSession", "current_database"]

_without_record: Final[ContextVar[RequestSession | None]] = ContextVar("asgi_stack_database", default=None)


def current_database() -> RequestSession | None:
    """Give what the innermost DatabaseSessionMiddleware around this code has put here, or None outside of any."""
    record = current_request.get()
    if record is not None and isinstance(record.database, RequestSession):
        return record.database
    return _without_record.get()


class RequestSession:
    """A request's database, and its session once somebody asked for it.

    Args:
        database: The one of the middleware.
        is_shared: Whether all that ask get one session; else each gets its own, as on a websocket.

    Attributes:
        transaction: The session's, else None.
    """

    __slots__ = ("_is_shared", "_outer", "_record", "_token", "database", "transaction")

    def __init__(self, database: Database, *, is_shared: bool) -> None:
        self.database = database
        self.transaction: Transaction | None = None
        self._is_shared = is_shared
        self._record: RequestContext | None = None
        self._outer: object = None
        self._token: Token[RequestSession | None] | None = None

    def enter(self) -> None:
        """Be what `get_async_session` and `get_db` mean from here on."""
        self._record = record = current_request.get()
        if record is None:
            self._token = _without_record.set(self)
        else:
            self._outer, record.database = record.database, self

    def leave(self) -> None:
        """Be that no longer, but for tasks that outlive the request: they get sessions of their own."""
        self._is_shared = False
        if self._record is not None:
            self._record.database = self._outer or self
        elif self._token is not None:
            reset_quietly(_without_record, self._token)
        self._record = self._outer = self._token = None

    def join(self) -> JoinedSession | Transaction:
        """Give the request's session for an `async with` that does not end it, or one of its own."""
        return JoinedSession(self) if self._is_shared else self.database.session()

    async def begin(self) -> AsyncSession:
        """Give the session; the first time, make it, and open the database where no server has.

        Raises:
            ServiceUnavailableError: The database could not be opened.
            RuntimeError: The request is over, or its session was released before the stream.
        """
        if not self._is_shared:
            raise RuntimeError("the request's session is over: ask get_async_session() for one where it is used")
        if self.transaction is None:
            if not self.database.is_ready:
                await self.database.open()
            self.transaction = self.database.session()
        return self.transaction.session

    async def commit(self) -> None:
        """Write what was done, if anything was.

        Raises:
            AppError: The database refused.
        """
        if self.transaction is not None:
            await self.transaction.commit()

    async def roll_back(self) -> None:
        """Take back what was done and give the connection back; the session may be used again."""
        if self.transaction is not None:
            await self.transaction.roll_back()

    async def close(self) -> None:
        """Take back what was not committed, and be over."""
        self._is_shared = False
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            await transaction.close()


class JoinedSession:
    """Takes part in the request's session: the end of the block neither commits nor rolls back."""

    def __init__(self, request: RequestSession) -> None:
        self._request: Final = request

    async def __aenter__(self) -> AsyncSession:
        """Give the request's session."""
        return await self._request.begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise what the error comes to; what becomes of the session is decided when the response starts."""
        made = None if error is None else to_app_error(error)
        if made is not None:
            raise_clean(made)
