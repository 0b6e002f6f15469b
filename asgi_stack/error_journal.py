"""Tell of errors: one line in the log with all that is known, and one event for each reporter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import Severity
from asgi_stack.guarded_exchange import GuardedHTTPExchange, GuardedWebSocketExchange
from asgi_stack.http_context import capture_request_context
from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import write_exception
from asgi_stack.logging.marks import was_logged_here
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.redaction import REDACTED
from asgi_stack.reporting.base import ErrorEvent, report_to_all
from asgi_stack.responses import INTERNAL_ERROR, ErrorAnswer
from asgi_stack.tracebacks import fingerprint_of

if TYPE_CHECKING:
    from asgi_stack.error_mapping import Mapped
    from asgi_stack.redaction import Redactor
    from asgi_stack.reporting.base import ErrorReporter

__all__ = ["ErrorJournal", "GuardedExchange"]

GuardedExchange = GuardedHTTPExchange | GuardedWebSocketExchange

_LOGGER: Final = "asgi_stack.errors"
_OWN_FIELDS: Final = frozenset({"method", "path", "type", "late_error", "response_started", "request", "status_code"})
_ATTENTION: Final = frozenset({Severity.ERROR, Severity.CRITICAL})
_FIRST_SERVER_ERROR: Final = 500


class ErrorJournal:
    """The log and the reporters of one error layer.

    Args:
        redactor: Decides what is sensitive.
        reporters: Who is told of errors that need attention: of severity ERROR and CRITICAL, answered with a status
            from 500 on, or not answered at all.
        service_info: `name`, `version` and `environment`, for the reporters.
    """

    def __init__(
        self, redactor: Redactor, reporters: tuple[ErrorReporter, ...], service_info: Mapping[str, str]
    ) -> None:
        self._redactor = redactor
        self._reporters = reporters
        self._service_info = service_info

    def enter(
        self,
        error: BaseException,
        mapped: Mapped,
        exchange: GuardedExchange,
        *,
        severity: Severity | None = None,
        is_late: bool = False,
    ) -> None:
        """Log an exception, unless somebody did so in this request, and report it.

        Args:
            error: What was raised.
            mapped: What it comes to.
            exchange: The request that it was raised in.
            severity: The level of the line; None takes that of the answer, or ERROR where it comes too late for one.
            is_late: Whether it came after a complete response.
        """
        record = RequestContext.current()
        if record is not None:
            record.error = error
            record.late_error = is_late
        severity = severity or _severity(mapped.answer, exchange)
        if not was_logged_here(error):
            self._log(error, mapped, exchange, severity, is_late=is_late)
        if severity in _ATTENTION:
            self._report(error, mapped.answer, mapped, exchange, severity)

    def _log(
        self, error: BaseException, mapped: Mapped, exchange: GuardedExchange, severity: Severity, *, is_late: bool
    ) -> None:
        fields = self._fields(exchange, detailed=severity in _ATTENTION, is_late=is_late)
        if mapped.told_by is not error and mapped.answer is not INTERNAL_ERROR:
            fields["error_code"] = mapped.answer.error_code
            fields["severity"] = str(mapped.answer.severity)
            if mapped.told_by is not None and mapped.told_by.context:
                fields["context"] = mapped.told_by.context
        write_exception(error, "request_failed", fields, level=severity, logger=_LOGGER, redactor=self._redactor)

    def enter_failure(self, failure: Exception, event: str) -> None:
        """Log what went wrong while an error was dealt with; the error itself has its line already."""
        write_exception(failure, event, {}, logger=_LOGGER, redactor=self._redactor)

    def enter_without_exception(
        self, event: str, answer: ErrorAnswer, exchange: GuardedExchange, **fields: object
    ) -> None:
        """Log, and from status 500 on report, a failure that no exception tells of."""
        redacted = self._redactor.value(self._fields(exchange, detailed=True, is_late=False))
        emit("error", event, {**redacted, **fields}, logger=_LOGGER)
        if answer.status == _FIRST_SERVER_ERROR:
            self._report(None, answer, None, exchange, answer.severity)

    def _fields(self, exchange: GuardedExchange, *, detailed: bool, is_late: bool) -> dict[str, object]:
        scope = exchange.scope
        record = RequestContext.current()
        hidden = HIDE_PATH in scope.get(ACTIVE, ())
        bound = {} if record is None or hidden else record.fields
        fields = {f"{name}_" if name in _OWN_FIELDS else name: value for name, value in bound.items()}
        fields["method"] = scope.get("method")
        if isinstance(exchange, GuardedWebSocketExchange):
            fields["type"] = "websocket"
        fields["path"] = REDACTED if hidden else scope.get("path")
        if is_late:
            fields["late_error"] = True
        elif exchange.started and not exchange.complete:
            fields["response_started"] = True
        if detailed:
            request = capture_request_context(scope, redactor=self._redactor)
            fields["request"] = {key: value for key, value in request.items() if key not in _OWN_FIELDS}
        return fields

    def _report(
        self,
        error: BaseException | None,
        answer: ErrorAnswer,
        mapped: Mapped | None,
        exchange: GuardedExchange,
        severity: Severity,
    ) -> None:
        if not self._reporters or (answer.status < _FIRST_SERVER_ERROR and not exchange.started):
            return
        record = RequestContext.current()
        told_by = mapped.told_by if mapped is not None else None
        event = ErrorEvent(
            exception=error,
            error_code=answer.error_code,
            severity=severity,
            fingerprint="" if error is None else fingerprint_of(error),
            context=self._redactor.value(dict(told_by.context)) if told_by is not None else {},
            request=capture_request_context(exchange.scope, redactor=self._redactor),
            correlation_id=None if record is None else record.correlation_id,
            request_id=None if record is None else record.request_id,
            service_info=self._service_info,
            timestamp=datetime.now(UTC),
            handled=answer is not INTERNAL_ERROR and not exchange.started,
        )
        report_to_all(self._reporters, event)


def _severity(answer: ErrorAnswer, exchange: GuardedExchange) -> Severity:
    """Give the level of a line: raised too late to be answered as it asks, a client's mistake is a defect here."""
    try:
        severity = Severity(answer.severity)
    except ValueError:
        return Severity.ERROR
    return Severity.ERROR if exchange.started and severity not in _ATTENTION else severity
