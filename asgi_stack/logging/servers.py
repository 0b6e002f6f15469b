"""Take over the loggers of uvicorn and hypercorn: one form for all lines, and no second traceback."""

from __future__ import annotations

import logging
import re
from typing import Final

from asgi_stack.logging.marks import was_logged

__all__ = ["take_over_server_loggers"]

ERROR_LOGGERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "hypercorn.error")
ACCESS_LOGGERS: Final = ("uvicorn.access", "hypercorn.access")


PER_REQUEST: Final = re.compile(
    r'%s - "WebSocket |connection (open|closed|rejected)|ASGI callable returned without'
).match
"""What uvicorn says about single websockets and requests on its error logger; the stack's own lines say it better."""


class ServerBridge(logging.Filter):
    """Send a server's records to our handler and nowhere else.

    It is a filter of the logger, not a handler: hypercorn puts its own handlers in place after the lifespan has
    started, and a filter stands before all of them.

    Attributes:
        was_off: Whether the logger could reach no handler before it was taken over.
    """

    def __init__(self, handler: logging.Handler | None, *, per_request: bool, was_off: bool = False) -> None:
        super().__init__()
        self.was_off = was_off
        self._handler = handler
        self._per_request = per_request

    def filter(self, record: logging.LogRecord) -> bool:
        """Hand the record on, unless it repeats what was already logged; stop it here in any case."""
        if self._handler is not None and record.levelno >= self._handler.level and not self._repeats(record):
            self._handler.handle(record)
        return False

    def _repeats(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return was_logged(error)
        return not self._per_request and PER_REQUEST(str(record.msg)) is not None


def take_over_server_loggers(handler: logging.Handler, *, access_log: bool) -> None:
    """Route the servers' lines to a handler; `access_log=False` silences what they say about single requests."""
    for name in ERROR_LOGGERS:
        _take_over(logging.getLogger(name), ServerBridge(handler, per_request=access_log))
    for name in ACCESS_LOGGERS:
        logger = logging.getLogger(name)
        is_off = _is_off(logger)
        bridge = ServerBridge(handler if access_log else None, per_request=access_log, was_off=is_off)
        _take_over(logger, bridge)
        # uvicorn makes its access lines only where a handler is in reach; the bridge lets nothing through to this one.
        logger.propagate = False
        if access_log and not is_off:
            logger.addHandler(logging.NullHandler())


def _is_off(logger: logging.Logger) -> bool:
    """Tell whether the server had silenced its access lines before we came, as `uvicorn --no-access-log` does."""
    for bridge in logger.filters:
        if isinstance(bridge, ServerBridge):
            return bridge.was_off
    return not logger.handlers and not logger.propagate


def _take_over(logger: logging.Logger, bridge: ServerBridge) -> None:
    for old in [each for each in logger.filters if isinstance(each, ServerBridge)]:
        logger.removeFilter(old)
    logger.handlers.clear()
    logger.addFilter(bridge)
