"""A log in memory."""

from __future__ import annotations

import io
import json

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
