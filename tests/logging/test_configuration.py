"""structlog, the standard library and the server's loggers, set up as one."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from asgi_stack import RequestContext, configure_structlog, get_logger, log_context
from asgi_stack.logging.emit import emit
from asgi_stack.settings import LogSettings
from tests.logging.memory import configured, lines


class TestLines:
    """What one line looks like."""

    def test_standard_keys_come_first_in_one_order(self) -> None:
        """A line starts with time, level, logger and event, then has the call's own fields, and at last its place."""
        stream = configured()

        get_logger("shop").info("order_placed", order_id=7, amount=1.5)

        [line] = lines(stream)
        assert list(line) == ["timestamp", "level", "logger", "event", "order_id", "amount", "call_site"]
        assert (line["level"], line["logger"], line["event"]) == ("info", "shop", "order_placed")
        assert str(line["timestamp"]).endswith("Z")

    def test_ids_are_in_every_line_of_a_request(self) -> None:
        """Inside a request both structlog's lines and the standard library's carry the ids; outside, neither fails."""
        stream = configured()

        get_logger("a").info("outside")
        with RequestContext.scope("job-1") as record:
            get_logger("a").info("inside")
            logging.getLogger("b").warning("inside %s", "too")

        outside, inside, foreign = lines(stream)
        assert "correlation_id" not in outside
        assert inside["correlation_id"] == foreign["correlation_id"] == "job-1"
        assert inside["request_id"] == foreign["request_id"] == record.request_id
        assert foreign["event"] == "inside too"
        assert foreign["logger"] == "b"

    def test_fields_cannot_forge_the_standard_keys(self) -> None:
        """A field that is named like an id or the level does not replace it."""
        stream = configured()

        with RequestContext.scope("job-1"):
            get_logger("a").info("x", correlation_id="forged", level="debug")

        [line] = lines(stream)
        assert (line["correlation_id"], line["level"]) == ("job-1", "info")

    def test_log_context_nests_and_ends(self) -> None:
        """Fields of a block are in its lines alone, inner ones over outer ones."""
        stream = configured()

        with log_context(a=1, b=1):
            with log_context(b=2):
                get_logger("x").info("inner")
            get_logger("x").info("outer")
        get_logger("x").info("after")

        assert [{key: line.get(key) for key in "ab"} for line in lines(stream)] == [
            {"a": 1, "b": 2},
            {"a": 1, "b": 1},
            {"a": None, "b": None},
        ]

    @pytest.mark.parametrize("key", ["timestamp", "level", "logger", "event", "correlation_id", "request_id"])
    def test_field_of_a_block_may_have_any_name(self, key: str) -> None:
        """A field that is named like a standard key is written beside it, from a block and from a call."""
        stream = configured()

        with RequestContext.scope("job-1"), log_context(**{key: "gold"}):
            get_logger("a").info("x")
            emit("info", "y", {"status_code": 200}, logger="b")

        assert [line[f"{key}_"] for line in lines(stream)] == ["gold", "gold"]
        assert {line["correlation_id"] for line in lines(stream)} == {"job-1"}

    def test_lines_of_the_layers_show_bound_fields_without_secrets(self) -> None:
        """What a handler bound with structlog or a block is resolved and redacted in the layers' lines as well."""
        stream = configured()

        with log_context(authorization="Bearer CANARY-1", lazy=lambda: 1), bound_contextvars(api_key="CANARY-2"):
            emit("info", "request_completed", {"status_code": 200}, logger="x")

        [line] = lines(stream)
        assert (line["lazy"], line["api_key"], line["status_code"]) == (1, "[REDACTED]", 200)
        assert b"CANARY" not in stream.getvalue()

    def test_secrets_do_not_reach_the_line(self) -> None:
        """Values are redacted by their names, nested ones too, and by their form in text."""
        stream = configured()

        get_logger("a").info("x", password="CANARY-1", nested={"api_key": "CANARY-2"}, text="Bearer CANARY-3abcdef")
        logging.getLogger("b").warning("token=CANARY-4", extra={"secret": "CANARY-5"})

        assert b"CANARY" not in stream.getvalue()

    def test_traceback_has_no_local_variables(self) -> None:
        """A logged exception shows its type and frames, never what the frames held."""
        stream = configured()
        hidden = "CANARY-1"

        try:
            raise ValueError(len(hidden))
        except ValueError:
            get_logger("a").exception("failed")
            logging.getLogger("b").exception("failed")

        ours, foreign = lines(stream)
        assert ours["exception_type"] == foreign["exception_type"] == "ValueError"
        assert "Traceback" in str(ours["stack_trace"])
        assert "test_traceback_has_no_local_variables" in str(foreign["stack_trace"])
        assert ours["level"] == "error"
        assert b"CANARY" not in stream.getvalue()

    @pytest.mark.parametrize(
        ("log", "form"),
        [
            ({"timestamp_format": "unix"}, r"\d+\.\d+"),
            ({"timestamp_format": "%Y/%m/%d"}, r"\d{4}/\d\d/\d\d"),
            ({"timestamp_format": "iso"}, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"),
        ],
    )
    def test_timestamp_has_the_chosen_form(self, log: dict[str, object], form: str) -> None:
        """The time is ISO 8601, seconds, or a pattern of one's own; always UTC."""
        stream = configured(**log)

        get_logger("a").info("x")

        [line] = lines(stream)
        assert re.fullmatch(form, str(line["timestamp"]))

    def test_timestamp_can_be_left_out(self) -> None:
        """Where the platform stamps lines itself, ours carry no time."""
        stream = configured(add_timestamp=False)

        get_logger("a").info("x")

        assert "timestamp" not in lines(stream)[0]

    def test_hostile_text_stays_one_line(self) -> None:
        """Line breaks and control characters in any text do not break the line, in JSON or on the console."""
        hostile = "a\r\nERROR forged \x1b[31m \u2028 \x00"
        stream = configured()
        get_logger("a").info(hostile, field=hostile)

        console = configured(format="console")
        get_logger("b").info(hostile, field=hostile)

        assert len(stream.getvalue().splitlines()) == 1
        assert len(console.getvalue().splitlines()) == 1
        assert b"\x1b[31m" not in console.getvalue()


class TestConfiguring:
    """Calling it once, twice, and beside a configuration of one's own."""

    def test_twice_writes_each_line_once(self) -> None:
        """A second call replaces what the first set up."""
        first = configured()
        second = configured()

        get_logger("a").info("x")
        logging.getLogger("uvicorn.error").warning("y")
        logging.getLogger("b").warning("z")

        assert first.getvalue() == b""
        assert [line["event"] for line in lines(second)] == ["x", "y", "z"]

    def test_layers_honour_a_structlog_of_ones_own(self) -> None:
        """Where structlog is configured by the user, the layers' lines go through their processors, with the ids."""
        stream = configured()
        taken: list[dict[str, object]] = []

        def take(logger: object, method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
            taken.append({**entry, "method": method})
            raise structlog.DropEvent

        structlog.configure(processors=[take])
        with RequestContext.scope("job-1"):
            emit("info", "request_completed", {"status_code": 200, "event": "bound"}, logger="x")

        assert stream.getvalue() == b""
        assert taken[0]["event"] == "request_completed"
        assert taken[0]["event_"] == "bound"
        assert taken[0]["correlation_id"] == "job-1"
        assert taken[0]["method"] == "info"

    def test_structlog_of_ones_own_may_keep_our_output(self) -> None:
        """Processors of one's own that render text, put in place later, write where ours wrote."""
        stream = configured()

        structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
        emit("info", "x", {"status_code": 200}, logger="a")

        assert stream.getvalue() == b"status_code=200 event='x'\n"

    def test_failing_processor_costs_no_request(self, caplog: pytest.LogCaptureFixture) -> None:
        """A user's processor that raises loses the line, with a word of it, and nothing else."""

        def fail(logger: object, method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
            raise ZeroDivisionError

        structlog.configure(processors=[fail])

        emit("info", "x", {}, logger="x")

        assert [record.message for record in caplog.records] == ["log_line_lost"]

    def test_wrong_arguments_of_a_log_call_are_counted(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A record of the standard library that cannot be formatted is dropped with a word on standard error."""
        logging.getLogger().handlers.clear()  # pytest's own raise
        stream = configured()

        logging.getLogger("b").warning("%d", "no number")

        assert stream.getvalue() == b""
        assert "1 log line(s) dropped, last: TypeError" in capsys.readouterr().err

    def test_notice_of_lost_lines_belongs_to_no_request(self) -> None:
        """It may be written from within a request, whose lines those were not."""

        class Failing(io.BytesIO):
            fails = True

            def write(self, data: bytes, /) -> int:  # type: ignore[override] # we write nothing else
                if self.fails:
                    raise OSError
                return super().write(data)

        stream = Failing()
        configure_structlog(LogSettings(format="json"), stream=stream)
        with RequestContext.scope("job-1"), log_context(order=7):
            get_logger("a").info("lost")
            stream.fails = False
            get_logger("a").info("x")

        x, notice = lines(stream)
        assert x["correlation_id"] == "job-1"
        assert (notice["event"], notice["dropped"]) == ("log_lines_dropped", 1)
        assert not {"correlation_id", "request_id", "order"} & set(notice)

    def test_process_without_standard_output_still_runs(self) -> None:
        """With standard output closed, lines are dropped and the program goes on."""
        code = (
            "import os; os.close(1)\n"
            "from asgi_stack import configure_structlog, get_logger\n"
            "configure_structlog()\n"
            "get_logger('a').info('x')\n"
        )

        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)

        assert result.returncode == 0
        assert "Traceback" not in result.stderr
