"""Get a database ready: reach it, migrate it, and try again while it is still starting itself."""

from __future__ import annotations

from asyncio import get_running_loop, shield, sleep
from typing import TYPE_CHECKING, Final

from asgi_stack.database.errors import raise_clean
from asgi_stack.exceptions import ServiceUnavailableError
from asgi_stack.logging.exceptions import log_exception

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Awaitable, Callable

__all__ = ["Opening"]

FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 2.0

_LOGGER: Final = "asgi_stack.database"


class Opening:
    """The way of one database to being ready, taken once, whoever comes first.

    Args:
        prepare: Reaches the database and does what must be done before it is used; raises ServiceUnavailableError when
            another try may succeed.

    Attributes:
        is_ready: Whether `prepare` has succeeded.
    """

    def __init__(self, prepare: Callable[[], Awaitable[None]]) -> None:
        self.is_ready = False
        self._prepare = prepare
        self._attempt: Task[None] | None = None

    async def within(self, seconds: float) -> None:
        """Try until it succeeds, with growing pauses, until the time is up; each failed try is a WARNING.

        Raises:
            ServiceUnavailableError: It did not succeed in time.
            Exception: What else `prepare` raised: no time will mend that.
        """
        deadline = get_running_loop().time() + seconds
        pause, attempt = FIRST_PAUSE_S, 1
        while True:
            try:
                return await self._try()
            except ServiceUnavailableError as error:
                if get_running_loop().time() + pause >= deadline:
                    raise
                log_exception(
                    error,
                    "database_not_ready",
                    level="warning",
                    logger=_LOGGER,
                    attempt=attempt,
                    retry_in_s=pause,
                )
            await sleep(pause)
            pause, attempt = min(pause * 2, LONGEST_PAUSE_S), attempt + 1

    async def once(self) -> None:
        """Try, together with all that come meanwhile: fifty requests at once are one try.

        Raises:
            ServiceUnavailableError: It failed; the next to come tries again.
            Exception: What else `prepare` raised.
        """
        if self.is_ready:
            return
        loop = get_running_loop()
        attempt = self._attempt
        if attempt is None or attempt.done() or attempt.get_loop() is not loop:
            self._attempt = attempt = loop.create_task(self._try())
            attempt.add_done_callback(_look_at)
        try:
            await shield(attempt)
        except ServiceUnavailableError as error:
            # One of its own for each, since an error gathers the traces of all who raise it.
            raise_clean(
                ServiceUnavailableError(error.message, retry_after_s=error.retry_after_s, context=error.context)
            )

    async def _try(self) -> None:
        await self._prepare()
        self.is_ready = True


def _look_at(attempt: Task[None]) -> None:
    """Retrieve the exception of an attempt: all who waited for it may have been cancelled."""
    if not attempt.cancelled():
        attempt.exception()
