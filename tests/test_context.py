"""The record of a request, jobs that have one of their own, executors, and ids."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
from contextlib import suppress
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.context import RequestContext, generate_correlation_id, id_problem
from asgi_stack.logging import get_logger, log_context
from tests.log_capture import LogLines

CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def current_id() -> str | None:
    """Give the correlation id of whatever this code runs in."""
    record = RequestContext.current()
    return None if record is None else record.correlation_id


class TestRecord:
    """What a record holds."""

    def test_there_is_none_outside_a_request(self) -> None:
        """Code that runs outside any request or job finds no record."""
        assert RequestContext.current() is None

    def test_bind_adds_and_replaces(self) -> None:
        """Later values replace earlier ones of the same name, and bind gives the record back."""
        record = RequestContext("c", "r")

        same = record.bind(order=7, step="a").bind(step="b")

        assert same is record
        assert record.fields == {"order": 7, "step": "b"}

    def test_any_name_can_be_bound(self) -> None:
        """Names that the method itself uses are fields like all others."""
        names = {"self": 1, "fields": 2, "correlation_id": 3}

        assert RequestContext("c", "r").bind(**names).fields == names

    def test_repr_tells_the_ids(self) -> None:
        """A record in a debugger names its ids and method."""
        assert repr(RequestContext("c", "r", method="GET")) == "<RequestContext c GET request_id=r>"
        assert repr(RequestContext("c", "r")) == "<RequestContext c - request_id=r>"


class TestScope:
    """A job, a queue consumer or a script with a record of its own."""

    def test_job_has_an_id_inside_the_block_alone(self) -> None:
        """The record is current inside the block, and gone after it."""
        with RequestContext.scope("job-1", queue="mail") as record:
            inside = RequestContext.current()

        assert inside is record
        assert (record.correlation_id, record.fields) == ("job-1", {"queue": "mail"})
        assert CANONICAL.fullmatch(record.request_id)
        assert (record.method, record.path, record.client) == (None, None, None)
        assert RequestContext.current() is None

    def test_id_is_made_where_none_came(self) -> None:
        """Without an id the job gets a new one."""
        with RequestContext.scope() as first, RequestContext.scope(correlation_id=None) as second:
            pass

        assert CANONICAL.fullmatch(first.correlation_id)
        assert len({first.correlation_id, second.correlation_id, first.request_id, second.request_id}) == 4

    def test_blocks_nest(self) -> None:
        """An inner job has its own id; the outer one's comes back, also when the inner one raises."""
        with RequestContext.scope("outer"):
            with suppress(KeyError), RequestContext.scope("inner"):
                inner = current_id()
                raise KeyError
            after = current_id()

        assert (inner, after) == ("inner", "outer")
        assert RequestContext.current() is None

    def test_error_is_let_go(self) -> None:
        """A record that outlives its block keeps no exception, and so no frames, alive."""
        with RequestContext.scope("job-1") as record:
            record.error = ValueError("x")

        assert record.error is None

    def test_lines_inside_carry_the_ids(self, log_lines: LogLines) -> None:
        """Lines of structlog and of the standard library have both ids inside the block, none outside."""
        with RequestContext.scope("job-1") as record:
            get_logger("jobs").info("mail_sent")
            logging.getLogger("library").info("connected")
        get_logger("jobs").info("idle")

        ids = [(line["event"], line.get("correlation_id"), line.get("request_id")) for line in log_lines()]
        assert ids == [
            ("mail_sent", "job-1", record.request_id),
            ("connected", "job-1", record.request_id),
            ("idle", None, None),
        ]

    def test_fields_around_a_job_reach_its_lines(self, log_lines: LogLines) -> None:
        """`log_context` around a job adds to the lines inside it, and again after it."""
        with log_context(worker=3):
            with RequestContext.scope("job-1"), log_context(step="a"):
                get_logger("jobs").info("inside")
            get_logger("jobs").info("after")

        inside, after = log_lines()
        assert (inside["worker"], inside["step"], inside["correlation_id"]) == (3, "a", "job-1")
        assert after["worker"] == 3
        assert "step" not in after

    @pytest.mark.parametrize(
        ("value", "reason"),
        [("", "empty"), ("x" * 129, "too_long"), ("a=1 tenant=x", "characters"), ("a\r\nb", "characters")],
    )
    def test_bad_id_is_replaced_with_a_warning(self, value: str, reason: str, log_lines: LogLines) -> None:
        """A message from outside must not stop its consumer: one warning tells length and reason, not the value."""
        with RequestContext.scope(value) as record:
            pass

        [line] = log_lines()
        assert CANONICAL.fullmatch(record.correlation_id)
        assert line["level"] == "warning"
        assert line["event"] == "invalid_id_replaced"
        assert line["replaced"] == {"correlation_id": {"length": len(value), "reason": reason}}
        assert line["correlation_id"] == record.correlation_id

    def test_failing_log_does_not_stop_the_job(self) -> None:
        """A handler that raises costs the warning, nothing else."""

        class Broken(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise OSError("disk full")

        logger, broken = logging.getLogger("asgi_stack.context"), Broken()
        logger.addHandler(broken)
        try:
            with RequestContext.scope("not valid"):
                inside = current_id()
        finally:
            logger.removeHandler(broken)

        assert inside is not None


class TestIds:
    """Which ids are made, and which are accepted."""

    def test_ids_are_uuids_of_version_4(self) -> None:
        """RFC 9562: canonical text, version 4, its variant; over the size of any batch."""
        ids = [generate_correlation_id() for _ in range(1000)]

        assert all(CANONICAL.fullmatch(each) for each in ids)
        assert {UUID(each).variant for each in ids} == {RFC_4122}
        assert len(set(ids)) == 1000
        assert not any(map(id_problem, ids))

    def test_ids_of_threads_differ(self) -> None:
        """Threads that draw at the same time never get the same id."""
        drawn: list[list[str]] = []
        barrier = threading.Barrier(4)

        def draw() -> None:
            barrier.wait()
            drawn.append([generate_correlation_id() for _ in range(2000)])

        threads = [threading.Thread(target=draw) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len({each for ids in drawn for each in ids}) == 8000

    def test_ids_of_forked_workers_differ(self) -> None:
        """A server that forks its workers after the import gives none of them the ids of another."""
        script = (
            "import os\n"
            "from asgi_stack.context import generate_correlation_id as make\n"
            "make()\n"
            "worker = os.fork()\n"
            "worker and os.waitpid(worker, 0)\n"
            "print(*(make() for _ in range(300)), flush=True)\n"
        )

        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

        ids = done.stdout.split()
        assert len(ids) == len(set(ids)) == 600

    @given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True))
    def test_valid_ids_are_valid(self, value: str) -> None:
        """1 to 128 letters, digits, dots, underscores and dashes, the first a letter or digit."""
        assert id_problem(value) is None

    @pytest.mark.parametrize(
        "bad", [" ", "\n", "\r", "\t", "\x00", "\x1b", "\x85", "\u2028", "é", "=", "/", ":", "{", "٣"]
    )
    def test_one_wrong_character_is_enough(self, bad: str) -> None:
        """A line end, a space, a digit of another script: anywhere in it, even at the end."""
        assert {id_problem(value) for value in (bad, bad + "a", "a" + bad, f"a{bad}b")} == {"characters"}

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ("", "empty"),
            ("a" * 128, None),
            ("a" * 129, "too_long"),
            ("-" * 60_000 + "0" * 32, "too_long"),
            ("-a", "characters"),
            (".a", "characters"),
            ("_a", "characters"),
        ],
    )
    def test_length_and_first_character(self, value: str, problem: str | None) -> None:
        """At most 128 characters, and none of `. _ -` first."""
        assert id_problem(value) == problem
