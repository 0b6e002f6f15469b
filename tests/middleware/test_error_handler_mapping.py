"""The options that decide what an exception comes to: handlers, groups, HTTP exceptions, reporters, the format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from asgi_stack import (
    AppError,
    ConflictError,
    ErrorEvent,
    ErrorHandlerMiddleware,
    NotFoundError,
    Pipeline,
    Redactor,
    RequestContextMiddleware,
    ServiceInfo,
    log_exception,
)
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.bare_apps import raising, respond
from tests.canaries import canary
from tests.driver import exchange, http_scope, websocket_scope
from tests.frameworks.foreign_errors import StarletteHTTPError
from tests.log_capture import LogLines
from tests.reporting.kept import Kept


class StockError(Exception):
    """An exception of the user's own."""


def sold_out(error: StockError) -> AppError:
    """Say what a StockError means to a client."""
    return ConflictError("Sold out", context={"article": str(error)}, headers={"Retry-After": "60"})


class TestHandlers:
    """`handlers` from end to end."""

    async def test_answer_and_line_tell_what_the_handler_said(self, log_lines: LogLines) -> None:
        """The client sees the AppError, the log the exception with the AppError's code, context and level."""
        app = ErrorHandlerMiddleware(raising(StockError("lamp")), handlers={StockError: sold_out})

        seen = await exchange(app)

        assert (seen.raised, seen.status, json.loads(seen.body)["message"]) == (None, 409, "Sold out")
        assert seen.values("retry-after") == ["60"]
        (line,) = log_lines()
        assert (line["level"], line["exception_message"]) == ("warning", "lamp")
        assert (line["error_code"], line["severity"], line["context"]) == ("CONFLICT", "WARNING", {"article": "lamp"})

    async def test_failing_handler_costs_its_answer_only(self, log_lines: LogLines) -> None:
        """The client has a 500, and the log both errors, the original first."""

        def fail(error: StockError) -> AppError:
            raise RuntimeError("the handler's own fault")

        seen = await exchange(ErrorHandlerMiddleware(raising(StockError("lamp")), handlers={StockError: fail}))

        assert (seen.raised, seen.status) == (None, 500)
        assert [line["exception_message"] for line in log_lines()] == ["lamp", "the handler's own fault"]

    async def test_websocket_is_denied_by_the_handlers_words(self) -> None:
        """Handlers hold for websockets too."""
        app = ErrorHandlerMiddleware(raising(StockError("lamp")), handlers={StockError: sold_out})

        seen = await exchange(app, websocket_scope())

        assert (seen.status, json.loads(seen.body)["error_code"]) == (409, "CONFLICT")


class TestHTTPExceptions:
    """HTTP exceptions of frameworks that reach the layer keep what they say."""

    async def test_status_detail_and_headers_are_kept(self, log_lines: LogLines) -> None:
        """A 405 keeps its Allow header; it is a warning and no error."""
        error = StarletteHTTPError(405, "Only GET", {"Allow": "GET"})

        seen = await exchange(ErrorHandlerMiddleware(raising(error)))

        body = json.loads(seen.body)
        assert (seen.status, body["error_code"], body["message"]) == (405, "METHOD_NOT_ALLOWED", "Only GET")
        assert seen.values("allow") == ["GET"]
        assert [line["level"] for line in log_lines()] == ["warning"]

    @pytest.mark.parametrize("status", [204, 304])
    async def test_status_without_a_body_gets_none(self, status: int) -> None:
        """An exception that stands for 304 is one: its headers, no body, no length."""
        seen = await exchange(ErrorHandlerMiddleware(raising(StarletteHTTPError(status, headers={"ETag": '"1"'}))))

        assert (seen.status, seen.body) == (status, b"")
        assert seen.values("etag") == ['"1"']
        assert seen.values("content-length") == []


