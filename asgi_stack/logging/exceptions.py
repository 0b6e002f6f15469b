"""Log an exception once, with all that is known about it."""

from __future__ import annotations

from functools import cache

from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.logging.configuration import LEVELS
from asgi_stack.logging.emit import line_writer
from asgi_stack.logging.marks import mark_logged
from asgi_stack.logging.processors import resolve_lazy_values
from asgi_stack.redaction import Redactor
from asgi_stack.tracebacks import (
    LEFT_OUT,
    chain_of,
    exception_message,
    fingerprint_of,
    format_exception_text,
    qualified_name,
)

__all__ = ["log_exception", "redact_text", "redact_word", "write_exception"]

_STACK_TRACE_FROM = LEVELS["error"]
_CUT = ("exception_message", "stack_trace")
_SHORT = 4096
"""A text that needs no look at its bounds."""


def log_exception(
    error: BaseException,
    event: str = "exception",
    /,
    *,
    level: Severity | str | None = None,
    logger: str = "asgi_stack.errors",
    redactor: Redactor | None = None,
    **fields: object,
) -> None:
    """Write the one line about an exception: type, message, code, fingerprint, context, chain and stack trace.

    Args:
        error: The exception; afterwards the server's own traceback of it stays silent.
        event: What failed, in snake_case.
        level: `debug` to `critical`; None takes the severity of an AppError, and `error` for anything else.
        logger: The logger's name.
        redactor: Decides what is sensitive in messages, context and fields.
        **fields: More fields for the line.

    Raises:
        TypeError: `error` is no exception.
        ValueError: `level` is no level.

    Below `error` there is no stack trace: such a line tells of a client's mistake, not of a defect.
    """
    if not isinstance(error, BaseException):
        raise TypeError(f"log_exception needs an exception, not {error!r}")
    write_exception(error, event, fields, level=level, logger=logger, redactor=redactor)


def write_exception(  # noqa: PLR0913 - the two kinds of fields come apart
    error: BaseException,
    event: str,
    fields: dict[str, object],
    *,
    level: Severity | str | None = None,
    logger: str,
    redactor: Redactor | None = None,
    finished: dict[str, object] | None = None,
) -> None:
    """Write what `log_exception` writes, with fields that may be named like its options.

    Args:
        error: As in `log_exception`.
        event: As in `log_exception`.
        fields: More fields for the line.
        level: As in `log_exception`.
        logger: As in `log_exception`.
        redactor: As in `log_exception`.
        finished: Fields that come behind those, redacted already.
    """
    chosen = _level(error) if level is None else str(level).lower()
    if chosen not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    writer = line_writer()
    if chosen not in writer.emitted:
        return
    mark_logged(error)
    redactor = redactor or _default_redactor()
    try:
        entry: dict[str, object] = redactor.value(resolve_lazy_values(None, "", dict(fields))) if fields else {}
        if finished:
            entry |= finished
        entry |= _facts(error, redactor)
        entry["fingerprint"] = fingerprint_of(error)
        if LEVELS[chosen] >= _STACK_TRACE_FROM:
            entry["stack_trace"] = redactor.text(format_exception_text(error))
        if any(LEFT_OUT in str(entry.get(name, "")) for name in _CUT):
            entry["truncated"] = True
    except Exception as failure:  # noqa: BLE001 - an exception that cannot be described still gets its line
        entry = {"exception_type": qualified_name(type(error)), "description_failed": qualified_name(type(failure))}
    writer.write(chosen, logger, event, entry)


def _level(error: BaseException) -> str:
    level = str(error.severity).lower() if isinstance(error, AppError) else "error"
    # Somebody may have set the attribute to anything since.
    return level if level in LEVELS else "error"


def _facts(error: BaseException, redactor: Redactor) -> dict[str, object]:
    """Give what an exception tells of itself, without what is secret in its texts."""
    message: object = error.message if isinstance(error, AppError) else exception_message(error)
    facts: dict[str, object] = {
        "exception_type": qualified_name(type(error)),
        "exception_message": redact_text(message, redactor),
    }
    if isinstance(error, AppError):
        facts["error_code"] = redact_word(error.error_code, redactor)
        facts["severity"] = redact_word(error.severity, redactor)
        if error.context:
            facts |= redactor.value(resolve_lazy_values(None, "", {"context": error.context}))
    chain = [] if _stands_alone(error) else chain_of(error)[1:]
    if chain:
        facts["caused_by"] = redactor.value(chain)
    return facts


def _stands_alone(error: BaseException) -> bool:
    return error.__cause__ is None and error.__context__ is None and not isinstance(error, BaseExceptionGroup)


def redact_word(value: ErrorCode | Severity | str, redactor: Redactor) -> object:
    """Show one of our own words as it is; a user's may be anything."""
    return value.value if isinstance(value, ErrorCode | Severity) else redact_text(str(value), redactor)


def redact_text(text: object, redactor: Redactor) -> object:
    """Redact what should be a short text; anything else is copied within the bounds of `Redactor.value`."""
    if type(text) is str and len(text) <= _SHORT:
        return redactor.text(text)
    return redactor.value(text)


@cache
def _default_redactor() -> Redactor:
    return Redactor()
