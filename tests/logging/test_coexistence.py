"""Our logging beside what somebody else has set up."""

from __future__ import annotations

import enum
import io
import logging
import logging.config
import logging.handlers
import sys
import types
from collections.abc import MutableMapping
from pathlib import Path
from queue import SimpleQueue

import pytest
import structlog

from asgi_stack import Redactor, RequestContext, get_logger, log_context, log_exception
from asgi_stack.logging import processors
from asgi_stack.logging.emit import emit
from asgi_stack.logging.handlers import is_of_console
from asgi_stack.logging.loggers import StandardLibraryHandler
from tests.logging.memory import Elsewhere, configured, lines
from tests.logging.pipes import program, result


class TestHandlers:
    """The root logger's other handlers."""

    def test_handlers_that_send_lines_elsewhere_stay(self, tmp_path: Path) -> None:
        """A file, a service or a test's handler goes on, added before or after, however often we come."""
        root, before, after = logging.getLogger(), Elsewhere(), Elsewhere()
        file = logging.FileHandler(tmp_path / "shop.log")
        root.addHandler(before)
        root.addHandler(file)
        configured()
        root.addHandler(after)
        stream = configured()

        logging.getLogger("a").warning("x")
        file.close()

        assert (before.sent, after.sent, (tmp_path / "shop.log").read_text()) == (["x"], ["x"], "x\n")
        assert [line["event"] for line in lines(stream)] == ["x"]

    def test_what_a_formatter_notes_on_the_record_is_no_field(self, tmp_path: Path) -> None:
        """A file whose format shows time and message leaves both on the record; our line does not repeat them."""
        file = logging.FileHandler(tmp_path / "shop.log")
        file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logging.getLogger().addHandler(file)
        stream = configured(call_site=False)

        logging.getLogger("a").warning("order %d", 7, extra={"total": 1})
        file.close()

        assert list(lines(stream)[0]) == ["timestamp", "level", "logger", "event", "total"]

    def test_handlers_of_the_console_are_replaced(self, capsys: pytest.CaptureFixture[str]) -> None:
        """What `basicConfig` set up for standard error would write each line a second time."""
        root = logging.getLogger()
        for stream in (sys.stdout, sys.stderr, sys.__stderr__):
            root.addHandler(logging.StreamHandler(stream))
        root.addHandler(logging.StreamHandler(Unnumbered()))
        written = configured()

        logging.getLogger("a").warning("x")

        assert len(lines(written)) == 1
        assert capsys.readouterr() == ("", "")
        assert any(isinstance(getattr(handler, "stream", None), Unnumbered) for handler in root.handlers)

    @pytest.mark.parametrize("kind", ["a buffer before it", "rich", "ours"])
    def test_handler_that_leads_to_the_console_is_of_it(self, kind: str) -> None:
        """A handler that writes to standard output by way of something else would write each line twice, too."""
        stdout = logging.StreamHandler(sys.stdout)
        if kind == "a buffer before it":
            handler: logging.Handler = logging.handlers.MemoryHandler(10, target=stdout)
        elif kind == "rich":
            handler = RichLike()
        else:
            configured()
            handler = next(each for each in logging.getLogger().handlers if isinstance(each, StandardLibraryHandler))

        assert is_of_console(handler)

    def test_standard_output_opened_as_a_file_is_the_console(self) -> None:
        """`hypercorn --access-logfile /dev/stdout` opens another descriptor of the same pipe."""
        code = """
import logging, sys
from asgi_stack.logging.handlers import is_of_console
print([is_of_console(logging.FileHandler(path)) for path in ("/dev/stdout", "/dev/stderr", sys.argv[1])])
"""
        with program(code, "/dev/null") as process:
            lines_of_it, _ = result(process)

        assert lines_of_it == [b"[True, True, False]"]

    def test_buffer_before_a_file_leads_elsewhere(self, tmp_path: Path) -> None:
        """A handler that keeps records back is what it hands them to."""
        file = logging.FileHandler(tmp_path / "shop.log", delay=True)

        assert not is_of_console(logging.handlers.MemoryHandler(10, target=file))

    def test_logger_that_passes_nothing_on_is_heard_from_warning_on(self) -> None:
        """What a logger without handlers does not pass on is written by us as Python would: from warning on."""
        stream = configured()
        logger = logging.getLogger("lonely")
        logger.propagate = False

        try:
            logger.info("x")
            logger.warning("y")
        finally:
            logger.propagate = True

        assert [line["event"] for line in lines(stream)] == ["y"]

    def test_configuration_of_the_library_afterwards_takes_the_root(self) -> None:
        """Who calls `dictConfig` later has the standard library's lines; structlog's stay with us."""
        stream, theirs = configured(), io.StringIO()
        handler = {"class": "logging.StreamHandler", "stream": theirs}
        configuration = {"version": 1, "disable_existing_loggers": False, "handlers": {"own": handler}}
        logging.config.dictConfig(configuration | {"root": {"handlers": ["own"]}})

        logging.getLogger("a").warning("x")
        get_logger("a").info("y")

        assert theirs.getvalue() == "x\n"
        assert [line["event"] for line in lines(stream)] == ["y"]


class RichLike(logging.Handler):
    """A handler that writes to a console object, as rich's does."""

    console = types.SimpleNamespace(file=sys.__stderr__)


