"""The stacks that are compared: all of them do the work that they are measured for."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from secure import Secure
from Secweb.headers.hsts import HSTS

from benchmarks.apps import SCENARIOS, Scenario
from benchmarks.peer_differences import observe
from benchmarks.peer_logging import STDOUT, PeerLogger, fast_logger, usual_logger
from benchmarks.stacks import STACKS, Stack, lines_to
from tests.log_capture import logging_restored

SAME_FIELDS = ("peers", "peers_tuned", "peers_traceback", "peers_usual", "secure", "secure_usual")
BASE_HTTP = ("basehttp", "basehttp_fast")
PEERS = tuple(name for name, stack in STACKS.items() if stack.kind == "peers")
WHOLE = ("ours", *PEERS)

every_stack = pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
SUCCESS, ERROR = SCENARIOS["success"], SCENARIOS["error"]


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    with logging_restored():
        yield


def _is_answered(stack: Stack, scenario: Scenario) -> bool:
    return stack.handles_errors or not scenario.raises or stack.kind == "bare"


class TestAnswers:
    """What the client gets."""

    @every_scenario
    @every_stack
    async def test_every_stack_answers_every_scenario(self, stack: Stack, scenario: Scenario) -> None:
        """The client gets the app's own answer or an error's, unless nothing is there to answer errors."""
        seen = await observe(stack, scenario)

        if not _is_answered(stack, scenario):
            assert (seen.status, bool(seen.raised)) == (None, True)
        elif scenario.raises and stack.kind != "bare":
            assert seen.status == scenario.status
            assert json.loads(seen.body)["error_code"] == ("NOT_FOUND" if scenario.status == 404 else "INTERNAL_ERROR")
        else:
            assert seen.status == 200
            assert len(seen.body) >= scenario.chunks

    @pytest.mark.parametrize("scenario", [SUCCESS, ERROR, SCENARIOS["not_found"]], ids=lambda scenario: scenario.name)
    @pytest.mark.parametrize("name", WHOLE)
    async def test_ids_and_security_headers_are_on_errors_too(self, name: str, scenario: Scenario) -> None:
        """Every whole stack sends them with each response."""
        seen = await observe(STACKS[name], scenario)

        assert {"x-correlation-id", "x-content-type-options", "content-security-policy"} <= seen.headers

    @pytest.mark.parametrize("name", ["secure", "secure_usual"])
    async def test_secure_sends_its_default_headers(self, name: str) -> None:
        """All of them, as its documentation has it."""
        seen = await observe(STACKS[name], SUCCESS)

        assert {header.lower() for header in Secure.with_default_headers().headers} <= seen.headers

    async def test_secweb_sends_its_default_headers(self) -> None:
        """All of them, as its documentation has it."""
        seen = await observe(STACKS["peers"], SUCCESS)

        name, _ = HSTS()
        assert name.decode().lower() in seen.headers
        assert len(seen.headers) == 2 + 14 + 1  # the app's, Secweb's, and the id

    async def test_errors_of_starlettes_outermost_layer_go_on_to_the_server(self) -> None:
        """ServerErrorMiddleware raises on after it has answered; ours and BaseHTTPMiddleware do not."""
        raised = {name: (await observe(STACKS[name], ERROR)).raised for name in WHOLE}

        assert raised == {
            name: "ValueError" if STACKS[name].kind == "peers" else None for name in WHOLE
        } | dict.fromkeys(BASE_HTTP)


class TestLines:
    """What is logged."""

    @every_scenario
    @every_stack
    async def test_each_request_has_one_line_and_each_error_one_more(self, stack: Stack, scenario: Scenario) -> None:
        """Stacks with a request line write one, stacks with an error layer one for an error, others none."""
        seen = await observe(stack, scenario)

        events = [line["event"] for line in seen.lines]
        logs_errors = scenario.raises and stack.handles_errors
        assert events.count("request_completed") == (stack.logs_requests and not stack.needs_server)
        assert events.count("request_failed") == logs_errors
        assert len(events) == events.count("request_completed") + events.count("request_failed")

    @pytest.mark.parametrize("scenario", ["success", "stream", "error", "not_found", "query"])
    @pytest.mark.parametrize("name", [*SAME_FIELDS, *BASE_HTTP])
    async def test_the_request_line_has_the_fields_of_ours(self, name: str, scenario: str) -> None:
        """Peers measure and log what ours does, and come to the same values where those are not made up or timed."""
        own = (await observe(STACKS["ours"], SCENARIOS[scenario])).line("request_completed")
        line = (await observe(STACKS[name], SCENARIOS[scenario])).line("request_completed")

        assert set(line) == set(own)
        assert all(line[key] is not None for key in own if own[key] is not None)
        same = (
            "level",
            "event",
            "method",
            "path",
            "route",
            "status_code",
            "outcome",
            "bytes_in",
            "client",
            "user_agent",
        )
        assert [line[key] for key in same] == [own[key] for key in same]
        assert line.get("query") == own.get("query")
        assert 0 <= line["ttfb_ms"] <= line["duration_ms"]

    @pytest.mark.parametrize("name", ["ours", *SAME_FIELDS, *BASE_HTTP])
    async def test_bytes_are_those_of_the_body(self, name: str) -> None:
        """The line tells the size of what the client got, of a stream too."""
        streamed = await observe(STACKS[name], SCENARIOS["stream"])
        failed = await observe(STACKS[name], ERROR)

        assert streamed.line("request_completed")["bytes_out"] == len(streamed.body) == 64_000
        assert failed.line("request_completed")["bytes_out"] == len(failed.body)

    async def test_peers_as_they_are_log_eight_fields(self) -> None:
        """A line as most people write it."""
        line = (await observe(STACKS["peers_as_they_are"], SUCCESS)).line("request_completed")

        expected = {"timestamp", "level", "event", "correlation_id", "method", "path", "status_code", "duration_ms"}
        assert set(line) == expected

    @pytest.mark.parametrize("name", WHOLE)
    async def test_lines_of_one_request_share_their_ids(self, name: str) -> None:
        """The line of the error and that of the request have the ids that the client got."""
        seen = await observe(STACKS[name], ERROR)

        first, second = seen.lines
        body = json.loads(seen.body)
        ids = ("correlation_id",) if name == "peers_as_they_are" else ("correlation_id", "request_id")
        for key in ids:
            assert first[key] == second[key] == body[key]
            assert len(first[key]) >= 32

    async def test_traceback_text_is_where_the_names_say(self) -> None:
        """The default error of ours has it, as the peers made for that; the scenario without text has it nowhere."""
        texts = {
            (name, scenario): (await observe(STACKS[name], SCENARIOS[scenario])).line("request_failed")
            for name in ("ours", "peers", "peers_traceback")
            for scenario in ("error", "error_without_text")
        }

        with_text = {key for key, line in texts.items() if "Traceback" in str(line)}
        assert with_text == {
            ("ours", "error"),
            ("peers_traceback", "error"),
            ("peers_traceback", "error_without_text"),
        }

    async def test_lines_without_traceback_text_have_a_fingerprint_of_ours_alone(self) -> None:
        """Apart from that and from the level, both tell the same of an error."""
        scenario = SCENARIOS["error_without_text"]
        own = (await observe(STACKS["ours"], scenario)).line("request_failed")
        other = (await observe(STACKS["peers"], scenario)).line("request_failed")

        assert set(own) - set(other) == {"fingerprint", "error_code", "severity"}
        assert set(other) <= set(own)
        assert (own["level"], other["level"]) == ("warning", "error")
        assert own["exception_type"] == other["exception_type"] == "ValueError"

    @pytest.mark.parametrize("make_logger", [fast_logger, usual_logger], ids=["fast", "usual"])
    def test_a_line_is_one_write(self, make_logger: Callable[[], PeerLogger]) -> None:
        """Peers' loggers hand each line to the system whole: on a datagram socket one write is one piece."""
        reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with reader, writer:
            kept = os.dup(STDOUT)
            os.dup2(writer.fileno(), STDOUT)
            try:
                logger = make_logger()
                logger.info("first", number=1)
                logger.error("second", number=2)
            finally:
                os.dup2(kept, STDOUT)
                os.close(kept)
            reader.setblocking(False)  # noqa: FBT003 - the parameter has no name
            pieces = [reader.recv(4096), reader.recv(4096)]
            with pytest.raises(BlockingIOError):
                reader.recv(4096)

        assert [json.loads(piece)["event"] for piece in pieces] == ["first", "second"]
        assert all(piece.endswith(b"}\n") for piece in pieces)