class TestGroups:
    """Several exceptions at once."""

    async def test_every_leaf_is_logged_and_the_worst_decides(self, log_lines: LogLines) -> None:
        """A 404 among them does not hide the 500, and the one line shows both."""
        group = ExceptionGroup("both", [NotFoundError("no lamp"), ValueError("no luck")])

        seen = await exchange(ErrorHandlerMiddleware(raising(group)))

        assert (seen.raised, seen.status) == (None, 500)
        (line,) = log_lines()
        assert "no lamp" in line["stack_trace"]
        assert "no luck" in line["stack_trace"]

    async def test_many_leaves_are_capped(self, log_lines: LogLines) -> None:
        """Twenty of them are shown, and how many are not."""
        group = ExceptionGroup("many", [ValueError(f"leaf {number}.") for number in range(30)])

        await exchange(ErrorHandlerMiddleware(raising(group)))

        trace = log_lines()[0]["stack_trace"]
        assert "leaf 19." in trace
        assert "leaf 20." not in trace
        assert "10 more leaves" in trace

    async def test_group_of_clients_mistakes_is_no_error(self, log_lines: LogLines) -> None:
        """Its line has the level of the leaf that decides."""
        group = ExceptionGroup("both", [NotFoundError(), NotFoundError()])

        seen = await exchange(ErrorHandlerMiddleware(raising(group)))

        assert seen.status == 404
        assert [line["level"] for line in log_lines()] == ["info"]

    async def test_group_of_cancellations_is_one(self, log_lines: LogLines) -> None:
        """Where all that was raised is that the request was cancelled, nothing failed."""
        group = BaseExceptionGroup("both", [asyncio.CancelledError(), asyncio.CancelledError()])

        seen = await exchange(ErrorHandlerMiddleware(raising(group)))

        assert (seen.raised, log_lines()) == (group, [])

    async def test_group_of_exits_goes_on(self, log_lines: LogLines) -> None:
        """A group that holds a KeyboardInterrupt is none of our business, but for its line."""
        group = BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError()])

        seen = await exchange(ErrorHandlerMiddleware(raising(group)))

        assert seen.raised is group
        assert seen.sent == []
        assert [line["level"] for line in log_lines()] == ["critical"]


class TestFormat:
    """`error_format` and the Accept header."""

    @pytest.mark.parametrize(
        ("accept", "error_format", "expected"),
        [
            pytest.param(b"", "default", "application/json", id="no-accept"),
            pytest.param(b"*/*", "default", "application/json", id="anything"),
            pytest.param(b"application/problem+json", "default", "application/problem+json", id="asked-for"),
            pytest.param(
                b"application/problem+json;q=0.4, application/json", "default", "application/json", id="less-liked"
            ),
            pytest.param(b"application/json", "problem", "application/problem+json", id="always"),
        ],
    )
    async def test_client_or_option_decides(self, accept: bytes, error_format: str, expected: str) -> None:
        """The body is problem details when the client asks for them, or the service always writes them."""
        scope = http_scope(headers=[(b"Accept", accept)] if accept else [])
        app = ErrorHandlerMiddleware(raising(NotFoundError()), error_format=error_format)  # type: ignore[arg-type]

        seen = await exchange(app, scope)

        assert seen.values("content-type") == [expected]
        assert ("title" in json.loads(seen.body)) == (expected == "application/problem+json")


