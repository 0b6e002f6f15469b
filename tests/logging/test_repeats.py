"""Which lines of Quart and Django are repeats of the error layer's, and which are not."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from asgi_stack import ErrorHandlerMiddleware, RequestContext, RequestLoggingMiddleware, configure_structlog
from asgi_stack.logging.marks import mark_line_due
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.settings import LogSettings
from tests.log_capture import LogLines
from tests.odd_values import Unprintable


class TestFrameworkRepeats:
    """What our handler keeps quiet about."""

    @pytest.mark.parametrize(
        ("logger", "message", "is_written"),
        [
            ("shop", "Exception on request GET /pay", False),
            ("shop", "Exception on websocket /pay", False),
            ("django.request", "%s: %s", False),
            ("shop", "payment failed", True),
            ("django.security", "Exception in a view", True),
        ],
    )
    def test_only_frameworks_own_words(
        self, logger: str, message: str, log_lines: LogLines, *, is_written: bool
    ) -> None:
        """Of an exception whose line is due, what a framework says is dropped, and what anybody else says is not."""
        error = ValueError("no")
        with RequestContext.scope():
            mark_line_due(error)
            logging.getLogger(logger).error(message, *("a", "b")[: message.count("%s")], exc_info=error)

        assert len(log_lines()) == is_written

    def test_line_due_in_another_request_is_no_reason(self, log_lines: LogLines) -> None:
        """An exception object that is raised again is told of again."""
        error = ValueError("no")
        with RequestContext.scope():
            mark_line_due(error)
        with RequestContext.scope():
            logging.getLogger("django.request").error("first", exc_info=error)
        logging.getLogger("django.request").error("second", exc_info=error)

        assert [line["event"] for line in log_lines()] == ["first", "second"]


class TestStatusAlone:
    """Django's line about a response, without an exception."""

    @pytest.mark.parametrize(
        ("status", "layers", "is_written"),
        [
            (503, (RequestLoggingMiddleware, ErrorHandlerMiddleware), False),
            (503, (ErrorHandlerMiddleware,), True),
            (404, (RequestLoggingMiddleware,), True),
            ("503", (RequestLoggingMiddleware,), True),
        ],
    )
    def test_request_line_tells_it(
        self, status: object, layers: tuple[type, ...], log_lines: LogLines, *, is_written: bool
    ) -> None:
        """A deliberate 5xx is told by the request line, where there is one; nothing else is dropped."""
        request = SimpleNamespace(scope={ACTIVE: layers})
        extra = {"status_code": status, "request": request}
        logging.getLogger("django.request").error("Service Unavailable: %s", "/closed", extra=extra)
        logging.getLogger("shop").error("Service Unavailable: %s", "/closed", extra=extra)

        assert len(log_lines()) == 1 + is_written


def log_alone(log_lines: LogLines) -> None:
    """Log without pytest's own handlers, which fail on records such as these."""
    logging.getLogger().handlers[:] = []
    configure_structlog(LogSettings(), server_access_log=False, stream=log_lines.stream)


class TestHostileRecords:
    """What a filter looks at may be anything."""

    @pytest.mark.parametrize("logger", ["shop", "uvicorn.error"])
    def test_exception_that_cannot_be_asked_fails_no_call(self, logger: str, log_lines: LogLines) -> None:
        """A class that answers for missing attributes, and fails in doing so, costs nobody more than its line."""
        log_alone(log_lines)

        class WrapperError(Exception):
            def __getattr__(self, name: str) -> object:
                return getattr(self.inner, name)

        with RequestContext.scope():
            logging.getLogger(logger).error("failed", exc_info=WrapperError("x"))

        assert [line["event"] for line in log_lines()] == ["failed"]

    @pytest.mark.parametrize("logger", ["shop", "uvicorn.error"])
    def test_message_may_be_any_object(self, logger: str, log_lines: LogLines) -> None:
        """A message that has no text costs its line, not the call."""
        log_alone(log_lines)
        error = ValueError("no")
        with RequestContext.scope():
            mark_line_due(error)
            logging.getLogger(logger).error(Unprintable(), exc_info=error)
            logging.getLogger(logger).error("next")

        assert [line["event"] for line in log_lines()] == ["next"]
