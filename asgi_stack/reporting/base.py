"""What a reporter is told of an error, and the fan-out that lets no reporter harm a request or another reporter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from asgi_stack.exceptions import Severity
from asgi_stack.logging.emit import emit
from asgi_stack.tracebacks import qualified_name

__all__ = ["ErrorEvent", "ErrorReporter", "checked_reporters", "report_to_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """One error, as a reporter sees it.

    Attributes:
        exception: What was raised, with its traceback; None for a framework's error page of unknown cause. Its text
            is as it was raised: nothing in it is redacted.
        error_code: As in the response.
        severity: As in the response.
        fingerprint: 16 hexadecimal digits that name the fault; empty without an exception.
        context: The AppError's context, redacted.
        request: What `capture_request_context` tells of the request, redacted.
        correlation_id: None outside a RequestContextMiddleware.
        request_id: As correlation_id.
        trace_id: 32 hexadecimal digits, where the request is traced; else None.
        span_id: 16 hexadecimal digits, where the request is traced; else None.
        service_info: `name`, `version` and `environment`.
        timestamp: When it was noticed, with its zone.
        handled: Whether the client had a full answer of the application's own: an AppError, an HTTP exception.
    """

    exception: BaseException | None
    error_code: str
    severity: Severity
    fingerprint: str
    context: Mapping[str, object]
    request: Mapping[str, object]
    correlation_id: str | None
    request_id: str | None
    trace_id: str | None = None
    span_id: str | None = None
    service_info: Mapping[str, str]
    timestamp: datetime
    handled: bool


@runtime_checkable
class ErrorReporter(Protocol):
    """Who is told of errors: an error aggregator, a queue, a test."""

    def report(self, event: ErrorEvent) -> None:
        """Take an error. It is called within the request, before the response is sent, and must not block."""
        ...


def checked_reporters(reporters: Iterable[ErrorReporter]) -> tuple[ErrorReporter, ...]:
    """Give the reporters of a layer.

    Raises:
        TypeError: It is no sequence, or one of them has no `report` method.
    """
    if not isinstance(reporters, Iterable):
        raise TypeError(f"reporters must be a sequence of reporters, not {reporters!r}")
    found = tuple(reporters)
    for reporter in found:
        if not isinstance(reporter, ErrorReporter) or isinstance(reporter, type):
            raise TypeError(f"a reporter must have a method report(event), and {reporter!r} has none")
    return found


def report_to_all(reporters: Iterable[ErrorReporter], event: ErrorEvent) -> None:
    """Hand an event to each reporter; one that raises costs a warning in the log, and nothing else."""
    for reporter in reporters:
        try:
            reporter.report(event)
        except Exception as failure:  # noqa: BLE001 - a reporter is anybody's code
            fields: dict[str, object] = {
                "reporter": qualified_name(type(reporter)),
                "exception_type": qualified_name(type(failure)),
            }
            emit("warning", "error_reporter_failed", fields, logger="asgi_stack.reporting")