class TestReporters:
    """Who is told, of what, and when."""

    async def test_event_tells_all_about_the_error(self) -> None:
        """Exception, code, ids, redacted context and request, and the service."""
        secret = canary()
        kept = Kept()
        error = AppError("No", error_code="STOCK", context={"token": secret, "article": 7})
        service = ServiceInfo(name="orders", version="1", environment="production")
        layers = (
            Pipeline()
            .use(RequestContextMiddleware)
            .use(ErrorHandlerMiddleware, reporters=[kept], service_info=service, redactor=Redactor())
        )
        scope = http_scope(
            "/items", query_string=f"token={secret}&a=1".encode(), headers=[(b"cookie", secret.encode())]
        )

        seen = await exchange(layers.build(raising(error)), scope)

        (event,) = kept.events
        assert event.exception is error
        assert (event.error_code, event.severity, event.fingerprint) == ("STOCK", "ERROR", error.fingerprint)
        assert event.context == {"token": "[REDACTED]", "article": 7}
        assert event.correlation_id == seen.values("x-correlation-id")[0]
        assert event.service_info["name"] == "orders"
        assert event.request["path"] == "/items"
        assert event.timestamp.tzinfo is not None
        assert secret not in str(event.request)

    async def test_reporters_are_told_before_the_response_leaves(self) -> None:
        """A process that ends right after its answer has told of the error."""
        kept = Kept()
        told_when_sent: list[int] = []
        app = ErrorHandlerMiddleware(raising(ValueError()), reporters=[kept])

        await exchange(app, on_send=lambda _: told_when_sent.append(len(kept.events)))

        assert told_when_sent == [1, 1]

    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(NotFoundError(), id="404"),
            pytest.param(StarletteHTTPError(400), id="http-400"),
            pytest.param(AppError(status=503, severity="WARNING"), id="warning"),
        ],
    )
    async def test_what_needs_no_attention_is_not_reported(self, error: Exception) -> None:
        """A client's mistake, and what the service calls a warning, are for the log."""
        kept = Kept()

        await exchange(ErrorHandlerMiddleware(raising(error), reporters=[kept]))

        assert kept.events == []

    async def test_error_after_the_response_is_reported(self) -> None:
        """A background task that fails is reported, as not handled."""
        kept = Kept()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"ok")
            raise NotFoundError("in the background")

        await exchange(ErrorHandlerMiddleware(app, reporters=[kept]))

        assert [(event.severity, event.handled) for event in kept.events] == [("ERROR", False)]

    async def test_error_that_the_app_logged_itself_is_reported_all_the_same(self, log_lines: LogLines) -> None:
        """Logging it before it is raised on saves the second line, not the report."""
        kept = Kept()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            error = ValueError("x")
            log_exception(error, "seen_by_the_app")
            raise error

        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware, reporters=[kept])
        await exchange(layers.build(app))

        assert [line["event"] for line in log_lines()] == ["seen_by_the_app"]
        assert len(kept.events) == 1

    async def test_failing_reporter_changes_nothing(self, log_lines: LogLines) -> None:
        """The client has the same answer, and the log says whose fault it was."""

        class Failing:
            def report(self, event: ErrorEvent) -> None:
                raise ConnectionError("down")

        seen = await exchange(ErrorHandlerMiddleware(raising(ValueError()), reporters=[Failing()]))

        assert (seen.raised, seen.status) == (None, 500)
        assert [line["event"] for line in log_lines()] == ["request_failed", "error_reporter_failed"]


class TestOptions:
    """Wrong options are found when the layer is made."""

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            pytest.param({"error_format": "xml"}, "error_format must be one of default, problem", id="format"),
            pytest.param({"replace_5xx": "sometimes"}, "replace_5xx must be one of", id="replace"),
            pytest.param({"hold_limit_bytes": -1}, "hold_limit_bytes must be", id="negative"),
            pytest.param({"hold_limit_bytes": "1"}, "hold_limit_bytes must be", id="text"),
            pytest.param({"handlers": {"x": sold_out}}, "handlers must map", id="handlers"),
            pytest.param({"reporters": [print]}, "a reporter must have", id="reporters"),
        ],
    )
    def test_wrong_option_is_refused(self, options: dict[str, object], told: str) -> None:
        """The message names the option."""
        make: Callable[..., ASGIApp] = ErrorHandlerMiddleware

        with pytest.raises((TypeError, ValueError), match=told):
            make(raising(ValueError()), **options)
