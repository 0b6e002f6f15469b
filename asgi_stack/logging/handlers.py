"""Tell handlers that write to this process's console from those that send records elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from asgi_stack.logging.loggers import StandardLibraryHandler

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["handlers_elsewhere", "is_of_console"]

_STANDARD_DESCRIPTORS: Final = (1, 2)


def is_of_console(handler: logging.Handler) -> bool:
    """Tell whether a handler writes to standard output or standard error, or is ours.

    A `MemoryHandler` is what its target is, and a `QueueHandler` what all handlers of its listener are, as with
    Litestar's default logging. One without a listener is taken to send records elsewhere, as its queue does not say who
    empties it.
    """
    if isinstance(handler, StandardLibraryHandler):
        return True
    target = getattr(handler, "target", None)
    if isinstance(target, logging.Handler):
        return is_of_console(target)
    listened: object = getattr(getattr(handler, "listener", None), "handlers", None)
    if isinstance(listened, tuple) and listened:
        ends = cast("tuple[object, ...]", listened)
        return all(isinstance(end, logging.Handler) and is_of_console(end) for end in ends)
    # A handler of rich has a console in the place of a stream.
    stream = getattr(handler, "stream", None) or getattr(getattr(handler, "console", None), "file", None)
    if stream is None or stream in (sys.stdout, sys.stderr):
        return stream is not None
    with suppress(Exception):
        return _identity(stream.fileno()) in _standard_identities()
    return False


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _standard_identities() -> Iterator[tuple[int, int]]:
    """Tell the files behind the standard descriptors: `/dev/stdout`, opened as a file, is another descriptor of one."""
    for descriptor in _STANDARD_DESCRIPTORS:
        with suppress(OSError):
            yield _identity(descriptor)


def handlers_elsewhere(logger: logging.Logger) -> Iterator[logging.Handler]:
    """Give those handlers that a logger's records reach, its own and those above it, that send them elsewhere."""
    current: logging.Logger | None = logger
    while current is not None:
        yield from (handler for handler in current.handlers if not is_of_console(handler))
        current = current.parent if current.propagate else None
