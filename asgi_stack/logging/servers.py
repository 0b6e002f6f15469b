"""Take over the loggers of uvicorn and hypercorn: one form for all lines, and no second traceback."""

from __future__ import annotations

import logging
import re
from typing import Final

from asgi_stack.logging.handlers import handlers_elsewhere, is_of_console
from asgi_stack.logging.marks import was_logged

__all__ = ["take_over_server_loggers"]

ERROR_LOGGERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "hypercorn.error")
ACCESS_LOGGERS: Final = ("uvicorn.access", "hypercorn.access")


PER_REQUEST: Final = re.compile(
    r'%s - "WebSocket |connection (open|closed|rejected)|ASGI callable returned without'
).match
"""What uvicorn says about single websockets and requests on its error logger; the stack's own lines say it better."""


class ServerBridge(logging.Filter):
    """Send a server's records to our handler in the place of the server's own.

    It is a filter of the logger, not a handler: hypercorn puts its own handlers in place after the lifespan has
    started, and a filter stands before all of them. Handlers that send records elsewhere get them as before.

    Attributes:
        was_off: Whether the logger could reach no handler before it was taken over.
        propagated: Whether it passed records on before it was taken over.
    """

    def __init__(self, logger: logging.Logger, handler: logging.Handler | None, *, per_request: bool) -> None:
        super().__init__()
        before = next((each for each in logger.filters if isinstance(each, ServerBridge)), None)
        self.propagated: bool = before.propagated if before else logger.propagate
        self.was_off: bool = before.was_off if before else not logger.handlers and not logger.propagate
        self._logger = logger
        self._handler = handler
        self._per_request = per_request

    def filter(self, record: logging.LogRecord) -> bool:
        """Hand the record on, to us unless it repeats what was already logged; stop it here in any case."""
        if self._handler is not None and record.levelno >= self._handler.level and not self._repeats(record):
            self._handler.handle(record)
        for handler in handlers_elsewhere(self._logger):
            if record.levelno >= handler.level:
                handler.handle(record)
        return False

    def _repeats(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return was_logged(error)
        return not self._per_request and PER_REQUEST(str(record.msg)) is not None


def take_over_server_loggers(handler: logging.Handler, *, access_log: bool) -> None:
    """Route the servers' lines to a handler; `access_log=False` silences what they say about single requests."""
    for name in ERROR_LOGGERS:
        logger = logging.getLogger(name)
        _take_over(logger, ServerBridge(logger, handler, per_request=access_log))
    for name in ACCESS_LOGGERS:
        logger = logging.getLogger(name)
        bridge = ServerBridge(logger, handler if access_log else None, per_request=access_log)
        _take_over(logger, bridge)
        # uvicorn makes its access lines only where a handler is in reach; the bridge lets nothing through to this one.
        logger.propagate = access_log and bridge.propagated
        if access_log and not bridge.was_off and not logger.hasHandlers():
            logger.addHandler(logging.NullHandler())


def _take_over(logger: logging.Logger, bridge: ServerBridge) -> None:
    for old in [each for each in logger.filters if isinstance(each, ServerBridge)]:
        logger.removeFilter(old)
    for handler in logger.handlers[:]:
        if is_of_console(handler) or isinstance(handler, logging.NullHandler):
            logger.removeHandler(handler)
    logger.addFilter(bridge)
    # `dictConfig` and `fileConfig` disable, unless told otherwise, all loggers that they do not name.
    logger.disabled = False
