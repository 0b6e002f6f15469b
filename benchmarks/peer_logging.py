"""Structlog as peers set it up, at its fastest and as usual; each logger has all its settings with it, none global."""

from __future__ import annotations

import logging
from typing import Final, Protocol, cast

import orjson
import structlog
from asgi_correlation_id import correlation_id
from structlog import processors
from structlog.typing import EventDict, Processor, WrappedLogger

__all__ = ["STDOUT", "PeerLogger", "fast_logger", "usual_logger"]

STDOUT: Final = 1
"""The file descriptor that every line goes to, with one `write(2)`."""

_NAME: Final = "shop.access"


class PeerLogger(Protocol):
    """What the peers' layers need of a logger."""

    def info(self, event: str, **fields: object) -> object:
        """Write a line."""

    def error(self, event: str, **fields: object) -> object:
        """Write a line of level error."""


def fast_logger(*, name: str | None = _NAME, is_tuned: bool = False) -> PeerLogger:
    """Make a logger as structlog's page on performance has it: orjson, bytes, a filtering logger, bound once.

    Args:
        name: What the lines say of the logger; None for nothing.
        is_tuned: Whether the two steps of that page are left out that cost every line a little, and that a stack
            without bound values and without traceback text has no use for.
    """
    steps: list[Processor] = [] if is_tuned else [structlog.contextvars.merge_contextvars]
    steps += [_add_correlation_id, processors.add_log_level]
    steps += [] if is_tuned else [processors.format_exc_info]
    steps += [processors.TimeStamper(fmt="iso", utc=True), processors.JSONRenderer(serializer=orjson.dumps)]
    # Unbuffered: its write is one write(2), and the flush that BytesLogger calls for each line finds nothing to do.
    sink = open(STDOUT, "wb", buffering=0, closefd=False)  # noqa: SIM115 - a descriptor that is not ours to close
    logger = structlog.wrap_logger(
        structlog.BytesLogger(sink),
        processors=steps,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return cast("PeerLogger", logger.bind(logger=name) if name else logger.bind())


def usual_logger() -> PeerLogger:
    """Make a logger as structlog's page on the standard library has it, with the standard library's json."""
    steps: list[Processor] = [
        structlog.stdlib.filter_by_level,
        _add_correlation_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        processors.TimeStamper(fmt="iso", utc=True),
        processors.StackInfoRenderer(),
        processors.format_exc_info,
        processors.UnicodeDecoder(),
        processors.JSONRenderer(),
    ]
    logger = structlog.wrap_logger(
        _standard_library_logger(),
        processors=steps,
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return cast("PeerLogger", logger.bind())


def _standard_library_logger() -> logging.Logger:
    # Buffered and flushed for each line, as StreamHandler does: one write(2) too.
    sink = open(STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as for the fast one
    handler = logging.StreamHandler(sink)
    handler.setFormatter(logging.Formatter("%(message)s"))
    # Outside the tree of loggers, which our own stack sets up anew.
    logger = logging.Logger(_NAME, logging.INFO)  # noqa: LOG001 - as the comment says
    logger.addHandler(handler)
    return logger


def _add_correlation_id(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Add the id to every line, as the documentation of asgi-correlation-id has it."""
    del logger, method_name
    found = correlation_id.get()
    if found:
        event_dict["correlation_id"] = found
    return event_dict
