"""Reporters: what they are told, and that a failing one harms nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asgi_stack.exceptions import Severity
from asgi_stack.reporting import ErrorEvent, ErrorReporter
from asgi_stack.reporting.base import checked_reporters, report_to_all
from tests.log_capture import LogLines
from tests.reporting.kept import Kept


class Failing:
    """A reporter that raises."""

    def report(self, event: ErrorEvent) -> None:
        """Raise."""
        raise ConnectionError("the aggregator is down")


def event() -> ErrorEvent:
    """Make an event."""
    return ErrorEvent(
        exception=ValueError("x"),
        error_code="INTERNAL_ERROR",
        severity=Severity.ERROR,
        fingerprint="0123456789abcdef",
        context={},
        request={},
        correlation_id=None,
        request_id=None,
        service_info={"name": "orders", "version": "1", "environment": "testing"},
        timestamp=datetime.now(UTC),
        handled=False,
    )


class TestReporters:
    """Who may be a reporter."""

    def test_anything_with_the_method_is_one(self) -> None:
        """No base class is needed."""
        reporter = Kept()

        assert isinstance(reporter, ErrorReporter)
        assert checked_reporters([reporter]) == (reporter,)

    @pytest.mark.parametrize("wrong", [[print], [Kept], Kept(), [None]], ids=["function", "class", "alone", "none"])
    def test_anything_else_is_refused(self, wrong: object) -> None:
        """A wrong reporter is found when the layer is made, not at the first error."""
        with pytest.raises(TypeError, match="report"):
            checked_reporters(wrong)  # type: ignore[arg-type]


class TestFanOut:
    """Handing one event to several reporters."""

    def test_each_is_told(self) -> None:
        """All of them get the very event."""
        first, second = Kept(), Kept()
        told = event()

        report_to_all([first, second], told)

        assert first.events == second.events == [told]

    def test_failing_reporter_is_named_and_the_others_are_told(self, log_lines: LogLines) -> None:
        """One that raises costs a warning that says whose fault it was."""
        kept = Kept()

        report_to_all([Failing(), kept], event())

        assert len(kept.events) == 1
        (line,) = log_lines("error_reporter_failed")
        assert (line["level"], line["reporter"]) == ("warning", "tests.reporting.test_base.Failing")
        assert line["exception_type"] == "ConnectionError"
