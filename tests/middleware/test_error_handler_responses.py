"""The error layer and what has left already: nothing is ever added to a started response."""

from __future__ import annotations

import asyncio
import json

import pytest

from asgi_stack import (
    ErrorHandlerMiddleware,
    NoResponseError,
    NotFoundError,
)
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import START, never, raising, respond
from tests.driver import exchange, http_scope
from tests.linted import linted
from tests.log_capture import LogLines


class TestStartedResponses:
    """Nothing is ever appended to a response that has started."""

    async def test_error_after_the_start_goes_on_and_adds_nothing(self, log_lines: LogLines) -> None:
        """After a partial response the original exception reaches the server, which cuts the connection."""
        error = ValueError("late")

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"part", complete=False)
            raise error

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.raised is error
        assert [m["type"] for m in seen.sent] == ["http.response.start", "http.response.body"]
        assert [line["response_started"] for line in log_lines()] == [True]

    async def test_error_after_the_response_is_logged_and_stays_inside(self, log_lines: LogLines) -> None:
        """After a complete response the exception is logged as late, and the connection stays usable."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"whole")
            raise ValueError("background")

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.raised is None
        assert seen.body == b"whole"
        assert [line["late_error"] for line in log_lines()] == [True]

    async def test_response_refused_by_the_server_is_not_complete(self) -> None:
        """When the server raises on the last message, the response counts as partial and the exception goes on."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"whole")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                raise RuntimeError("Response content shorter than Content-Length")

        with pytest.raises(RuntimeError, match="shorter"):
            await linted(ErrorHandlerMiddleware(app))(http_scope(), never, send)

    async def test_hints_do_not_start_a_response(self) -> None:
        """An early hint before an error leaves room for the error response."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
            raise NotFoundError

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.status == 404

    @pytest.mark.parametrize(
        "last",
        [
            {"type": "http.response.body", "body": b""},
            {"type": "http.response.pathsend", "path": "/file"},
            {"type": "http.response.zerocopysend", "file": 1},
        ],
    )
    async def test_each_kind_of_end_completes_the_response(self, last: Message) -> None:
        """A body, a file sent by path and a file sent by the kernel all end a response."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send(last)
            raise ValueError("late")

        assert (await exchange(ErrorHandlerMiddleware(app))).raised is None

    async def test_announced_trailers_end_the_response(self, log_lines: LogLines) -> None:
        """With `trailers: True` the last body does not end the response, the last trailers do."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({**START, "trailers": True})
            await send({"type": "http.response.body", "body": b"x"})
            if scope["path"] == "/whole":
                await send({"type": "http.response.trailers", "headers": [], "more_trailers": False})
            raise ValueError("late")

        whole = await exchange(ErrorHandlerMiddleware(app), http_scope("/whole"))
        partial = await exchange(ErrorHandlerMiddleware(app), http_scope("/partial"))

        assert whole.raised is None
        assert isinstance(partial.raised, ValueError)


class TestSilentApps:
    """Apps that return before their response is complete."""

    async def test_no_response_is_a_500(self, log_lines: LogLines) -> None:
        """An app that returns without a response is answered NO_RESPONSE."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.status, json.loads(seen.body)["error_code"]) == (500, "NO_RESPONSE")
        assert [line["event"] for line in log_lines()] == ["no_response"]

    async def test_unfinished_response_is_logged_and_left(self, log_lines: LogLines) -> None:
        """An app that returns in the middle of its body is logged; nothing is appended."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"part", complete=False)

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert len(seen.sent) == 2
        assert [line["event"] for line in log_lines()] == ["incomplete_response"]

    async def test_silence_after_a_disconnect_is_no_error(self, log_lines: LogLines) -> None:
        """An app may return without a response once the client has gone."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            assert (await receive())["type"] == "http.disconnect"

        seen = await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert seen.sent == []
        assert log_lines() == []


