"""Set up structlog and the standard library's logging together, so that every line has one form and one way out."""

from __future__ import annotations

import logging
import sys
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from asgi_stack.logging.processors import (
    StartEntry,
    add_surrounding_fields,
    console_renderer,
    drop_record,
    flatten_exception,
    make_clock,
    redact_fields,
    render_json,
    resolve_lazy_values,
    surrounding_fields,
)
from asgi_stack.logging.repeats import FrameworkRepeats
from asgi_stack.logging.servers import take_over_server_loggers
from asgi_stack.logging.sink import open_sink
from asgi_stack.redaction import Redactor
from asgi_stack.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor, ProcessorReturnValue, WrappedLogger

    from asgi_stack.logging.sink import LineStream, Sink
    from asgi_stack.settings import LogSettings

__all__ = ["LEVELS", "LogConfiguration", "active_configuration", "configure_structlog"]

LEVELS: Final = {name.lower(): number for name, number in logging.getLevelNamesMapping().items() if number}
"""`debug` to `critical`, as the standard library numbers them."""

SINK_LOGGER: Final = "asgi_stack.logging"


@dataclass(frozen=True, slots=True)
class LogConfiguration:
    """What `configure_structlog` set up.

    Attributes:
        level: The least level that is written, as the standard library numbers it.
        processors: The list that structlog holds; it tells whether structlog is still configured by us.
        start: Makes the standard keys of a line.
        protect: Resolves and redacts fields that were bound by anybody.
        render: Makes the line's bytes, without the newline.
        sink: Where lines go.
    """

    level: int
    processors: list[Processor]
    start: StartEntry
    protect: Callable[[EventDict], EventDict]
    render: Callable[[EventDict], bytes]
    sink: Sink

    def is_emitted(self, level: str) -> bool:
        """Tell whether a line of this level is written."""
        return LEVELS[level] >= self.level

    def write(self, level: str, logger: str, event: str, fields: dict[str, object]) -> None:
        """Write a line whose fields are finished and free of secrets, as those of the stack's own layers are.

        This passes structlog's bound logger by, and writes what it would have written.
        """
        if LEVELS[level] < self.level:
            return
        try:
            around = surrounding_fields()
            if around:
                fields = {**self.protect(around), **fields}
            self.sink.write(self.render(self.start.entry(level, logger, event, fields)))
        except Exception as error:  # noqa: BLE001 - a line that cannot be written costs a counter, not a response
            self.sink.drop(error)

    def lose(self, error: Exception) -> None:
        """Count a line that could not even be put together."""
        self.sink.drop(error)


_active: LogConfiguration | None = None


def active_configuration() -> LogConfiguration | None:
    """Give what `configure_structlog` set up, or None where structlog is configured by somebody else, or by nobody."""
    if _active is None or structlog.get_config()["processors"] is not _active.processors:
        return None
    return _active


def configure_structlog(
    log: LogSettings | None = None,
    *,
    server_access_log: bool = True,
    redactor: Redactor | None = None,
    stream: LineStream | None = None,
) -> None:
    """Send structlog's lines, the standard library's and the server's through one pipeline to standard output.

    Call it once, when the service starts; a later call replaces what an earlier one set up, except for loggers that
    have written already: structlog caches those. The root logger's handlers are replaced. `wrap` calls it for you.

    Args:
        log: What is logged and how; None reads the environment. A format of None is `json`; the one that suits a
            terminal comes from `Settings.resolved_log()`.
        server_access_log: False silences what uvicorn and hypercorn say about single requests and websockets, where
            the lines of `RequestLoggingMiddleware` and `ErrorHandlerMiddleware` take their place.
        redactor: Decides what is sensitive; the default follows `SENSITIVE_FIELD_PATTERNS`.
        stream: A binary stream in place of standard output.

    Raises:
        SettingsError: `log` is None and a variable is wrong.
    """
    global _active  # noqa: PLW0603 - logging is the one thing that is configured for the whole process
    log = log or Settings().resolved_log()
    start = StartEntry(make_clock(log.timestamp_format) if log.add_timestamp else lambda: None)
    render = console_renderer(colors=_is_terminal(stream)) if log.format == "console" else render_json

    def notice(dropped: int) -> bytes:
        # In a context of its own: it may be written from within a request, which it does not belong to.
        entry = Context().run(start.entry, "warning", SINK_LOGGER, "log_lines_dropped", {"dropped": dropped})
        return render(entry)

    sink = open_sink(stream, notice=notice)
    redactor = redactor or Redactor()
    finish: list[Processor] = [resolve_lazy_values, flatten_exception, redact_fields(redactor)]
    level = LEVELS[log.level.lower()]
    chain: list[Processor] = [add_surrounding_fields, start, *finish, lambda _logger, _method, entry: render(entry)]
    processors = [_guarded(process, sink) for process in chain]

    def protect(fields: EventDict) -> EventDict:
        return redactor.value(resolve_lazy_values(None, "", fields))

    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: SinkLogger(names[0] if names else "root", sink),
        cache_logger_on_first_use=True,
    )
    _active = LogConfiguration(level, processors, start, protect, render, sink)
    handler = StandardLibraryHandler(sink)
    handler.setLevel(level)
    handler.addFilter(FrameworkRepeats())
    handler.setFormatter(_formatter([add_surrounding_fields, start, drop_record, *finish], render))
    _install(handler, level)
    take_over_server_loggers(handler, access_log=server_access_log)


def _guarded(process: Processor, sink: Sink) -> Processor:
    """Let a step that fails cost the line and a counter, never the request that logs it."""

    def run(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> ProcessorReturnValue:
        try:
            return process(logger, method_name, event_dict)
        except Exception as error:
            sink.drop(error)
            raise structlog.DropEvent from error

    return run


class SinkLogger:
    """What structlog hands its rendered lines to, under whatever level."""

    def __init__(self, name: str, sink: Sink) -> None:
        self.name = name
        self._sink = sink

    def info(self, line: bytes | str) -> None:
        """Write one rendered line; a text, where somebody else's processors render into our logger."""
        self._sink.write(line.encode("utf-8", "backslashreplace") if isinstance(line, str) else line)

    debug = warning = warn = error = critical = exception = fatal = log = msg = info


class StandardLibraryHandler(logging.Handler):
    """Take the records of the standard library's loggers; a record that cannot be rendered costs a counter."""

    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            self._sink.write(self.format(record).encode("utf-8", "backslashreplace"))
        except Exception as error:  # noqa: BLE001 - a bad argument of somebody's log call must not end their request
            self._sink.drop(error)


def _formatter(processors: list[Processor], render: Callable[[EventDict], bytes]) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *processors],
        processors=[drop_record, lambda _logger, _method, entry: render(entry).decode()],
        use_get_message=True,
    )


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)


def _is_terminal(stream: LineStream | None) -> bool:
    return stream is None and sys.stdout is not None and sys.stdout.isatty()
