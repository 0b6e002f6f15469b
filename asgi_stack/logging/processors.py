"""The steps from a log call to one line: plain structlog processors, `(logger, method_name, event_dict)`.

`StartEntry` makes the standard keys, always first and always in one order; the others change single fields.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import partial
from inspect import iscoroutinefunction
from logging import LogRecord
from types import BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Final, cast

from structlog.contextvars import merge_contextvars

from asgi_stack.context import current_request
from asgi_stack.encoding import encode_copied, encode_json
from asgi_stack.log_fields import bound_log_fields
from asgi_stack.logging.call_site import add_call_site
from asgi_stack.logging.record_cut import MAX_RECORD_BYTES, cut_record
from asgi_stack.logging.structlog_state import BOUND_CONTEXTVARS
from asgi_stack.tracebacks import format_exception_text, qualified_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

    from asgi_stack.redaction import Redactor

__all__ = [
    "STANDARD_KEYS",
    "StartEntry",
    "add_call_site",
    "add_request_ids",
    "add_surrounding_fields",
    "drop_record",
    "flatten_exception",
    "make_clock",
    "own_fields",
    "redact_fields",
    "render_finished",
    "render_json",
    "resolve_lazy_values",
    "surrounding_fields",
]

STANDARD_KEYS: Final = ("timestamp", "level", "logger", "event", "correlation_id", "request_id", "call_site")
KEPT_KEYS: Final = (*STANDARD_KEYS, "_record")
"""What is not redacted: made here, or on the way of a standard library's record."""

_LAZY: Final = frozenset({FunctionType, MethodType, BuiltinMethodType, partial})

NS_PER_S: Final = 1_000_000_000
_MILLISECONDS: Final = tuple(f".{number:03d}" for number in range(1000))
_MICROSECONDS: Final = tuple(f"{number:03d}Z" for number in range(1000))

LEVEL_OF_METHOD: Final = {"warn": "warning", "exception": "error", "fatal": "critical", "msg": "info"}


