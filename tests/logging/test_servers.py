"""The loggers of uvicorn and hypercorn, once they are taken over."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from asgi_stack import configure_structlog, log_exception
from asgi_stack.settings import LogSettings
from tests.logging.memory import Elsewhere, configured, lines


class TestServers:
    """uvicorn's and hypercorn's own lines."""

    @pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error", "uvicorn.asgi", "hypercorn.error"])
    def test_server_lines_have_our_form_once(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        """A server's line is written once, by us, even when the server puts its own handler in place later."""
        stream = configured()
        logging.getLogger(name).addHandler(logging.StreamHandler(sys.stdout))

        logging.getLogger(name).info("Started %s", "it", extra={"color_message": "\x1b[1mStarted"})

        [line] = lines(stream)
        assert (line["event"], line["logger"]) == ("Started it", name)
        assert "color_message" not in line
        assert capsys.readouterr().out == ""

    def test_traceback_that_was_logged_is_not_repeated(self) -> None:
        """The server's report of an exception that has its error line is dropped; of any other, kept."""
        stream = configured()
        known, unknown = ValueError("known"), ValueError("unknown")

        log_exception(known)
        for error in (known, unknown):
            logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)

        assert [line["event"] for line in lines(stream)] == ["exception", "Exception in ASGI application"]
        assert "unknown" in str(lines(stream)[1]["stack_trace"])

    def test_access_lines_can_be_silenced(self) -> None:
        """Where the request line takes their place, access lines are not even formatted by the server."""
        stream = io.BytesIO()
        configure_structlog(LogSettings(), server_access_log=False, stream=stream)

        logging.getLogger("uvicorn.access").warning("GET /")

        assert stream.getvalue() == b""
        assert not logging.getLogger("uvicorn.access").hasHandlers()

    def test_access_lines_are_kept_by_default(self) -> None:
        """Without our request line, the server's access lines are written."""
        stream = configured()

        logging.getLogger("uvicorn.access").setLevel(logging.INFO)
        logging.getLogger("uvicorn.access").info("GET /")

        assert [line["event"] for line in lines(stream)] == ["GET /"]

    @pytest.mark.parametrize("name", ["uvicorn.error", "uvicorn.access"])
    def test_handlers_that_send_lines_elsewhere_go_on(self, name: str) -> None:
        """A file that the server's lines go to gets them, whether it was added before or after we came."""
        logger, before, after, too_high = logging.getLogger(name), Elsewhere(), Elsewhere(), Elsewhere()
        logger.addHandler(before)
        stream = configured()
        logger.addHandler(after)
        too_high.setLevel(logging.CRITICAL)
        logger.addHandler(too_high)

        logger.warning("x")

        assert [line["event"] for line in lines(stream)] == ["x"]
        assert (before.sent, after.sent, too_high.sent) == (["x"], ["x"], [])

    @pytest.mark.parametrize(("propagate", "sent"), [(True, ["x"]), (False, [])])
    def test_handlers_of_the_root_get_what_they_got(self, *, propagate: bool, sent: list[str]) -> None:
        """A handler of the root logger's sees a server's lines where the server passes them on."""
        logger, elsewhere = logging.getLogger("uvicorn"), Elsewhere()
        logger.propagate = propagate
        logging.getLogger().addHandler(elsewhere)
        configured()

        logger.warning("x")

        assert elsewhere.sent == sent

    def test_file_of_access_lines_is_written_though_we_are_silent(self) -> None:
        """Who keeps a file of the server's access lines has it beside our request lines."""
        access, elsewhere = logging.getLogger("uvicorn.access"), Elsewhere()
        access.addHandler(elsewhere)
        stream = io.BytesIO()
        configure_structlog(LogSettings(), server_access_log=False, stream=stream)

        access.warning("GET /")

        assert elsewhere.sent == ["GET /"]
        assert stream.getvalue() == b""

    def test_logger_that_a_configuration_disabled_is_heard(self) -> None:
        """`dictConfig` disables what it does not name; the server's lines are no less wanted for that."""
        logging.getLogger("uvicorn.error").disabled = True
        stream = configured()

        logging.getLogger("uvicorn.error").warning("x")

        assert [line["event"] for line in lines(stream)] == ["x"]

    def test_server_finds_a_handler_for_its_access_lines(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The server asks for one before it makes the line, and under its own configuration no other is in reach."""
        access = logging.getLogger("uvicorn.access")
        access.addHandler(logging.StreamHandler(sys.stdout))
        access.propagate = False

        stream = configured()
        access.warning("GET /")

        assert access.hasHandlers()
        assert [line["event"] for line in lines(stream)] == ["GET /"]
        assert capsys.readouterr().out == ""

    def test_access_lines_that_the_server_silenced_stay_silent(self) -> None:
        """`uvicorn --no-access-log` leaves its logger no handler; that holds however often logging is configured."""
        access = logging.getLogger("uvicorn.access")
        access.propagate = False

        for _ in range(2):
            configured()

            assert not access.hasHandlers()

    @pytest.mark.parametrize("by", ["left without a handler", "left to the root"])
    def test_server_that_silences_its_access_lines_later_is_heard(self, by: str) -> None:
        """What a server decides after our first configuration counts at the second, as where a module runs twice."""
        access = logging.getLogger("uvicorn.access")
        access.propagate = by == "left to the root"
        access.handlers = [] if access.propagate else [logging.StreamHandler(sys.stdout)]
        configured()
        access.handlers, access.propagate = [], False

        configured()

        assert not access.hasHandlers()

    def test_loggers_below_the_servers_are_heard(self) -> None:
        """A logger of the user's under `uvicorn` passes on to it what the server's own loggers do not."""
        server = logging.getLogger("uvicorn")
        server.handlers, server.propagate = [logging.StreamHandler(sys.stdout)], False
        stream = configured()
        configured(level="INFO")
        stream = configured()

        logging.getLogger("uvicorn.mine").info("x")
        logging.getLogger("uvicorn.error").info("y")
        server.info("z")

        assert [line["event"] for line in lines(stream)] == ["x", "y", "z"]

    def test_filters_that_are_added_later_decide(self) -> None:
        """A filter that drops health checks from the access lines works whether it was added before or after."""
        access = logging.getLogger("uvicorn.access")
        access.addFilter(lambda record: "before" not in record.getMessage())
        stream = configured()
        access.addFilter(lambda record: "after" not in record.getMessage())

        for path in ("before", "after", "orders"):
            access.warning("GET /%s", path)

        assert [line["event"] for line in lines(stream)] == ["GET /orders"]

    def test_list_of_handlers_is_left_to_its_owner(self) -> None:
        """Gunicorn gives its own list of handlers to uvicorn's loggers; it keeps what is in it."""
        shared: list[logging.Handler] = [logging.StreamHandler(sys.stdout)]
        logging.getLogger("uvicorn.error").handlers = shared

        configured()

        assert len(shared) == 1

    def test_access_lines_come_back_with_a_later_call(self) -> None:
        """What we silenced ourselves, a later configuration brings back."""
        configure_structlog(LogSettings(), server_access_log=False, stream=io.BytesIO())
        configured()

        assert logging.getLogger("uvicorn.access").hasHandlers()

    @pytest.mark.parametrize(
        ("message", "arguments"),
        [
            ('%s - "WebSocket %s" [accepted]', ("127.0.0.1:1", "/echo?code=x")),
            ('%s - "WebSocket %s" 403', ("127.0.0.1:1", "/echo")),
            ("connection open", ()),
            ("connection rejected (%d %s)", (403, "Forbidden")),
            ("ASGI callable returned without completing response.", ()),
        ],
    )
    def test_what_the_request_line_says_is_not_said_again(self, message: str, arguments: tuple[object, ...]) -> None:
        """Access lines of websockets, which uvicorn writes with their query to its error logger, are silenced too."""
        silent = io.BytesIO()
        configure_structlog(LogSettings(), server_access_log=False, stream=silent)
        logging.getLogger("uvicorn.error").error(message, *arguments)

        heard = configured()
        logging.getLogger("uvicorn.error").error(message, *arguments)

        assert silent.getvalue() == b""
        assert len(lines(heard)) == 1

    def test_level_holds_for_the_server_too(self) -> None:
        """A server that sets its own logger's level does not get past ours."""
        stream = configured(level="WARNING")
        logging.getLogger("hypercorn.error").setLevel(logging.INFO)

        logging.getLogger("hypercorn.error").info("Running on http://127.0.0.1:8000")

        assert stream.getvalue() == b""
