"""Set up structlog and the standard library's logging together, so that every line has one form and one way out."""

from __future__ import annotations

import logging
import sys
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from asgi_stack.encoding import encode_copied
from asgi_stack.log_fields import current_log_fields
from asgi_stack.logging.call_site import add_call_site, add_warning_site
from asgi_stack.logging.captured_warnings import capture_warnings
from asgi_stack.logging.cloud_logging import cloud_renderer
from asgi_stack.logging.console import console_renderer
from asgi_stack.logging.handlers import is_of_console
from asgi_stack.logging.loggers import (
    OUTLET,
    BoundLogger,
    SinkLogger,
    StandardLibraryHandler,
    line_formatter,
    set_level,
)
from asgi_stack.logging.processors import (
    StartEntry,
    add_surrounding_fields,
    drop_record,
    flatten_exception,
    make_clock,
    own_fields,
    redact_fields,
    render_finished,
    render_json,
    resolve_lazy_values,
    surrounding_fields,
)
from asgi_stack.logging.repeats import FrameworkRepeats
from asgi_stack.logging.servers import take_over_server_loggers
from asgi_stack.logging.sink import open_sink
from asgi_stack.logging.structlog_state import BOUND_CONTEXTVARS, STRUCTLOG
from asgi_stack.redaction import Redactor
from asgi_stack.settings import ServiceSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor, ProcessorReturnValue, WrappedLogger

    from asgi_stack.logging.sink import LineStream, Sink
    from asgi_stack.settings import LogSettings

__all__ = ["LEVELS", "LogConfiguration", "active_configuration", "configure_structlog"]

LEVELS: Final = {name.lower(): number for name, number in logging.getLevelNamesMapping().items() if number}
"""`debug` to `critical`, as the standard library numbers them."""

SINK_LOGGER: Final = "asgi_stack.logging"

_CHAIN: Final[list[Processor]] = []
"""The steps of structlog's lines. A logger that was bound or cached keeps this list: a change is made within it."""


@dataclass(frozen=True, slots=True)
class LogConfiguration:
    """What `configure_structlog` set up.

    Attributes:
        level: The least level that is written, as the standard library numbers it.
        emitted: The names of the levels that are written.
        now: Gives a line's key `timestamp` in the form that is configured; None for no such key.
        processors: The steps that structlog holds as long as it is configured by us.
        start: Makes the standard keys of a line.
        protect: Redacts fields that were bound by anybody.
        render: Makes the line's bytes, without the newline.
        sink: Where lines go.
    """

    level: int
    emitted: frozenset[str]
    now: Callable[[], object]
    processors: list[Processor]
    start: StartEntry
    protect: Callable[[EventDict], EventDict]
    render: Callable[[EventDict], bytes]
    sink: Sink

    def write(self, level: str, logger: str, event: str, fields: dict[str, object]) -> None:
        """Write a line whose fields are finished and free of secrets, as those of the stack's own layers are.

        This passes structlog's bound logger by, and writes what it would have written.
        """
        if level not in self.emitted:
            return
        try:
            around = surrounding_fields()
            if around:
                fields = {**self.protect(around), **fields}
            self.sink.write(self.render(self.start.entry(level, logger, event, fields)))
        except Exception as error:  # noqa: BLE001 - a line that cannot be written costs a counter, not a response
            self.sink.drop(error)

    def write_entry(self, level: str, logger: str, event: str, entry: dict[str, object]) -> None:
        """Write a line whose entry is made already, in a request that has a record or outside of any."""
        try:
            is_surrounded = BOUND_CONTEXTVARS or current_log_fields.get() is not None
            if is_surrounded or entry["timestamp"] is None:
                self.write(level, logger, event, own_fields(entry))
            else:
                self.sink.write(self.render(entry))
        except Exception as error:  # noqa: BLE001 - as above
            self.sink.drop(error)

    def lose(self, error: Exception) -> None:
        """Count a line that could not even be put together."""
        self.sink.drop(error)


_active: LogConfiguration | None = None


def active_configuration() -> LogConfiguration | None:
    """Give what `configure_structlog` set up, or None where structlog is configured by somebody else, or by nobody.

    A test that captures structlog's lines is somebody else, too: it changes the steps within their list.
    """
    if _active is None:
        return None
    found = STRUCTLOG
    is_ours = found.default_processors is _CHAIN and found.default_wrapper_class is BoundLogger
    return _active if is_ours and found.logger_factory is SinkLogger and _active.processors == _CHAIN else None


