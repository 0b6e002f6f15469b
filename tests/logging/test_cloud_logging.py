"""Lines as Google Cloud Logging and Error Reporting know them."""

from __future__ import annotations

import io
import logging

import pytest

from asgi_stack import RequestContext, Settings, configure_structlog, get_logger, log_exception, wrap
from asgi_stack.logging.configuration import active_configuration
from asgi_stack.logging.emit import emit
from asgi_stack.logging.processors import render_finished
from asgi_stack.types import Receive, Scope, Send
from tests.driver import exchange, http_scope, websocket_scope
from tests.logging.cloud_format import DOCUMENTED, configured, converted, valid_lines

STANDARD = {"timestamp": "2026-01-01T00:00:00.000001Z", "level": "error", "logger": "shop", "event": "failed"}
REQUEST = {**STANDARD, "logger": "asgi_stack.request", "event": "request_completed"}
TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class TestSpecialFields:
    """What every line has."""

    def test_standard_keys_get_their_new_names(self) -> None:
        """Level, time and event become severity, time and message; logger and fields stay."""
        stream = configured()

        get_logger("shop").warning("order_placed", order_id=7)
        logging.getLogger("library").info("slow %s", 9)
        emit("info", "resource_opened", {"name": "pool"}, logger="asgi_stack.lifespan")

        ours, foreign, layers = valid_lines(stream)
        location = "logging.googleapis.com/sourceLocation"
        assert list(ours) == ["severity", "time", "message", location, "logger", "order_id"]
        assert (ours["severity"], ours["message"], ours["order_id"]) == ("WARNING", "order_placed", 7)
        assert (foreign["severity"], foreign["message"], foreign["logger"]) == ("INFO", "slow 9", "library")
        assert (layers["severity"], layers["message"], layers["name"]) == ("INFO", "resource_opened", "pool")

    @pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
    def test_each_level_has_a_severity(self, level: str) -> None:
        """Levels are written in capitals, as LogSeverity has them, and not twice."""
        record = converted({**STANDARD, "level": level})

        assert record["severity"] == level.upper()
        assert "level" not in record

    def test_level_of_ones_own_stays_a_field(self) -> None:
        """A level that LogSeverity does not know is DEFAULT, and shown as it is called."""
        logging.addLevelName(25, "AUDIT")
        stream = configured()

        logging.getLogger("b").log(25, "x")

        [line] = valid_lines(stream)
        assert (line["severity"], line["level"]) == ("DEFAULT", "audit")

    @pytest.mark.parametrize("pattern", ["iso", "unix", "%Y/%m/%d"])
    def test_time_is_rfc_3339_whatever_is_configured(self, pattern: str) -> None:
        """Cloud Logging takes no other form, so that the format has no effect here."""
        stream = configured(timestamp_format=pattern)

        get_logger("a").info("x")

        assert "time" in valid_lines(stream)[0]

    def test_time_can_be_left_out(self) -> None:
        """Without it a line has the time when it arrived; a number is no time."""
        stream = configured(add_timestamp=False)

        get_logger("a").info("x")

        assert "time" not in valid_lines(stream)[0]
        assert "time" not in converted({**STANDARD, "timestamp": 1767225600.5})

    def test_message_is_a_text(self) -> None:
        """An event of another type is written as JSON."""
        assert converted({**STANDARD, "event": {"a": 1}})["message"] == '{"a":1}'

    def test_ids_are_labels_and_fields(self) -> None:
        """A request's ids can be searched for as labels; where there is no request there are no labels."""
        stream = configured()

        with RequestContext.scope("job-1") as record:
            get_logger("a").info("inside")
        get_logger("a").info("outside")

        inside, outside = valid_lines(stream)
        ids = {"correlation_id": "job-1", "request_id": record.request_id}
        assert inside["logging.googleapis.com/labels"] == ids
        assert inside.items() >= ids.items()
        assert "logging.googleapis.com/labels" not in outside

    def test_trace_is_named_with_its_project(self) -> None:
        """Ids of a trace and a span move to where Cloud Trace finds them."""
        stream = configured(gcp_project_id="shop-prod")

        get_logger("a").info("x", trace_id=TRACE_ID, span_id=SPAN_ID, trace_sampled=True)

        [line] = valid_lines(stream)
        assert line["logging.googleapis.com/trace"] == f"projects/shop-prod/traces/{TRACE_ID}"
        assert line["logging.googleapis.com/spanId"] == SPAN_ID
        assert line["logging.googleapis.com/trace_sampled"] is True
        assert not {"trace_id", "span_id", "trace_sampled"} & line.keys()

    def test_trace_without_a_project_is_the_plain_id(self) -> None:
        """Google's agents put the project before it."""
        record = converted({**STANDARD, "trace_id": TRACE_ID})

        assert record["logging.googleapis.com/trace"] == TRACE_ID

    @pytest.mark.parametrize("trace_id", ["0" * 32, TRACE_ID.upper(), "short", 7, None, TRACE_ID + "\n"])
    def test_what_is_no_trace_id_stays_a_field(self, trace_id: object) -> None:
        """A field that only is called so is not taken for a trace."""
        record = converted({**STANDARD, "trace_id": trace_id, "span_id": SPAN_ID})

        assert (record["trace_id"], record["span_id"]) == (trace_id, SPAN_ID)
        assert "logging.googleapis.com/trace" not in record

    def test_odd_span_stays_a_field(self) -> None:
        """The trace moves without what does not fit."""
        record = converted({**STANDARD, "trace_id": TRACE_ID, "span_id": 1, "trace_sampled": "yes"})

        assert (record["span_id"], record["trace_sampled"]) == (1, "yes")
        assert record["logging.googleapis.com/trace"] == TRACE_ID

    def test_call_site_is_the_source_location(self) -> None:
        """The line's number is a text, as a 64-bit integer is in Google's JSON."""
        record = converted({**STANDARD, "call_site": {"file": "shop/a.py", "line": 7, "function": "pay"}})

        location = {"file": "shop/a.py", "line": "7", "function": "pay"}
        assert record["logging.googleapis.com/sourceLocation"] == location
        assert "call_site" not in record

    def test_own_lines_tell_where_they_were_logged(self) -> None:
        """The call site that the log is configured to show is the location."""
        stream = configured(call_site=True)

        get_logger("a").info("x")

        location = valid_lines(stream)[0]["logging.googleapis.com/sourceLocation"]
        assert isinstance(location, dict)
        assert location["file"].endswith("test_cloud_logging.py")
        assert location["function"] == "test_own_lines_tell_where_they_were_logged"

    @pytest.mark.parametrize("site", ["shop/a.py:7", {"file": "a.py", "function": "f"}, {"line": 1}, None])
    def test_other_call_site_stays_a_field(self, site: object) -> None:
        """A field that only is called so is left alone."""
        assert converted({**STANDARD, "call_site": site})["call_site"] == site

    @pytest.mark.parametrize("name", sorted(DOCUMENTED))
    def test_field_cannot_pass_for_a_special_one(self, name: str) -> None:
        """A field of such a name is written beside it: an `insertId` from outside could hide another line."""
        stream = configured()

        get_logger("a").info("x", **{name: {"forged": 1}, f"{name}_": 2})

        [line] = valid_lines(stream)
        assert (line["message"], line["severity"]) == ("x", "INFO")
        assert (line[f"{name}_"], line[f"{name}__"]) == (2, {"forged": 1})

    def test_notice_of_dropped_lines_has_them_too(self) -> None:
        """Where lines were lost, the warning that says so is a line like the others."""
        stream = configured()
        setup = active_configuration()
        assert setup is not None

        stream.write(setup.sink.notice(3))

        [line] = valid_lines(stream)
        assert (line["severity"], line["message"], line["dropped"]) == ("WARNING", "log_lines_dropped", 3)