class TestDisconnects:
    """A client that goes away is not an error."""

    async def test_failing_send_is_a_disconnect(self, log_lines: LogLines) -> None:
        """An OSError of the server's send is neither logged as an error nor raised on."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"a", b"b")

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                raise BrokenPipeError

        scope = http_scope(asgi={"version": "3.0", "spec_version": "2.4"})
        await linted(ErrorHandlerMiddleware(app))(scope, never, send)

        assert log_lines() == []

    async def test_defect_after_a_disconnect_is_still_logged(self, log_lines: LogLines) -> None:
        """Any other exception after the client left is logged, and nothing is sent."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            raise ZeroDivisionError

        seen = await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert seen.sent == []
        assert seen.raised is None
        assert [line["exception_type"] for line in log_lines()] == ["ZeroDivisionError"]

    @pytest.mark.parametrize("error", [FileNotFoundError("no such file"), ConnectionRefusedError("no database")])
    async def test_os_error_of_the_app_after_a_disconnect_is_logged(self, error: OSError, log_lines: LogLines) -> None:
        """Only what the server's send raised tells of the client; another OSError is the app's own failure."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            raise error

        seen = await exchange(ErrorHandlerMiddleware(app), incoming=[{"type": "http.disconnect"}])

        assert seen.sent == []
        assert [line["exception_message"] for line in log_lines()] == [str(error)]

    async def test_disconnect_that_the_app_raises_in_its_own_words(self, log_lines: LogLines) -> None:
        """An exception raised from what send raised tells of the client still."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await respond(send, b"a", b"b")
            except OSError as error:
                raise RuntimeError("the reader has gone") from error

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                raise BrokenPipeError

        scope = http_scope(asgi={"version": "3.0", "spec_version": "2.4"})
        await linted(ErrorHandlerMiddleware(app))(scope, never, send)

        assert log_lines() == []

    async def test_os_error_of_the_app_itself_is_an_error(self, log_lines: LogLines) -> None:
        """A file that is missing is the app's failure, not the client's going."""
        seen = await exchange(ErrorHandlerMiddleware(raising(FileNotFoundError("x"))))

        assert seen.status == 500
        assert len(log_lines()) == 1


class TestReraise:
    """Who sees the exception after it was answered."""

    @pytest.mark.parametrize(("reraise", "raised"), [("incomplete", False), ("always", True), ("never", False)])
    async def test_after_a_rendered_response(self, reraise: str, raised: bool) -> None:
        """Only `always` raises on once the client has its answer."""
        app = ErrorHandlerMiddleware(raising(ValueError()), reraise=reraise)  # type: ignore[arg-type]

        seen = await exchange(app)

        assert seen.status == 500
        assert (seen.raised is not None) is raised

    async def test_never_keeps_even_a_partial_failure_inside(self) -> None:
        """`never` raises nothing, not even after a partial response."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            raise ValueError

        layer = ErrorHandlerMiddleware(app, reraise="never")

        assert (await exchange(layer, allowed=["http.incomplete"])).raised is None

    async def test_always_tells_of_a_response_without_an_end(self) -> None:
        """`always` raises for an app that returns in the middle of its response, too."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)

        layer = ErrorHandlerMiddleware(app, reraise="always")

        assert isinstance((await exchange(layer)).raised, NoResponseError)

    async def test_always_tells_of_a_missing_response(self) -> None:
        """`always` turns silence into NoResponseError, once the 500 has left."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

        seen = await exchange(ErrorHandlerMiddleware(app, reraise="always"))

        assert seen.status == 500
        assert isinstance(seen.raised, NoResponseError)

    @pytest.mark.parametrize("error", [asyncio.CancelledError(), GeneratorExit()])
    async def test_cancellation_passes_untouched(self, error: BaseException, log_lines: LogLines) -> None:
        """Nothing is answered or logged for what is no Exception, and it always goes on."""
        seen = await exchange(ErrorHandlerMiddleware(raising(error), reraise="never"))

        assert seen.raised is error
        assert seen.sent == []
        assert log_lines() == []

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
    async def test_exit_is_logged_as_critical(self, error: BaseException, log_lines: LogLines) -> None:
        """A handler that ends the process leaves a critical line, and is not stopped."""
        seen = await exchange(ErrorHandlerMiddleware(raising(error)))

        assert seen.raised is error
        assert seen.sent == []
        assert [line["level"] for line in log_lines()] == ["critical"]
