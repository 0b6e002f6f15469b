"""Write the lines of the stack's own layers: straight through our configuration, or through a user's own structlog."""

from __future__ import annotations

import logging
from typing import Final, Protocol

import structlog

from asgi_stack.context import current_request
from asgi_stack.logging.configuration import active_configuration

__all__ = ["LineWriter", "emit", "line_writer"]


class LineWriter(Protocol):
    """Where a layer's lines go. None of its methods raises: a line that is lost costs a counter, not a response."""

    def is_emitted(self, level: str) -> bool:
        """Tell whether a line of this level may be written, before anybody works for it."""
        ...

    def write(self, level: str, logger: str, event: str, fields: dict[str, object]) -> None:
        """Write one line.

        Args:
            level: `debug`, `info`, `warning`, `error` or `critical`.
            logger: The logger's name.
            event: What happened, in snake_case.
            fields: Finished values, free of secrets; the dict may be changed here.
        """

    def lose(self, error: Exception) -> None:
        """Count a line that could not even be put together."""


class StructlogWriter:
    """Write through structlog as somebody else configured it, with the request's ids as fields."""

    def is_emitted(self, level: str) -> bool:
        """Leave it to the user's own configuration."""
        del level
        return True

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
