"""Tell of errors: one line in the log with all that is known, and one event for each reporter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asgi_stack.context import RequestContext
from asgi_stack.error_mapping import Mapped
from asgi_stack.exceptions import Severity
from asgi_stack.guarded_websocket import GuardedWebSocketExchange
from asgi_stack.http_context import capture_request_context
from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import redact_text, redact_word, write_exception
from asgi_stack.logging.marks import was_logged_here
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.redaction import REDACTED
from asgi_stack.reporting.base import ErrorEvent, report_to_all
from asgi_stack.responses import INTERNAL_ERROR, ErrorAnswer
from asgi_stack.routes import request_path
from asgi_stack.status_phrases import FIRST_SERVER_ERROR
from asgi_stack.tracebacks import fingerprint_of, qualified_name

if TYPE_CHECKING:
    from asgi_stack.guarded_websocket import GuardedExchange
    from asgi_stack.redaction import Redactor
    from asgi_stack.reporting.base import ErrorReporter
    from asgi_stack.types import Scope

__all__ = ["ErrorJournal"]

_LOGGER: Final = "asgi_stack.errors"
_OWN_FIELDS: Final = frozenset({"method", "path", "type", "late_error", "response_started", "request", "status_code"})
_ATTENTION: Final = frozenset({Severity.ERROR, Severity.CRITICAL})


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
        is_answered: bool = True,
        is_late: bool = False,
    ) -> None:
        """Log an exception, unless somebody did so in this request, and report it.

        Args:
            error: What was raised.
            mapped: What it comes to.
            exchange: The request that it was raised in.
            severity: The level of the line; None takes that of the answer.
            is_answered: Whether the client has that answer, or will have it. Without one, a client's mistake is a
                defect here: then the level is at least ERROR.
            is_late: Whether it came after a complete response.
        """
        record = RequestContext.current()
        if record is not None:
            record.error = error
            record.late_error = record.late_error or is_late
        severity = severity or _severity(mapped.answer, is_answered=is_answered)
        if not was_logged_here(error):
            self._log(error, mapped, exchange, severity, is_late=is_late)
        if severity in _ATTENTION and (mapped.answer.status >= FIRST_SERVER_ERROR or not is_answered):
            handled = is_answered and mapped.answer is not INTERNAL_ERROR
            self._report(error, mapped, exchange, severity, handled=handled)

    def enter_handled(self, error: BaseException, mapped: Mapped, exchange: GuardedExchange) -> None:
        """Log an exception that a handler of the app's own was given and answered: a warning, and no report."""
        if not was_logged_here(error):
            self._log(error, mapped, exchange, Severity.WARNING, is_late=False)

    def _log(
        self, error: BaseException, mapped: Mapped, exchange: GuardedExchange, severity: Severity, *, is_late: bool
    ) -> None:
        try:
            bound = self._bound(exchange.scope)
            facts = self._facts(exchange, detailed=severity in _ATTENTION, is_late=is_late)
            facts |= self._told(error, mapped)
        except Exception as failure:  # noqa: BLE001 - the error's line matters more than what is around it
            bound, facts = {}, dict[str, object](description_failed=qualified_name(type(failure)))
        write_exception(
            error,
            "request_failed",
            bound,
            level=severity,
            logger=_LOGGER,
            redactor=self._redactor,
            finished=facts,
        )

    def enter_failure(self, failure: Exception, event: str) -> None:
        """Log what went wrong while an error was dealt with; the error itself has its line already."""
        write_exception(failure, event, {}, logger=_LOGGER, redactor=self._redactor)

    def enter_without_exception(
        self, event: str, answer: ErrorAnswer, exchange: GuardedExchange, **fields: object
    ) -> None:
        """Log a failure that no exception tells of, and report it where the status is 500."""
        bound = self._redactor.value(self._bound(exchange.scope))
        emit("error", event, {**bound, **self._facts(exchange, detailed=True, is_late=False), **fields}, logger=_LOGGER)
        if answer.status == FIRST_SERVER_ERROR:
            self._report(None, Mapped(answer), exchange, Severity.ERROR, handled=False)

    def _bound(self, scope: Scope) -> dict[str, object]:
        """Give what was bound to the request; a sensitive path hides it."""
        record = RequestContext.current()
        if record is None or not record.fields or HIDE_PATH in scope.get(ACTIVE, ()):
            return {}
        return {f"{name}_" if name in _OWN_FIELDS else name: value for name, value in record.fields.items()}

    def _facts(self, exchange: GuardedExchange, *, detailed: bool, is_late: bool) -> dict[str, object]:
        """Give what is known of the request, redacted."""
        scope = exchange.scope
        fields: dict[str, object] = {"method": redact_text(scope.get("method"), self._redactor)}
        if isinstance(exchange, GuardedWebSocketExchange):
            fields["type"] = "websocket"
        hidden = HIDE_PATH in scope.get(ACTIVE, ())
        fields["path"] = (
            REDACTED if hidden else redact_text(request_path(scope, RequestContext.current()), self._redactor)
        )
        if is_late:
            fields["late_error"] = True
        elif exchange.started and not exchange.complete:
            fields["response_started"] = True
        if detailed:
            request = capture_request_context(scope, redactor=self._redactor)
            fields["request"] = {key: value for key, value in request.items() if key not in _OWN_FIELDS}
        return fields

    def _told(self, error: BaseException, mapped: Mapped) -> dict[str, object]:
        """Give what the answer says of an exception that is no AppError itself, redacted."""
        if mapped.told_by is error or mapped.answer is INTERNAL_ERROR:
            return {}
        told: dict[str, object] = {
            "error_code": redact_word(mapped.answer.error_code, self._redactor),
            "severity": redact_word(mapped.answer.severity, self._redactor),
        }
        if mapped.told_by is not None and mapped.told_by.context:
            told |= self._redactor.value({"context": mapped.told_by.context})
        return told

    def _report(
        self,
        error: BaseException | None,
        mapped: Mapped,
        exchange: GuardedExchange,
        severity: Severity,
        *,
        handled: bool,
    ) -> None:
        if not self._reporters:
            return
        try:
            event = self._event(error, mapped, exchange, severity, handled=handled)
        except Exception as failure:  # noqa: BLE001 - what cannot be reported is still answered
            self.enter_failure(failure, "error_report_failed")
        else:
            report_to_all(self._reporters, event)

    def _event(
        self,
        error: BaseException | None,
        mapped: Mapped,
        exchange: GuardedExchange,
        severity: Severity,
        *,
        handled: bool,
    ) -> ErrorEvent:
        record = RequestContext.current()
        context = {} if mapped.told_by is None else self._redactor.value(dict(mapped.told_by.context))
        return ErrorEvent(
            exception=error,
            error_code=mapped.answer.error_code,
            severity=severity,
            fingerprint="" if error is None else fingerprint_of(error),
            context=context,
            request=capture_request_context(exchange.scope, redactor=self._redactor),
            correlation_id=None if record is None else record.correlation_id,
            request_id=None if record is None else record.request_id,
            service_info=self._service_info,
            timestamp=datetime.now(UTC),
            handled=handled,
        )


def _severity(answer: ErrorAnswer, *, is_answered: bool) -> Severity:
    try:
        severity = Severity(answer.severity)
    except ValueError:
        return Severity.ERROR
    return severity if is_answered or severity in _ATTENTION else Severity.ERROR
