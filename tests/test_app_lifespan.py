"""Apps with and without a lifespan, inside ours: what each kind of app means, and what the server hears."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import raising, respond
from tests.lifespan_apps import (
    START_FAILED,
    STARTED,
    STOP_FAILED,
    STOPPED,
    LifespanFailureError,
    Served,
    failing_after_receive,
    living,
    looping,
)
from tests.log_capture import LogLines


class TestAppsWithout:
    """Apps that know nothing of lifespans are served."""

    async def test_app_that_refuses(self, log_lines: LogLines) -> None:
        """Django raises before it asks for anything; that is no failure, and it is no secret."""
        app = raising(ValueError("Django can only handle ASGI/HTTP connections, not lifespan."))
        log_lines.configure(level="DEBUG")

        served = await Served().serve(app)

        [line] = log_lines()
        assert served.sent == [STARTED, STOPPED]
        assert (line["level"], line["event"], line["exception_type"]) == ("debug", "lifespan_unsupported", "ValueError")
        assert "stack_trace" not in line

    async def test_app_that_returns(self, log_lines: LogLines) -> None:
        """An app that returns silently has no lifespan."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            """Do nothing."""

        served = await Served().serve(app)

        assert served.sent == [STARTED, STOPPED]
        assert log_lines() == []

    @pytest.mark.parametrize("asks", [False, True])
    async def test_app_that_answers_http(self, log_lines: LogLines, *, asks: bool) -> None:
        """An app that answers whatever comes does not reach the server with it."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if asks:
                await receive()
            await respond(send, b"hello")

        served = await Served().serve(app)

        assert served.sent == [STARTED, STOPPED]
        assert log_lines() == []

    async def test_app_that_answers_http_and_hides_the_error(self) -> None:
        """It is no failure either when such an app swallows or changes what its send raises."""

        async def swallowing(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            with suppress(Exception):
                await respond(send, b"hello")

        async def changing(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            try:
                await respond(send, b"hello")
            except Exception as error:
                raise RuntimeError("cannot answer") from error

        assert [(await Served().serve(app)).sent for app in (swallowing, changing)] == [[STARTED, STOPPED]] * 2


class TestStartup:
    """Apps that start, or do not."""

    async def test_failure_is_told_and_logged(self, log_lines: LogLines) -> None:
        """An app that raises after it asked has failed: one line has the traceback, the server gets no secret."""
        failed = await Served().serve(failing_after_receive(ValueError("password=CANARY-1")))

        [line] = log_lines()
        assert failed.sent == [
            {"type": "lifespan.startup.failed", "message": "The app failed in its startup: ValueError"}
        ]
        assert (line["level"], line["event"], line["phase"]) == ("error", "lifespan_failed", "startup")
        assert "Traceback" in line["stack_trace"]
        assert b"CANARY" not in log_lines.stream.getvalue()

    async def test_apps_own_failure_is_kept(self, log_lines: LogLines) -> None:
        """An app that says itself what failed is quoted."""
        served = await Served().serve(living(START_FAILED))

        [line] = log_lines()
        assert served.sent == [START_FAILED]
        assert (line["event"], line["phase"]) == ("lifespan_failed", "startup")

    async def test_failure_that_is_told_and_raised_is_logged_once(self, log_lines: LogLines) -> None:
        """An app that says what failed and raises it too has one line with the traceback, and is not quoted."""
        served = await Served().serve(living(START_FAILED, then=ValueError("x")))

        [line] = log_lines()
        assert served.sent == [
            {"type": "lifespan.startup.failed", "message": "The app failed in its startup: ValueError"}
        ]
        assert line["exception_type"] == "ValueError"

    async def test_quoted_failure_shows_no_secret(self) -> None:
        """What the server is told, and logs, is free of secrets of a known shape."""
        text = "cannot connect to postgresql://me:CANARY-1@db/shop"
        served = await Served().serve(living({**START_FAILED, "message": text}))

        [message] = served.sent
        assert message["message"].startswith("cannot connect to postgresql://")
        assert "CANARY" not in message["message"]

    async def test_failure_without_a_message(self) -> None:
        """`message` is optional."""
        served = await Served().serve(living({"type": "lifespan.startup.failed"}))

        assert served.sent == [{"type": "lifespan.startup.failed", "message": ""}]

    async def test_message_of_the_app_is_left_alone(self) -> None:
        """A constant of the app's module is never changed."""
        message: Message = {"type": "lifespan.startup.failed", "message": "password=CANARY-1"}

        served = await Served().serve(living(message))

        assert message == {"type": "lifespan.startup.failed", "message": "password=CANARY-1"}
        assert served.sent[0] is not message

    async def test_app_that_goes_on_after_its_failure(self) -> None:
        """An app that failed and then waits for more does not keep the server from hearing of it."""
        served = await Served().serve(looping(START_FAILED))

        assert served.sent == [START_FAILED]

    @pytest.mark.parametrize("refuse", ["lifespan.startup.failed", "lifespan.startup.complete"])
    async def test_server_that_raises(self, refuse: str) -> None:
        """Hypercorn raises out of send(): that passes, with all resources closed."""
        app = living(START_FAILED if refuse == "lifespan.startup.failed" else STARTED, STOPPED)

        served = await Served().serve(app, refuse=refuse)

        assert isinstance(served.result.raised, LifespanFailureError)

    async def test_exit_passes(self) -> None:
        """KeyboardInterrupt is nobody's failure; resources are closed."""
        served = await Served().serve(failing_after_receive(KeyboardInterrupt()))

        assert isinstance(served.result.raised, KeyboardInterrupt)
        assert served.sent == []


class TestServing:
    """Apps whose lifespan ends too early."""

    async def test_app_that_dies_while_serving(self, log_lines: LogLines) -> None:
        """It is logged; the resources stay open until the server stops, which is no failure of the stop."""
        served = await Served().serve(living(STARTED, then=ValueError("x")))

        [line] = log_lines()
        assert served.sent == [STARTED, STOPPED]
        assert (line["phase"], line["exception_type"]) == ("serving", "ValueError")

    async def test_app_that_is_done_while_serving(self, log_lines: LogLines) -> None:
        """An app with nothing to stop may return after its start."""
        served = await Served().serve(living(STARTED))

        assert served.sent == [STARTED, STOPPED]
        assert log_lines() == []

    @pytest.mark.parametrize("message", [STARTED, START_FAILED, {"type": "lifespan.example"}])
    async def test_message_out_of_place(self, message: Message, log_lines: LogLines) -> None:
        """A start that is told of twice never reaches the server, which would stop at it; the app is told."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send(STARTED)
            await send(message)

        served = await Served().serve(app)

        [line] = log_lines()
        assert served.sent == [STARTED, STOPPED]
        assert line["exception_message"] == f"{message['type']} is out of place after lifespan.startup.complete"

    async def test_stop_before_the_start(self, log_lines: LogLines) -> None:
        """An app that says it stopped before it started has failed to start."""
        served = await Served().serve(living(STOPPED))

        assert [message["type"] for message in served.sent] == ["lifespan.startup.failed"]
        assert "before lifespan.startup.complete" in log_lines()[0]["exception_message"]


class TestShutdown:
    """Apps that stop, or do not."""

    async def test_app_that_raises_while_stopping(self, log_lines: LogLines) -> None:
        """One line has the traceback, and the server hears of a failed shutdown."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send(STARTED)
            await receive()
            raise ValueError("password=CANARY-1")

        served = await Served().serve(app)

        [line] = log_lines()
        assert served.sent == [
            STARTED,
            {"type": "lifespan.shutdown.failed", "message": "The app failed in its shutdown: ValueError"},
        ]
        assert (line["event"], line["phase"]) == ("lifespan_failed", "shutdown")
        assert "Traceback" in line["stack_trace"]

    async def test_apps_own_failure_is_kept(self, log_lines: LogLines) -> None:
        """An app that says itself what failed is quoted."""
        served = await Served().serve(living(STARTED, STOP_FAILED))

        assert served.sent == [STARTED, STOP_FAILED]
        assert [line["phase"] for line in log_lines()] == ["shutdown"]

    async def test_app_that_raises_after_it_stopped(self, log_lines: LogLines) -> None:
        """An error after `shutdown.complete` is a failed shutdown still."""
        served = await Served().serve(living(STARTED, STOPPED, then=ValueError("x")))

        assert served.sent[-1]["type"] == "lifespan.shutdown.failed"
        assert len(log_lines()) == 1

    @pytest.mark.parametrize("answer", [STOPPED, STOP_FAILED])
    async def test_app_that_loops_for_ever(self, answer: Message) -> None:
        """An app whose loop has no end asks once more after its answer; the server hears the answer all the same."""
        served = await Served().serve(looping(STARTED, answer))

        assert served.sent == [STARTED, answer]

    async def test_app_that_does_not_return(self, log_lines: LogLines) -> None:
        """An app that said it stopped, and then waits for tasks of its own, is cancelled after the limit."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async with asyncio.TaskGroup() as tasks:
                await living(STARTED, STOPPED)(scope, receive, send)
                tasks.create_task(asyncio.Event().wait())

        served = await Served().serve(app, timeout_s=0.05)

        assert served.sent[-1]["type"] == "lifespan.shutdown.failed"
        assert [line["exception_type"] for line in log_lines()] == ["TimeoutError"]
