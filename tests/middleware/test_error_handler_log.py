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
    RequestContext,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    log_exception,
)
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import raising, respond
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

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            error = ValueError("x")
            log_exception(error, "payment_failed")
            raise error

        seen = await exchange(Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app))

        assert seen.status == 500
        assert [line["event"] for line in log_lines()] == ["payment_failed"]

    async def test_exception_logged_too_low_to_be_seen_is_logged(self, log_lines: LogLines) -> None:
        """A line that was not written does not count as the error's line."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            error = ValueError("x")
            log_exception(error, "payment_failed", level="debug")
            raise error

        await exchange(Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app))

        assert [line["event"] for line in log_lines()] == ["request_failed"]

    async def test_one_object_raised_in_each_request_is_logged_in_each(self, log_lines: LogLines) -> None:
        """An exception that is a constant of its module has an error line in every request that it fails."""
        app = raising(RuntimeError("a constant"))
        built = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app)

        for _ in range(3):
            await exchange(built)

        assert [line["event"] for line in log_lines()] == ["request_failed"] * 3

    async def test_bound_fields_may_have_any_name(self, log_lines: LogLines) -> None:
        """Fields named like keys or options of the line are written beside them."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            record = RequestContext.current()
            assert record is not None
            record.bind(level="gold", event="x", error=1, logger="y", method="card")
            raise ValueError("x")

        await exchange(Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app))

        [line] = log_lines()
        assert (line["level_"], line["event_"], line["error"], line["logger_"]) == ("gold", "x", 1, "y")
        assert (line["level"], line["method"], line["method_"]) == ("error", "GET", "card")

    async def test_severity_that_somebody_changed_to_nonsense(self, log_lines: LogLines) -> None:
        """An attribute set to anything after the error was made costs no response; the line is an error's."""
        error = NotFoundError("x")
        error.severity = "NOTICE"  # type: ignore[assignment]

        seen = await exchange(ErrorHandlerMiddleware(raising(error)))

        assert seen.status == 404
        assert log_lines()[0]["level"] == "error"

    async def test_error_of_a_sensitive_path_hides_it(self, log_lines: LogLines) -> None:
        """Where the request line hides the path and the bound fields, the error line does too."""
        layers = (
            Pipeline()
            .use(RequestContextMiddleware)
            .use(RequestLoggingMiddleware, sensitive_paths=["/reset/*"])
            .use(ErrorHandlerMiddleware)
        )

        await exchange(layers.build(raising(ValueError())), http_scope("/reset/CANARY-1"))

        assert "CANARY" not in json.dumps(log_lines())
        assert {line["path"] for line in log_lines()} == {"[REDACTED]"}

    @pytest.mark.parametrize("option", ["sensitive_paths", "exclude_paths"])
    async def test_path_is_hidden_without_a_context_layer_too(self, option: str, log_lines: LogLines) -> None:
        """What the request line hides, the error line hides, whatever other layers there are."""
        hidden = {"sensitive_paths": ["/reset/*"], option: ["/reset/*"]}
        layers = Pipeline().use(RequestLoggingMiddleware, **hidden).use(ErrorHandlerMiddleware)  # type: ignore[arg-type]

        await exchange(layers.build(raising(ValueError())), http_scope("/reset/CANARY-1"))

        assert "CANARY" not in json.dumps(log_lines())
        assert len(log_lines("request_failed")) == 1

    async def test_error_that_came_too_late_to_be_answered_is_an_error(self, log_lines: LogLines) -> None:
        """A NotFoundError after the response has started is a defect of the service, with its stack trace."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"whole")
            raise NotFoundError("too late")

        await exchange(ErrorHandlerMiddleware(app))

        [line] = log_lines()
        assert (line["level"], line["severity"]) == ("error", "INFO")
        assert "Traceback" in line["stack_trace"]

    def test_only_exceptions_are_logged_as_such(self) -> None:
        """A text is no exception, and the message says so."""
        with pytest.raises(TypeError, match="log_exception needs an exception, not 'x'"):
            log_exception("x")  # type: ignore[arg-type]