class StartEntry:
    """Put time, level, logger, event and the request's ids first, then the fields.

    Args:
        clock: Gives the time of a line; None from it leaves the key out.

    A field cannot forge an id or a level: one that is named like a standard key is written as `level_`.
    """

    def __init__(self, clock: Callable[[], float | str | None]) -> None:
        self.clock = clock

    def __call__(self, logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        """Give a new event dict, for structlog's own loggers."""
        record = event_dict.get("_record")
        name = record.name if isinstance(record, LogRecord) else logger.name
        level = LEVEL_OF_METHOD.get(method_name, method_name)
        return self.entry(level, name, event_dict.pop("event", ""), event_dict)

    def entry(self, level: str, logger: str, event: object, fields: Mapping[str, object]) -> dict[str, object]:
        """Make the entry's dict; `fields` are never changed."""
        record = current_request.get()
        entry: dict[str, object]
        if record is None:
            entry = {"timestamp": self.clock(), "level": level, "logger": logger, "event": event, **fields}
            expected = len(fields) + 4
        else:
            entry = {
                "timestamp": self.clock(),
                "level": level,
                "logger": logger,
                "event": event,
                "correlation_id": record.correlation_id,
                "request_id": record.request_id,
                **fields,
            }
            expected = len(fields) + 6
        if len(entry) != expected or "call_site" in fields:
            return self.entry(level, logger, event, _beside_standard_keys(_without_known_ids(fields)))
        if entry["timestamp"] is None:
            del entry["timestamp"]
        return entry


def surrounding_fields() -> EventDict:
    """Give what structlog's contextvars and `log_context` add to lines written here, lazy values called."""
    fields: EventDict = merge_contextvars(None, "", {}) if BOUND_CONTEXTVARS else {}
    bound = bound_log_fields(current_request.get())
    if bound:
        fields.update(bound)
    return resolve_lazy_values(None, "", _beside_standard_keys(fields)) if fields else fields


def _beside_standard_keys(fields: Mapping[str, object]) -> dict[str, object]:
    return {f"{key}_" if key in STANDARD_KEYS else key: value for key, value in fields.items()}


def own_fields(entry: Mapping[str, object]) -> dict[str, object]:
    """Give the fields of an entry without its standard keys."""
    return {key: value for key, value in entry.items() if key not in STANDARD_KEYS}


def _without_known_ids(fields: Mapping[str, object]) -> dict[str, object]:
    """Leave out the request's ids: somebody may have added them before, with `add_request_ids`."""
    known = _request_ids()
    return {key: value for key, value in fields.items() if type(value) is not str or known.get(key) != value}


def _request_ids() -> dict[str, str]:
    record = current_request.get()
    return {} if record is None else {"correlation_id": record.correlation_id, "request_id": record.request_id}


def add_request_ids(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Add `correlation_id` and `request_id` where there is a request, whatever fields of these names hold."""
    del logger, method_name
    event_dict.update(_request_ids())
    return event_dict


def add_surrounding_fields(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Put the fields bound around the call before its own: those of `log_context` and of structlog's contextvars."""
    del logger, method_name
    return {**surrounding_fields(), **event_dict}


def resolve_lazy_values(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Call each value that is a function, a method or a partial, now that the line is to be written.

    One that raises is written as the exception's class, and the line goes on. Classes, objects that can be called and
    coroutine functions stay as they are, and so does all that a standard library's logger was given as `extra`: code
    that knows nothing of lazy values must not have its functions called.
    """
    del logger, method_name
    if event_dict.get("_from_structlog") is False:
        return event_dict
    for key, value in event_dict.items():
        # Not isinstance: it asks the object for its class, which a proxy answers by making what it stands for.
        if type(value) in _LAZY and not iscoroutinefunction(value):
            try:
                event_dict[key] = value()
            except Exception as error:  # noqa: BLE001 - a log call must not fail because of a value
                event_dict[key] = f"<raised {qualified_name(type(error))}>"
    return event_dict


def flatten_exception(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Turn `exc_info` into `exception_type` and `stack_trace`, a text without the frames' local variables."""
    del logger, method_name
    exc_info = event_dict.pop("exc_info", None)
    error = _exception(exc_info)
    if error is not None:
        event_dict.setdefault("exception_type", qualified_name(type(error)))
        event_dict.setdefault("stack_trace", format_exception_text(error))
    return event_dict


def _exception(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return next((part for part in cast("tuple[object, ...]", exc_info) if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if exc_info else None


def drop_record(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Drop what only served the way here, such as the standard library's record."""
    del logger, method_name
    for key in ("_record", "_from_structlog"):
        event_dict.pop(key, None)
    return event_dict


def redact_fields(redactor: Redactor) -> Processor:
    """Make the processor that replaces sensitive values, by the names of their fields and by their form."""

    def redact(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
        del logger, method_name
        standard = {key: event_dict.pop(key) for key in KEPT_KEYS if key in event_dict}
        if "event" in standard:
            standard["event"] = redactor.value(standard["event"])
        return {**standard, **redactor.value(event_dict)}

    return redact


def render_json(entry: Mapping[str, object]) -> bytes:
    """Give a record as one line of JSON, cut at 64 KiB, whatever it holds."""
    line = encode_json(entry)
    return line if len(line) <= MAX_RECORD_BYTES else encode_json(cut_record(entry))


def render_finished(entry: Mapping[str, object]) -> bytes:
    """Do what `render_json` does with a record whose values are all finished and redacted; 1 us faster."""
    line = encode_copied(entry)
    return line if len(line) <= MAX_RECORD_BYTES else encode_copied(cut_record(entry))


def make_clock(pattern: str) -> Callable[[], float | str]:
    """Make the function that gives a line's time, in UTC.

    Args:
        pattern: `iso` (RFC 3339 with microseconds and `Z`), `unix` (seconds as a float) or a strftime pattern.
    """
    if pattern == "unix":
        return time.time
    return _make_iso_clock() if pattern == "iso" else lambda: datetime.now(UTC).strftime(pattern)


def _make_iso_clock() -> Callable[[], str]:
    # Date and time of a second are formatted once (1.4 us); one assignment of a pair keeps threads apart.
    cached = (0, "")

    def iso() -> str:
        nonlocal cached
        now = time.time_ns()
        start, text = cached
        passed = now - start
        if not 0 <= passed < NS_PER_S:
            start = now - now % NS_PER_S
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start // NS_PER_S))
            cached = (start, text)
            passed = now - start
        # Looked up in two halves, since to format a number with leading zeros takes longer.
        return f"{text}{_MILLISECONDS[passed // 1_000_000]}{_MICROSECONDS[passed // 1000 % 1000]}"

    return iso
