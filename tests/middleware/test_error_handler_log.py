"""What the log is told of an error."""

from __future__ import annotations

import json

import pytest

from asgi_stack import (
    AppError,
    ErrorHandlerMiddleware,
    NotFoundError,
    Pipeline,
    RateLimitedError,
    RequestContextMiddleware,
)
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import raising
from tests.driver import exchange, http_scope
from tests.log_capture import LogLines


class TestLogging:
    """What the log is told."""

    async def test_error_is_logged_once_in_full(self, log_lines: LogLines) -> None:
        """One line has the ids, type, message, code, context, fingerprint, cause and stack trace."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                raise KeyError("stock")
            except KeyError as error:
                raise AppError("No stock", context={"order": 7}, details={"told": 1}) from error

        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware)

        await exchange(layers.build(app), http_scope("/orders", method="POST", headers=[(b"x-request-id", b"r1")]))

        [line] = log_lines()
        assert line["event"] == "request_failed"
        assert line["level"] == "error"
        assert line["correlation_id"] == line["request_id"] == "r1"
        assert line["exception_type"] == "asgi_stack.exceptions.AppError"
        assert line["exception_message"] == "No stock"
        assert line["error_code"] == "INTERNAL_ERROR"
        assert line["context"] == {"order": 7}
        assert (line["method"], line["path"]) == ("POST", "/orders")
        assert len(line["fingerprint"]) == 16
        assert line["caused_by"][0]["type"] == "KeyError"
        assert "KeyError" in line["stack_trace"]

    @pytest.mark.parametrize(
        ("error", "level", "traced"),
        [
            (NotFoundError(), "info", False),
            (RateLimitedError(), "warning", False),
            (AppError("x"), "error", True),
            (AppError("x", severity="CRITICAL"), "critical", True),
            (ValueError("x"), "error", True),
        ],
    )
    async def test_severity_is_the_level(
        self,
        error: Exception,
        level: str,
        traced: bool,
        log_lines: LogLines,
    ) -> None:
        """The line's level is the error's severity; from ERROR on it has a stack trace."""
        await exchange(ErrorHandlerMiddleware(raising(error)))

        [line] = log_lines()
        assert line["level"] == level
        assert ("stack_trace" in line) is traced

    async def test_secrets_stay_out_of_the_line(self, log_lines: LogLines) -> None:
        """Messages, context and bound fields are redacted."""
        error = AppError("password=CANARY-1", context={"token": "CANARY-2"}, cause=ValueError("api_key=CANARY-3"))

        await exchange(ErrorHandlerMiddleware(raising(error)))

        assert "CANARY" not in json.dumps(log_lines())

    async def test_exception_logged_by_the_app_is_not_logged_again(self, log_lines: LogLines) -> None:
        """An app that logs and raises has one line."""
        from asgi_stack import log_exception  # noqa: PLC0415 - as a user would

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            error = ValueError("x")
            log_exception(error, "payment_failed")
            raise error

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.status == 500
        assert [line["event"] for line in log_lines()] == ["payment_failed"]

    async def test_error_of_a_sensitive_path_hides_it(self, log_lines: LogLines) -> None:
        """Where the request line hides the path and the bound fields, the error line does too."""
        from asgi_stack import RequestLoggingMiddleware  # noqa: PLC0415 - one test's own

        layers = (
            Pipeline()
            .use(RequestContextMiddleware)
            .use(RequestLoggingMiddleware, sensitive_paths=["/reset/*"])
            .use(ErrorHandlerMiddleware)
        )

        await exchange(layers.build(raising(ValueError())), http_scope("/reset/CANARY-1"))

        assert "CANARY" not in json.dumps(log_lines())
        assert {line["path"] for line in log_lines()} == {"[REDACTED]"}
