"""What structlog and the standard library hand their lines to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import structlog

from asgi_stack.logging.filters import NO_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor, WrappedLogger

    from asgi_stack.logging.sink import Sink

__all__ = ["OUTLET", "BoundLogger", "Outlet", "SinkLogger", "StandardLibraryHandler", "line_formatter", "set_level"]


_NO_EXTRA: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"})
"""What a record has by itself, or gets from a formatter and from uvicorn: all handlers share one record."""

_OF_STRUCTLOG: Final = frozenset({"event", "exc_info", "_record", "_from_structlog", "_logger", "_name"})
_IDS: Final = frozenset({"correlation_id", "request_id"})
"""Where there is none, a filter for other handlers has put a text or None in their place."""


class Outlet:
    """Where the lines of structlog's loggers go now: those that were made earlier follow a new configuration."""

    sink: Sink | None = None


OUTLET: Final = Outlet()


class SinkLogger:
    """What structlog hands its rendered lines to, under whatever level; it can be copied and pickled."""

    def __init__(self, name: object = "root", *_others: object) -> None:
        self.name = str(name)

    def info(self, line: bytes | str = b"", **_unrendered: object) -> None:
        """Write one rendered line; a text, where somebody else's processors render into our logger.

        What comes without one was on its way while logging was configured anew: its steps did not fit together.
        """
        if OUTLET.sink is not None and line:
            OUTLET.sink.write(line.encode("utf-8", "backslashreplace") if isinstance(line, str) else line)

    debug = warning = warn = error = critical = exception = fatal = log = msg = info


class BoundLogger(structlog.BoundLoggerBase):
    """structlog's filtering bound logger, at the level that was set last.

    structlog makes a class for each level, and a logger that was bound or cached keeps its own. This one class has the
    methods of the level's class put into it, so that all loggers follow.
    """


def set_level(level: int) -> None:
    """Let lines from this level on pass, as the standard library numbers levels, in all of structlog's loggers."""
    for name, method in vars(structlog.make_filtering_bound_logger(level)).items():
        if not name.startswith("_"):
            setattr(BoundLogger, name, method)


class StandardLibraryHandler(logging.Handler):
    """Take the records of the standard library's loggers; a record that cannot be rendered costs a counter.

    Args:
        sink: Where the lines go.
        level: The least level, as the standard library numbers it.
        formatter: Renders a record, see `line_formatter`.
    """

    def __init__(self, sink: Sink, level: int, formatter: logging.Formatter) -> None:
        super().__init__(level)
        self._sink = sink
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            self._sink.write(self.format(record).encode("utf-8", "backslashreplace"))
        except Exception as error:  # noqa: BLE001 - a bad argument of somebody's log call must not end their request
            self._sink.drop(error)


def line_formatter(steps: list[Processor], render: Callable[[EventDict], bytes]) -> logging.Formatter:
    """Make the formatter that takes a record of the standard library through the steps of structlog's lines."""
    return structlog.stdlib.ProcessorFormatter(
        # The steps are for lines too that a structlog of the user's own hands on (`wrap_for_formatter`).
        foreign_pre_chain=[_add_extra],
        processors=[*steps, lambda _logger, _method, entry: render(entry).decode()],
        use_get_message=True,
    )


def _add_extra(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Add the `extra` of a record as fields; one that is named like structlog's own keys is written beside them."""
    del logger, method_name
    record: logging.LogRecord = event_dict["_record"]
    for key, value in vars(record).items():
        if key not in _NO_EXTRA and not (key in _IDS and value in (NO_ID, None)):
            event_dict[f"{key}_" if key in _OF_STRUCTLOG else key] = value
    return event_dict
