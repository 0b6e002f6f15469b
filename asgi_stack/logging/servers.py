"""Take over the loggers of uvicorn and hypercorn: one form for all lines, and no second traceback."""

from __future__ import annotations

import logging
from typing import Final

from asgi_stack.logging.marks import was_logged

__all__ = ["take_over_server_loggers"]

ERROR_LOGGERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "hypercorn.error")
ACCESS_LOGGERS: Final = ("uvicorn.access", "hypercorn.access")


class ServerBridge(logging.Filter):
    """Send a server's records to our handler and nowhere else.

    It is a filter of the logger, not a handler: hypercorn puts its own handlers in place after the lifespan has
    started, and a filter stands before all of them.
    """

    def __init__(self, handler: logging.Handler | None) -> None:
        super().__init__()
        self._handler = handler

    def filter(self, record: logging.LogRecord) -> bool:
        """Hand the record on, unless it repeats a traceback that was already logged; stop it here in any case."""
        error = record.exc_info[1] if record.exc_info else None
        if self._handler is not None and not (error is not None and was_logged(error)):
            self._handler.handle(record)
        return False


def take_over_server_loggers(handler: logging.Handler, *, access_log: bool) -> None:
    """Route the servers' lines to a handler; `access_log=False` silences their access lines."""
    for name in ERROR_LOGGERS:
        _take_over(logging.getLogger(name), handler)
    for name in ACCESS_LOGGERS:
        _take_over(logging.getLogger(name), handler if access_log else None)


def _take_over(logger: logging.Logger, handler: logging.Handler | None) -> None:
    for old in [each for each in logger.filters if isinstance(each, ServerBridge)]:
        logger.removeFilter(old)
    logger.handlers.clear()
    logger.addFilter(ServerBridge(handler))
    # Without any handler in reach uvicorn does not even format its access line.
    logger.propagate = handler is not None