def configure_structlog(
    log: LogSettings | None = None,
    *,
    server_access_log: bool = True,
    redactor: Redactor | None = None,
    stream: LineStream | None = None,
    service: ServiceSettings | None = None,
    gcp_project_id: str | None = None,
) -> None:
    """Send structlog's lines, the standard library's and the server's through one pipeline to standard output.

    Call it once, when the service starts; a later call replaces what an earlier one set up, in loggers too that were
    made or bound before. Of the root logger's handlers those are replaced that write to standard output or standard
    error. Warnings go to the logger `py.warnings`. `wrap` calls it for you.

    Args:
        log: What is logged and how; None reads the environment. A format of None is `json`; the one that suits a
            terminal comes from `Settings.resolved_log()`.
        server_access_log: False silences what uvicorn and hypercorn say about single requests and websockets, where
            the lines of `RequestLoggingMiddleware` and `ErrorHandlerMiddleware` take their place.
        redactor: Decides what is sensitive; the default follows `SENSITIVE_FIELD_PATTERNS`.
        stream: A binary stream in place of standard output.
        service: Who is named in errors, with the schema `gcp`; None takes the environment's where `log` is None too.
        gcp_project_id: The Google Cloud project that trace ids belong to, with that schema.

    Raises:
        SettingsError: `log` is None and a variable is wrong.
    """
    global _active  # noqa: PLW0603 - logging is the one thing that is configured for the whole process
    if log is None:
        settings = Settings()
        log, service = settings.resolved_log(), service or settings.service
    is_cloud = log.schema_ == "gcp" and log.format != "console"
    # Cloud Logging takes no other form of a time.
    start = StartEntry(make_clock("iso" if is_cloud else log.timestamp_format) if log.add_timestamp else lambda: None)
    # Steps of a user's own may stand between ours and the renderer; nothing stands between the layers and theirs.
    render: Callable[[EventDict], bytes] = render_json
    render_own: Callable[[EventDict], bytes] = render_finished
    if is_cloud:
        render = cloud_renderer(service or ServiceSettings(), gcp_project_id)
        render_own = cloud_renderer(service or ServiceSettings(), gcp_project_id, encode_copied)
    elif log.format == "console":
        render = render_own = console_renderer(colors=_is_terminal(stream))

    def notice(dropped: int) -> bytes:
        # In a context of its own: it may be written from within a request, which it does not belong to.
        entry = Context().run(start.entry, "warning", SINK_LOGGER, "log_lines_dropped", {"dropped": dropped})
        return render(entry)

    redactor = redactor or Redactor()

    steps: list[Processor] = [add_surrounding_fields, start, resolve_lazy_values, flatten_exception]
    steps += [redact_fields(redactor), add_call_site if log.call_site else add_warning_site]
    sink = open_sink(stream, notice=notice)
    chain: list[Processor] = [*steps, lambda _logger, _method, entry: render(entry)]
    processors = [_guarded(step, sink) for step in chain]
    level = LEVELS[log.level.lower()]
    _active = LogConfiguration(
        level=level,
        emitted=frozenset(name for name, number in LEVELS.items() if number >= level),
        now=start.clock,
        processors=processors,
        start=start,
        protect=redactor.value,
        render=render_own,
        sink=sink,
    )
    _configure_structlog(_active)
    handler = _configure_standard_library(_active, line_formatter([*steps, drop_record], render))
    take_over_server_loggers(handler, access_log=server_access_log)


def _configure_structlog(active: LogConfiguration) -> None:
    OUTLET.sink = active.sink
    _CHAIN[:] = active.processors
    set_level(active.level)
    structlog.configure(
        processors=_CHAIN, wrapper_class=BoundLogger, logger_factory=SinkLogger, cache_logger_on_first_use=True
    )


def _configure_standard_library(active: LogConfiguration, formatter: logging.Formatter) -> logging.Handler:
    """Make our handler the root logger's one for the console; those that send lines elsewhere stay."""
    handler = StandardLibraryHandler(active.sink, active.level, formatter)
    handler.addFilter(FrameworkRepeats())
    root = logging.getLogger()
    for old in root.handlers[:]:
        if is_of_console(old):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(active.level)
    # For loggers that pass nothing on and have no handler.
    logging.lastResort = StandardLibraryHandler(active.sink, max(active.level, logging.WARNING), formatter)
    capture_warnings()
    return handler


def _guarded(process: Processor, sink: Sink) -> Processor:
    """Let a step that fails cost the line and a counter, never the request that logs it."""

    def run(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> ProcessorReturnValue:
        try:
            return process(logger, method_name, event_dict)
        except Exception as error:
            sink.drop(error)
            raise structlog.DropEvent from error

    return run


def _is_terminal(stream: LineStream | None) -> bool:
    try:
        return stream is None and sys.stdout is not None and sys.stdout.isatty()
    except Exception:  # noqa: BLE001 - it is closed, or an object of somebody's own that knows nothing of terminals
        return False
