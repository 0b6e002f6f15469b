"""Write the lines of the stack's own layers: straight through our configuration, or through a user's own structlog."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from asgi_stack.context import current_request
from asgi_stack.logging.configuration import LEVELS, active_configuration
from asgi_stack.logging.processors import own_fields

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LineWriter", "emit", "line_writer"]


class LineWriter(Protocol):
    """Where a layer's lines go. None of its methods raises: a line that is lost costs a counter, not a response."""

    @property
    def emitted(self) -> frozenset[str]:
        """The levels that may be written, to be asked before anybody works for a line."""
        ...

    @property
    def now(self) -> Callable[[], object]:
        """Gives the value of a line's key `timestamp`, in whatever form is configured."""
        ...

    def write(self, level: str, logger: str, event: str, fields: dict[str, object]) -> None:
        """Write one line.

        Args:
            level: `debug`, `info`, `warning`, `error` or `critical`.
            logger: The logger's name.
            event: What happened, in snake_case.
            fields: Finished values, free of secrets; the dict may be changed here.
        """

    def write_entry(self, level: str, logger: str, event: str, entry: dict[str, object]) -> None:
        """Write one line of a level that is `emitted`, from a dict that is all of it.

        Args:
            level: As in `write`.
            logger: As in `write`.
            event: As in `write`.
            entry: Begins with the keys `timestamp`, as `now` gives it, `level`, `logger` and `event`, and with the ids
                of the current request, where there is one. It may be changed here.
        """

    def lose(self, error: Exception) -> None:
        """Count a line that could not even be put together."""


class StructlogWriter:
    """Write through structlog as somebody else configured it, with the request's ids as fields."""

    emitted = frozenset(LEVELS)
    """Which of them are written is left to the user's own configuration."""

    now = staticmethod(lambda: None)
    """So is the time."""

    def write(self, level: str, logger: str, event: str, fields: dict[str, object]) -> None:
        """Write one line through the user's own processors."""
        record = current_request.get()
        if record is not None:
            fields = {"correlation_id": record.correlation_id, "request_id": record.request_id, **fields}
        for taken in ("self", "event"):
            if taken in fields:
                fields[f"{taken}_"] = fields.pop(taken)
        try:
            getattr(structlog.get_logger(logger), level)(event, **fields)
        except Exception as error:  # noqa: BLE001 - the user's processors failed, the request goes on
            self.lose(error)

    def write_entry(self, level: str, logger: str, event: str, entry: dict[str, object]) -> None:
        """Write the entry's fields through the user's own processors, which may make keys of these names of theirs."""
        self.write(level, logger, event, own_fields(entry))

    def lose(self, error: Exception) -> None:
        """Say so through the standard library, which is what is left."""
        logging.getLogger("asgi_stack.logging").error("log_line_lost", exc_info=error)


_STRUCTLOG: Final = StructlogWriter()


def line_writer() -> LineWriter:
    """Give what writes the layers' lines just now."""
    return active_configuration() or _STRUCTLOG


def emit(level: str, event: str, fields: dict[str, object], *, logger: str) -> None:
    """Write one line, as `LineWriter.write` does."""
    line_writer().write(level, logger, event, fields)
