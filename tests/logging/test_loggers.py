"""Loggers that were made before, or hold on to something."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
import structlog
from structlog.testing import capture_logs

from asgi_stack import RequestContext, get_logger
from asgi_stack.logging.emit import emit
from asgi_stack.logging.loggers import SinkLogger
from tests.logging.memory import configured, lines

BEFORE = get_logger("before")
"""Made when this module was imported, as in most modules."""


class TestFollowing:
    """A new configuration holds for loggers that are there already."""

    def test_loggers_follow_a_new_configuration(self) -> None:
        """A logger that has written, one that was bound, and one made at import write where the last call says."""
        first = configured()
        used, bound = get_logger("used"), get_logger("bound").bind(order=7)
        for logger in (used, bound, BEFORE):
            logger.info("first")
        second = configured(add_timestamp=False, call_site=False)

        for logger in (used, bound, BEFORE):
            logger.info("second")

        assert len(lines(first)) == 3
        assert lines(second) == [
            {"level": "info", "logger": "used", "event": "second"},
            {"level": "info", "logger": "bound", "event": "second", "order": 7},
            {"level": "info", "logger": "before", "event": "second"},
        ]

    @pytest.mark.parametrize(("first", "then", "written"), [("INFO", "DEBUG", ["x"]), ("DEBUG", "INFO", [])])
    def test_loggers_follow_a_new_level(self, first: str, then: str, written: list[str]) -> None:
        """A new level holds for loggers that have written, too."""
        configured(level=first)
        used, bound = get_logger("used"), get_logger("bound").bind(order=7)
        used.info("first")
        stream = configured(level=then)

        for logger in (used, bound):
            logger.debug("x")

        assert [line["event"] for line in lines(stream)] == written * 2
        assert used.is_enabled_for(logging.DEBUG) is (then == "DEBUG")

    def test_logger_used_before_any_configuration_follows(self) -> None:
        """A line before the first configuration is structlog's own matter, and costs the later ones nothing."""
        structlog.reset_defaults()
        with capture_logs():
            BEFORE.info("early")
        stream = configured()

        BEFORE.info("late")

        assert [line["event"] for line in lines(stream)] == ["late"]

    def test_loggers_can_be_copied_and_pickled(self) -> None:
        """An object that holds a logger can be copied, and sent to another process."""
        stream = configured()
        bound = get_logger("bound").bind(order=7)

        copy.deepcopy(bound).info("x")
        pickle.loads(pickle.dumps(SinkLogger("a"))).info("{}")  # noqa: S301 - our own bytes

        assert [json.loads(line).get("order") for line in stream.getvalue().splitlines()] == [7, None]


class TestCapturing:
    """structlog's own tool for tests."""

    def test_lines_of_users_and_layers_are_captured(self) -> None:
        """Within `capture_logs` nothing is written, not even the request line; afterwards all is as before."""
        stream = configured()
        BEFORE.info("before")

        with capture_logs() as captured, RequestContext.scope("job-1"):
            BEFORE.info("mine", order=7)
            emit("info", "request_completed", {"status_code": 200}, logger="asgi_stack.request")
        emit("info", "after", {}, logger="a")

        assert [entry["event"] for entry in captured] == ["mine", "request_completed"]
        assert captured[1]["correlation_id"] == "job-1"
        assert [line["event"] for line in lines(stream)] == ["before", "after"]

    @pytest.mark.parametrize("part", ["wrapper_class", "logger_factory"])
    def test_any_part_of_ones_own_is_honoured(self, part: str) -> None:
        """The layers' lines pass through a wrapper class, or a logger, that the user put in the place of ours."""
        stream = configured()
        taken: list[object] = []

        class OwnWrapper(structlog.BoundLoggerBase):
            def info(self, event: str, **fields: object) -> None:
                taken.append(event)

        class OwnLogger:
            name = "own"

            def info(self, line: bytes) -> None:
                taken.append(json.loads(line)["event"])

        if part == "wrapper_class":
            structlog.configure(wrapper_class=OwnWrapper)
        else:
            structlog.configure(logger_factory=lambda *_: OwnLogger())
        emit("info", "x", {}, logger="a")

        assert taken == ["x"]
        assert stream.getvalue() == b""


class TestExtra:
    """The fields of the standard library's records."""

    @pytest.mark.parametrize("name", ["event", "_record", "_from_structlog", "exc_info_", "level", "logger", "_name"])
    def test_field_of_any_name_changes_nothing_else(self, name: str) -> None:
        """The message stays, and a field that is named like a key of ours, or of structlog's, stands beside it."""
        stream = configured()

        logging.getLogger("a").warning("the %s", "message", extra={name: "forged", "own": 1})

        [line] = lines(stream)
        assert (line["event"], line["level"], line["logger"], line["own"]) == ("the message", "warning", "a", 1)
        assert "forged" in (line.get(name), line.get(f"{name}_"))

    def test_record_without_names_is_written(self) -> None:
        """A record that was made by hand, as those from another process are, may lack its logger and its file."""
        stream = configured()

        logging.getLogger().handle(logging.makeLogRecord({"msg": "bare", "levelno": 30, "levelname": "WARNING"}))
        logging.getLogger().handle(logging.LogRecord("a", 30, None, 1, "no file", (), None))  # type: ignore[arg-type]

        assert [line["event"] for line in lines(stream)] == ["bare", "no file"]
