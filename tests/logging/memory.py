"""A log in memory."""

from __future__ import annotations

import io
import json
import logging

from asgi_stack import configure_structlog
from asgi_stack.settings import LogSettings


def configured(**log: object) -> io.BytesIO:
    """Configure logging into memory, as JSON unless told otherwise."""
    stream = io.BytesIO()
    configure_structlog(LogSettings.model_validate({"format": "json", **log}), stream=stream)
    return stream


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    """Parse what was written, one object a line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class Elsewhere(logging.Handler):
    """A handler that sends records to some service."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text."""
        self.sent.append(record.getMessage())
