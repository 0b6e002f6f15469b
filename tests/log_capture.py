"""Read the log as a service would write it: JSON lines, parsed, and logging put back as it was afterwards."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest
import structlog

from asgi_stack.logging import configure_structlog
from asgi_stack.settings import LogSettings

LogLine: TypeAlias = dict[str, Any]

SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access", "hypercorn.error", "hypercorn.access")


class LogLines:
    """The log of one test; call it to read all that was written so far."""

    def __init__(self) -> None:
        self.stream = io.BytesIO()

    def __call__(self, event: str | None = None) -> list[LogLine]:
        """Give the lines in order, all or those of one event; each must be one physical line of JSON."""
        lines: list[LogLine] = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if event is None or line["event"] == event]

    def configure(self, **options: object) -> None:
        """Set the log up anew with other `LogSettings`; what was written is kept."""
        settings = LogSettings.model_validate({"level": "INFO", "format": "json", **options})
        configure_structlog(settings, stream=self.stream)


@contextmanager
def logging_restored() -> Iterator[None]:
    """Begin with the servers' loggers untouched, and put everything back afterwards as it was before the block."""
    root = logging.getLogger()
    handlers, level, last_resort = root.handlers[:], root.level, logging.lastResort
    servers = [logging.getLogger(name) for name in SERVER_LOGGERS]
    states = [(server.handlers[:], server.filters[:], server.propagate) for server in servers]
    for server in servers:
        server.handlers[:], server.filters[:], server.propagate = [], [], True
    try:
        yield
    finally:
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
        logging.lastResort = last_resort
        root.handlers[:] = handlers
        root.setLevel(level)
        for server, (own_handlers, filters, propagate) in zip(servers, states, strict=True):
            server.handlers[:], server.filters[:], server.propagate = own_handlers, filters, propagate


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    """Log at INFO, as JSON, into memory."""
    lines = LogLines()
    with logging_restored():
        lines.configure()
        yield lines