class Unnumbered(io.StringIO):
    """A stream in memory."""


class TestChains:
    """A structlog chain of the user's with our steps, and ours with theirs."""

    def test_our_steps_work_in_a_chain_of_ones_own(self) -> None:
        """The user's chain has ids, fields of blocks, lazy values, redaction, traces and places as ours has."""
        written = io.BytesIO()
        structlog.configure(
            processors=[
                processors.add_surrounding_fields,
                processors.add_request_ids,
                structlog.processors.add_log_level,
                structlog.processors.EventRenamer("message"),
                processors.resolve_lazy_values,
                processors.flatten_exception,
                processors.redact_fields(Redactor()),
                processors.add_call_site,
                structlog.processors.JSONRenderer(serializer=lambda entry, **_: processors.render_json(entry)),
            ],
            logger_factory=structlog.BytesLoggerFactory(written),
        )

        with RequestContext.scope("job-1"), log_context(order=7):
            try:
                raise ValueError("broken")
            except ValueError as error:
                structlog.get_logger().exception("failed", password="x", lazy=lambda: 1, odd=float("nan"))
                log_exception(error, "failed_again")
            emit("info", "request_completed", {"status_code": 200}, logger="asgi_stack.request")

        own, of_error, of_request = lines(written)
        assert (own["message"], own["correlation_id"], own["order"]) == ("failed", "job-1", 7)
        assert (own["password"], own["lazy"], own["odd"], own["exception_type"]) == (
            "[REDACTED]",
            1,
            None,
            "ValueError",
        )
        assert "call_site" in own
        assert "event" not in own
        assert (of_error["message"], of_error["order"]) == ("failed_again", 7)
        assert (of_request["correlation_id"], of_request["level"]) == ("job-1", "info")

    def test_steps_of_ones_own_work_in_our_chain(self) -> None:
        """A step put before ours sees every line, the layers' too; ids stand in each line once."""
        stream = configured()

        def add_team(logger: object, method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
            return {**entry, "team": "checkout"}

        structlog.configure(processors=[add_team, *structlog.get_config()["processors"]])
        with RequestContext.scope("job-1"):
            get_logger("a").info("mine")
            emit("info", "request_completed", {"status_code": 200}, logger="asgi_stack.request")

        assert [line["team"] for line in lines(stream)] == ["checkout", "checkout"]
        assert [[key for key in line if "_id" in key] for line in lines(stream)] == [
            ["correlation_id", "request_id"],
            ["correlation_id", "request_id"],
        ]

    def test_ids_outside_a_request_are_left_out(self) -> None:
        """`add_request_ids` adds nothing where there is no request."""
        assert processors.add_request_ids(None, "info", {"event": "x"}) == {"event": "x"}

    def test_our_configuration_again_ends_that_of_the_user(self) -> None:
        """`configure_structlog` after a configuration of the user's takes structlog back."""
        configured()
        structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
        stream = configured()

        get_logger("a").info("x")

        assert [line["event"] for line in lines(stream)] == ["x"]


def test_structlog_that_hands_its_lines_to_the_standard_library_gets_all_steps() -> None:
    """The recipe with `wrap_for_formatter` has our ids, our redaction and no internals of structlog."""
    stream = configured()
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )

    with RequestContext.scope("checkout-31"):
        structlog.get_logger("shop").warning("hello", password="hunter2", amount=1)

    (line,) = lines(stream)
    assert (line["event"], line["level"], line["logger"], line["amount"]) == ("hello", "warning", "shop", 1)
    assert (line["password"], line["correlation_id"]) == ("[REDACTED]", "checkout-31")
    assert not [key for key in line if key.startswith("_")]


def test_step_of_ones_own_may_add_anything() -> None:
    """What is added behind our redaction cannot end the process, whatever it is."""

    class Odd(enum.Enum):
        """One whose value cannot be had."""

        A = 1

        @property
        def value(self) -> int:
            raise RuntimeError("no")

    def add_odd(logger: object, method: str, entry: MutableMapping[str, object]) -> MutableMapping[str, object]:
        entry["odd"] = Odd.A
        return entry

    stream = configured()
    steps = structlog.get_config()["processors"]
    structlog.configure(processors=[*steps[:-1], add_odd, steps[-1]])
    structlog.get_logger("fresh").info("hello")

    assert lines(stream)[0]["event"] == "hello"


class TestQueueHandler:
    """A queue whose listener writes to the console is the console; Litestar sets logging up so by default."""

    @pytest.mark.parametrize(
        ("handlers", "expected"),
        [
            pytest.param((logging.StreamHandler(sys.stderr),), True, id="console"),
            pytest.param((logging.StreamHandler(sys.stderr), Elsewhere()), False, id="console and elsewhere"),
            pytest.param((Elsewhere(),), False, id="elsewhere"),
            pytest.param((), False, id="nobody listens"),
        ],
    )
    def test_queue_is_what_its_listener_is(self, handlers: tuple[logging.Handler, ...], *, expected: bool) -> None:
        """All of a listener's handlers have to write to the console."""
        queue: SimpleQueue[object] = SimpleQueue()
        handler = logging.handlers.QueueHandler(queue)
        handler.listener = logging.handlers.QueueListener(queue, *handlers)  # type: ignore[attr-defined, unused-ignore]

        assert is_of_console(handler) is expected