class TestRequestLine:
    """What a request or a websocket was like."""

    async def test_request_is_an_http_request(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """What HttpRequest has a key for moves there, redacted; the rest stays beside it."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            RequestContext.current().bind(order=7, httpRequest="mine")  # type: ignore[union-attr]
            await send({"type": "http.response.start", "status": 201, "headers": []})
            await send({"type": "http.response.body", "body": b"abc"})

        agent = (b"user-agent", b"curl/8.5.0")
        scope = http_scope("/orders", query_string=b"page=2&token=CANARY-1", method="POST", headers=[agent])
        body = [{"type": "http.request", "body": b"12345", "more_body": False}]

        await exchange(wrap(app, Settings(log={"schema": "gcp", "format": "json"})), scope, body)

        [line] = valid_lines(io.BytesIO(capfdbinary.readouterr().out))
        request = line["httpRequest"]
        assert isinstance(request, dict)
        assert {key: value for key, value in request.items() if key not in ("latency", "remoteIp")} == {
            "requestMethod": "POST",
            "requestUrl": "/orders?page=2&token=[REDACTED]",
            "status": 201,
            "requestSize": "5",
            "responseSize": "3",
            "userAgent": "curl/8.5.0",
        }
        assert (line["outcome"], line["order"], line["httpRequest_"]) == ("ok", 7, "mine")
        assert not {"method", "path", "query", "status_code", "duration_ms", "bytes_in"} & line.keys()

    async def test_websocket_is_one_too(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """A websocket that was refused has its status, its type and no user agent."""

        async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.close"})

        await exchange(wrap(refuse, Settings(log={"schema": "gcp", "format": "json"})), websocket_scope("/feed"))

        [line] = valid_lines(io.BytesIO(capfdbinary.readouterr().out))
        request = line["httpRequest"]
        assert isinstance(request, dict)
        assert (line["type"], request["requestUrl"], request["status"]) == ("websocket", "/feed", 403)
        assert "userAgent" not in request

    def test_latency_is_a_duration(self) -> None:
        """Milliseconds become seconds with six digits."""
        record = converted({**REQUEST, "duration_ms": 123.456})

        assert record["httpRequest"] == {"latency": "0.123456s"}

    def test_what_does_not_fit_stays_where_it_was(self) -> None:
        """A value of a wrong type is not forced into a typed key, and not lost."""
        odd: dict[str, object] = {
            "method": 7,
            "path": b"/a",
            "query": "a=1",
            "status_code": "200",
            "duration_ms": float("nan"),
            "client": ["::1"],
            "bytes_in": -1,
            "bytes_out": 2**63,
            "user_agent": {},
        }

        record = converted({**REQUEST, **odd})

        assert record["httpRequest"] == {}
        assert record.items() >= odd.items()

    def test_unknown_is_left_out(self) -> None:
        """A status that never left and a client that nobody knows are not written at all."""
        record = converted({**REQUEST, "method": "GET", "status_code": None, "client": None})

        assert record["httpRequest"] == {"requestMethod": "GET"}
        assert not {"status_code", "client"} & record.keys()

    def test_line_of_another_logger_is_none(self) -> None:
        """An event that only is called so keeps its fields."""
        record = converted({**REQUEST, "logger": "shop", "path": "/a"})

        assert record["path"] == "/a"
        assert "httpRequest" not in record


class TestChoice:
    """When lines have these keys."""

    def test_default_schema_goes_its_old_way(self) -> None:
        """Who does not ask for the schema pays nothing for it."""
        configured(schema="default")

        setup = active_configuration()
        assert setup is not None
        assert setup.render is render_finished

    def test_console_has_no_schema(self) -> None:
        """Lines for people stay as they are."""
        stream = configured(format="console", timestamp_format="%Y")

        get_logger("a").info("x")

        assert b"severity" not in stream.getvalue()
        assert stream.getvalue()[:2] == b"20"

    def test_environment_names_the_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without settings both the schema and the service are read from the environment."""
        monkeypatch.setenv("ASGI_STACK_LOG__SCHEMA", "gcp")
        monkeypatch.setenv("ASGI_STACK_SERVICE__NAME", "orders")
        stream = io.BytesIO()
        configure_structlog(stream=stream)

        log_exception(ValueError("x"))

        [line] = valid_lines(stream)
        assert line["serviceContext"] == {"service": "orders", "version": "0.0.0"}
