"""Errors as Google's Error Reporting knows them, and what odd and long records come to."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack import AppError, RequestContext, Settings, get_logger, log_exception, wrap
from asgi_stack.logging.cloud_logging import RESERVED, cloud_renderer
from asgi_stack.logging.record_cut import MAX_RECORD_BYTES
from asgi_stack.settings import ServiceSettings
from asgi_stack.types import Receive, Scope, Send
from tests.driver import exchange, http_scope
from tests.logging.cloud_format import REPORTED_ERROR, configured, converted, format_errors, valid_lines
from tests.odd_values import Unprintable

STANDARD = {"timestamp": "2026-01-01T00:00:00.000001Z", "level": "error", "logger": "shop", "event": "failed"}
SERVICE = {"service": "shop", "version": "1.4.2"}


class TestReportedErrors:
    """Lines that are events for Error Reporting."""

    def test_each_way_to_log_an_exception_reports_it(self) -> None:
        """The type, the service and the interpreter's kind of stack trace are there, whoever logs."""
        stream = configured()

        try:
            raise ValueError("no")
        except ValueError as error:
            log_exception(error)
            get_logger("a").exception("failed")
            logging.getLogger("b").critical("failed", exc_info=True)

        for line in valid_lines(stream):
            assert (line["@type"], line["serviceContext"]) == (REPORTED_ERROR, SERVICE)
            assert str(line["stack_trace"]).startswith("Traceback (most recent call last):\n")
            assert str(line["stack_trace"]).endswith("ValueError: no\n")

    def test_warning_with_a_stack_trace_is_no_report(self) -> None:
        """Below error nothing asks for a report; the service is named, since the trace may be read all the same."""
        stream = configured()

        try:
            raise ValueError("no")
        except ValueError:
            get_logger("a").warning("retrying", exc_info=True)

        [line] = valid_lines(stream)
        assert line["serviceContext"] == SERVICE
        assert not {"@type", "context"} & line.keys()

    def test_error_without_an_exception_is_no_report(self) -> None:
        """A line of level error that has no stack trace is a line."""
        stream = configured()

        get_logger("a").error("stock_is_low", left=1)

        [line] = valid_lines(stream)
        assert not {"@type", "serviceContext", "context"} & line.keys()

    async def test_failing_request_tells_of_request_and_user(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """The error line of a request has what ErrorContext asks for, redacted."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            RequestContext.current().bind(user_id=17)  # type: ignore[union-attr]
            raise AppError("No", context={"cart": 3})

        headers = [(b"user-agent", b"curl/8.5.0"), (b"referer", b"https://shop.example/?token=CANARY-1")]
        scope = http_scope("/pay", query_string=b"page=2&token=CANARY-2", headers=headers, client=("192.0.2.7", 4031))
        settings = Settings(service={"name": "shop", "version": "1.4.2"}, log={"schema": "gcp", "format": "json"})

        await exchange(wrap(app, settings), scope)

        out = capfdbinary.readouterr().out
        error, _ = valid_lines(io.BytesIO(out))
        assert (error["message"], error["severity"], error["serviceContext"]) == ("request_failed", "ERROR", SERVICE)
        assert error["context"] == {
            "httpRequest": {
                "method": "GET",
                "url": "/pay?page=2&token=[REDACTED]",
                "userAgent": "curl/8.5.0",
                "referrer": "https://shop.example/?token=[REDACTED]",
                "remoteIp": "192.0.2.7",
            },
            "user": "17",
        }
        assert error["context_"] == {"cart": 3}
        assert not {"severity_", "level"} & error.keys()
        assert b"CANARY" not in out

    def test_call_site_is_where_it_was_reported(self) -> None:
        """The line's number is a number here."""
        site = {"file": "shop/a.py", "line": 7, "function": "pay"}

        record = converted({**STANDARD, "stack_trace": "ValueError: no\n", "call_site": site, "status_code": 500})

        location = {"filePath": "shop/a.py", "lineNumber": 7, "functionName": "pay"}
        assert record["context"] == {"reportLocation": location}

    @pytest.mark.parametrize("user", ["ann", 17])
    def test_user_may_be_called_user(self, user: object) -> None:
        """Either name does, and a number is written as a text."""
        assert converted({**STANDARD, "stack_trace": "x", "user": user})["context"] == {"user": str(user)}

    @pytest.mark.parametrize("user", [None, "", True, -1, pytest.param(10**5000, id="endless"), {"id": 1}])
    def test_other_users_are_nobody(self, user: object) -> None:
        """What cannot be written as a text is not guessed at."""
        assert "context" not in converted({**STANDARD, "stack_trace": "x", "user": user})

    def test_severity_of_another_name_than_the_level_stays(self) -> None:
        """An error that is logged at a level of its own keeps what it is."""
        stream = configured()

        log_exception(AppError("No"), level="warning")

        [line] = valid_lines(stream)
        assert (line["severity"], line["severity_"]) == ("WARNING", "ERROR")


def rendered(entry: dict[str, object]) -> dict[str, object]:
    """Render a record, see that it is one line of the right size and as documented, and read it again."""
    line = cloud_renderer(ServiceSettings(name="shop", version="1.4.2"), "shop-prod")(entry)
    assert len(line) <= MAX_RECORD_BYTES
    assert b"\n" not in line
    record: dict[str, object] = json.loads(line)
    assert format_errors(record) == []
    return record


class TestLongRecords:
    """Records of more than 64 KiB."""

    def test_special_fields_stay(self) -> None:
        """Of an error with thousands of fields what Google looks for is still there, and still of its type."""
        flood = {f"field_{number}": "v" * 300 for number in range(5_000)}
        headers = {"user-agent": "u" * 1_000, "referer": "r" * 1_000}
        error: dict[str, object] = {
            "correlation_id": "c" * 36,
            "trace_id": "1" * 32,
            "method": "GET",
            "path": "/" + "p" * 70_000,
            "request": {"query": "q" * 2_000, "headers": headers, "client": "::1"},
            "call_site": {"file": "a.py", "line": 7, "function": "pay"},
            "stack_trace": "Traceback (most recent call last):\n" + "  frame\n" * 4_000,
        }

        record = rendered({**flood, **error, **STANDARD})

        special = {"severity", "time", "message", "@type", "serviceContext", "context", "stack_trace"}
        special |= {f"logging.googleapis.com/{name}" for name in ("trace", "labels", "sourceLocation")}
        assert special <= record.keys()
        assert record["truncated"] is True

    @pytest.mark.parametrize("fields", [0, 5_000])
    def test_request_of_a_long_path_stays_valid(self, fields: int) -> None:
        """The path is cut, and what is cut out of a typed object leaves no mark in it."""
        flood = {f"field_{number}": "v" * 300 for number in range(fields)}
        request: dict[str, object] = {"method": "GET", "path": "p" * 70_000, "status_code": 200, "duration_ms": 1.5}
        request |= {"logger": "asgi_stack.request", "event": "request_completed", "user_agent": "u" * 512}

        record = rendered({**flood, **STANDARD, **request})

        assert isinstance(record["httpRequest"], dict)
        assert record["httpRequest"]["requestMethod"] == "GET"
        assert record["truncated"] is True

    def test_mark_of_an_error_that_was_cut_before_stays(self) -> None:
        """A stack trace that `log_exception` shortened still says so."""
        stream = configured()

        log_exception(ValueError("x" * 100_000))

        assert valid_lines(stream)[0]["truncated"] is True


NAMES = st.sampled_from(
    [
        *("method", "path", "query", "status_code", "duration_ms", "client", "bytes_in", "bytes_out", "user_agent"),
        *("trace_id", "span_id", "trace_sampled", "call_site", "stack_trace", "request", "user", "user_id"),
        *("correlation_id", "request_id", "headers", "file", "line", "function", "truncated", *RESERVED),
    ]
)
LEAVES = st.one_of(
    *(st.text(max_size=20), st.integers(), st.floats(), st.none(), st.booleans(), st.binary(max_size=9)),
    *(st.builds(Unprintable), st.sampled_from(["1" * 32, "2" * 16, 10**50, float("inf"), "\ud800", "a\nb\u2028"])),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4)
)


@given(
    st.dictionaries(NAMES | st.text(max_size=10), VALUES, max_size=12),
    st.sampled_from(["info", "error", "critical", "level 7"]),
    st.sampled_from([STANDARD, {**STANDARD, "logger": "asgi_stack.request", "event": "request_completed"}]),
)
def test_every_record_is_a_valid_line(fields: dict[str, object], level: str, standard: dict[str, object]) -> None:
    """Whatever a record holds, it is one line of JSON, and what Google reads of it is as documented."""
    record = rendered({**fields, **standard, "level": level})

    assert record["message"] == standard["event"]


def test_hostile_text_stays_one_line_without_secrets() -> None:
    """Line breaks do not break a line, and secrets do not reach it, in whatever field."""
    stream = configured()
    hostile = "a\r\nERROR forged \x1b[31m \u2028 \x00"

    get_logger("a").info(hostile, password="CANARY-1", message=hostile, severity="token=CANARY-2")

    [line] = valid_lines(stream)
    assert line["message"] == hostile
    assert stream.getvalue().count(b"\n") == 1
    assert b"CANARY" not in stream.getvalue()
