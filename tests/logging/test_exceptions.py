"""`log_exception`: what the one line about an exception says."""

from __future__ import annotations

import pytest

from asgi_stack import AppError, NotFoundError, log_exception
from asgi_stack.exceptions import Severity
from tests.log_capture import LogLines
from tests.odd_values import Unprintable


class TestLine:
    """The line's fields."""

    def test_app_error_tells_its_code_context_and_fingerprint(self, log_lines: LogLines) -> None:
        """Severity is the level, the context is redacted, and what led to it is named."""
        error = AppError("No", error_code="STOCK", context={"token": "t", "article": 7}, cause=KeyError("x"))

        log_exception(error, "order_failed", order_id=7)

        (line,) = log_lines("order_failed")
        assert (line["level"], line["error_code"], line["order_id"]) == ("error", "STOCK", 7)
        assert line["context"] == {"token": "[REDACTED]", "article": 7}
        assert line["fingerprint"] == error.fingerprint
        assert line["caused_by"] == [{"type": "KeyError", "message": "'x'"}]

    def test_level_follows_severity_or_what_is_said(self, log_lines: LogLines) -> None:
        """A NotFoundError is info unless the caller says otherwise, and only errors have a stack trace."""
        log_exception(NotFoundError())
        log_exception(NotFoundError(), level=Severity.CRITICAL)

        first, second = log_lines()
        assert (first["level"], "stack_trace" in first) == ("info", False)
        assert (second["level"], "stack_trace" in second) == ("critical", True)

    def test_exception_without_a_text_is_logged(self, log_lines: LogLines) -> None:
        """An exception whose text cannot be had costs its text."""
        log_exception(ValueError(Unprintable()))

        (line,) = log_lines()
        assert line["exception_type"] == "ValueError"

    @pytest.mark.parametrize("where", ["message", "notes"])
    def test_what_is_cut_is_said_to_be(self, where: str, log_lines: LogLines) -> None:
        """A line that leaves out a part of a message or a trace has `truncated`; any other has not."""
        long, short = ValueError("x" * 100_000 if where == "message" else "x"), ValueError("x")
        if where == "notes":
            long.add_note("x" * 100_000)

        log_exception(long)
        log_exception(short)

        assert [line.get("truncated") for line in log_lines()] == [True, None]


class TestArguments:
    """Wrong arguments name themselves."""

    def test_no_exception(self) -> None:
        """Only exceptions are logged this way."""
        with pytest.raises(TypeError, match="needs an exception, not 'text'"):
            log_exception("text")  # type: ignore[arg-type]

    def test_unknown_level(self) -> None:
        """The known ones are named."""
        with pytest.raises(ValueError, match="not 'loud'"):
            log_exception(ValueError(), level="loud")