class TestSettings:
    """What the stack is told."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("ASGI_STACK_LOG__CALL_SITE", "false", id="a setting"),
            pytest.param("ASGI_STACK_LOG__LEVEL", "CRITICAL", id="a level that would silence the lines"),
            pytest.param("ASGI_STACK_NONSENSE", "1", id="a misspelt name"),
            pytest.param("asgi_stack_environment", "development", id="lower case"),
        ],
    )
    async def test_variables_do_not_matter(self, name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Figures are the same whatever the environment of whoever measures says, and it stays as it is."""
        without = await observe(STACKS["ours"], ERROR)
        monkeypatch.setenv(name, value)

        seen = await observe(STACKS["ours"], ERROR)

        assert [set(line) for line in seen.lines] == [set(line) for line in without.lines]
        assert os.environ[name] == value


class TestStack:
    """The stacks as such."""

    @every_stack
    def test_names_and_titles(self, stack: Stack) -> None:
        """Each stack is found by its name, and has a title of its own."""
        assert STACKS[stack.name] is stack
        assert [other.title for other in STACKS.values()].count(stack.title) == 1

    def test_what_is_put_inside_depends_on_whose_layers_they_are(self) -> None:
        """An error is Starlette's for peers, ours for ours, and none without layers."""
        inside = SCENARIOS["not_found"]
        kept = {
            kind: Stack(name=kind, title="", wrap=lambda app: app, kind=kind).build(inside)
            for kind in ("bare", "ours", "peers")
        }

        assert kept == {"bare": inside.bare_app, "ours": inside.app, "peers": inside.peer_app}


class TestLinesTo:
    """Where lines go while something is measured."""

    def test_descriptor_and_stdout_point_to_the_file_and_back(self, tmp_path: Path) -> None:
        """Whoever writes to either writes to the file; tables go where standard output was."""
        before, stdout = os.fstat(STDOUT), sys.stdout

        with lines_to(tmp_path / "log") as terminal:
            os.write(STDOUT, b"one\n")
            print("two")  # noqa: T201 - it is what is tested
            assert os.path.sameopenfile(sys.stdout.fileno(), STDOUT)
            assert os.path.samestat(os.fstat(terminal.fileno()), before)

        assert (tmp_path / "log").read_text() == "one\ntwo\n"
        assert os.path.samestat(os.fstat(STDOUT), before)
        assert sys.stdout is stdout

    def test_an_error_puts_it_back_too(self, tmp_path: Path) -> None:
        """A measurement that fails leaves standard output as it was."""
        before, stdout = os.fstat(STDOUT), sys.stdout

        with pytest.raises(ZeroDivisionError), lines_to(tmp_path / "log"):
            raise ZeroDivisionError

        assert os.path.samestat(os.fstat(STDOUT), before)
        assert sys.stdout is stdout
