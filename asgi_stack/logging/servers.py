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
        left: What we made of its handlers and of its passing on; where that has changed, the server decided anew.
    """

    def __init__(self, logger: logging.Logger, handler: logging.Handler | None, *, per_request: bool) -> None:
        super().__init__()
        before = _bridge_of(logger)
        is_untouched = before is not None and before.left == _state(logger)
        self.propagated: bool = before.propagated if before and is_untouched else logger.propagate
        self.was_off: bool = before.was_off if before and is_untouched else not (logger.handlers or logger.propagate)
        self.left: object = None
        self._logger = logger
        self._handler = handler
        self._per_request = per_request

    def filter(self, record: logging.LogRecord) -> bool:
        """Hand the record on, to us unless it repeats what was already logged; stop it here in any case."""
        if not self._passes_later_filters(record):
            return False
        if self._handler is not None and record.levelno >= self._handler.level and not self._repeats(record):
            self._handler.handle(record)
        for handler in handlers_elsewhere(self._logger):
            if record.levelno >= handler.level:
                handler.handle(record)
        return False

    def _passes_later_filters(self, record: logging.LogRecord) -> bool:
        """Ask the filters that were added after us; the logger has asked those before, and will ask no more."""
        later = logging.Filterer()
        later.filters = self._logger.filters[self._logger.filters.index(self) + 1 :]
        return bool(later.filter(record))

    def _repeats(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return was_logged(error)
        return not self._per_request and isinstance(record.msg, str) and PER_REQUEST(record.msg) is not None


def take_over_server_loggers(handler: logging.Handler, *, access_log: bool) -> None:
    """Route the servers' lines to a handler; `access_log=False` silences what they say about single requests."""
    for name in ERROR_LOGGERS:
        logger = logging.getLogger(name)
        bridge = ServerBridge(logger, handler, per_request=access_log)
        # For loggers below this one: their records pass its handlers, and no filter of its.
        _take_over(logger, bridge, () if logger.propagate else (handler,))
    for name in ACCESS_LOGGERS:
        logger = logging.getLogger(name)
        bridge = ServerBridge(logger, handler if access_log else None, per_request=access_log)
        # uvicorn makes its access lines only where a handler is in reach; the bridge lets nothing through to this one.
        logger.propagate = access_log and bridge.propagated
        is_silent = not access_log or bridge.was_off or logger.propagate
        _take_over(logger, bridge, () if is_silent else (logging.NullHandler(),))


def _take_over(logger: logging.Logger, bridge: ServerBridge, added: tuple[logging.Handler, ...]) -> None:
    for old in [each for each in logger.filters if isinstance(each, ServerBridge)]:
        logger.removeFilter(old)
    # A new list: gunicorn shares its own with the loggers of uvicorn.
    logger.handlers = [handler for handler in logger.handlers if not _is_replaced(handler)]
    for handler in added:
        logger.addHandler(handler)
    logger.addFilter(bridge)
    # `dictConfig` and `fileConfig` disable, unless told otherwise, all loggers that they do not name.
    logger.disabled = False
    bridge.left = _state(logger)


def _is_replaced(handler: logging.Handler) -> bool:
    return is_of_console(handler) or isinstance(handler, logging.NullHandler)


def _bridge_of(logger: logging.Logger) -> ServerBridge | None:
    return next((each for each in logger.filters if isinstance(each, ServerBridge)), None)


def _state(logger: logging.Logger) -> object:
    return logger.propagate, [id(handler) for handler in logger.handlers]
