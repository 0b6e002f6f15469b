"""An app at work on one connection, in a task of its own, and the test that waits for it."""

from __future__ import annotations

from asyncio import Task, create_task, timeout, wait
from typing import TYPE_CHECKING, Final

from asgi_stack.testing.client_errors import ASGITimeoutError, ClientLeftError, summary_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgi_stack.testing.connection import Connection
    from asgi_stack.types import AnyASGIApp

__all__ = ["Call"]

_CANCELLATION_S: Final = 1.0
"""Seconds that a cancelled app may take to end; one that resists is left behind."""


class Call:
    """One call of an app, in a copy of the test's context: what the app sets there does not leak into the test.

    Args:
        app: The application.
        connection: The server's end of the call.
        title: What a message calls it, as in `GET /items`.
        timeout_s: Seconds that the test waits for any one thing.
        raise_exceptions: Whether what the app raises is raised to the test, when it left the connection incomplete.
    """

    def __init__(
        self, app: AnyASGIApp, connection: Connection, *, title: str, timeout_s: float, raise_exceptions: bool
    ) -> None:
        self.connection = connection
        self.title = title
        self._app = app
        self._timeout_s = timeout_s
        self._raise_exceptions = raise_exceptions
        self._task: Task[None] | None = None

    def begin(self) -> None:
        """Start the app."""
        self._task = create_task(self.connection.run(self._app), name=f"app at {self.title}")

    async def until(self, holds: Callable[[], bool], awaited: str) -> None:
        """Wait for the app.

        Args:
            holds: The condition.
            awaited: What it stands for, in the words of the error.

        Raises:
            ASGITimeoutError: It did not come about in time.
        """
        try:
            async with timeout(self._timeout_s):
                await self.connection.until(holds)
        except TimeoutError:
            raise ASGITimeoutError(self._complaint(awaited)) from None

    async def finish(self) -> None:
        """Wait until the app is over, and raise what it raised where the test shall see that.

        Raises:
            ASGITimeoutError: It is not over in time; it was cancelled.
        """
        try:
            await self.until(lambda: self.connection.is_over, "the app did not end")
        finally:
            await self.stop()
        self.raise_error()

    async def stop(self) -> None:
        """Cancel the app if it still runs."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await wait([self._task], timeout=_CANCELLATION_S)

    def raise_error(self) -> None:
        """Raise what the app raised, once, unless it answered completely or was only told that the client has gone.

        An AssertionError is raised even after a complete answer: it is a verdict on the app, as those of ASGILint.
        """
        error = self.connection.raised
        if error is None or not self._raise_exceptions or _comes_of_a_gone_client(error):
            return
        if not self.connection.is_complete or isinstance(error, AssertionError):
            self._raise_exceptions = False
            raise error

    def _complaint(self, awaited: str) -> str:
        place = "; the app waits in receive()" if self.connection.is_asking else ""
        sent = summary_of(self.connection.messages)
        return f"{self.title}: {awaited} within {self._timeout_s:g} s{place}; so far the app sent: {sent}"


def _comes_of_a_gone_client(error: BaseException | None) -> bool:
    # Frameworks turn the server's OSError into an exception of their own.
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, ClientLeftError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
