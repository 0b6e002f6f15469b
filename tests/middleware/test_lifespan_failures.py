"""Resources that fail or hang, and a server that exits in a hurry."""

from __future__ import annotations

import asyncio
import time

import pytest

from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.types import Message
from tests.driver import LIFESPAN, lifespan_scope
from tests.lifespan_apps import STARTED, Diary, lived
from tests.linted import linted
from tests.log_capture import LogLines


class TestFailures:
    """Resources that fail."""

    async def test_failed_start_is_unwound(self, log_lines: LogLines) -> None:
        """What was open is closed, the app never starts, one line has the traceback, the server is told."""
        diary = Diary()
        bad = diary.resource("bad", opening=ValueError("password=CANARY-1"))

        result = await lived(diary.app, diary.resource("a"), diary.resource("b"), bad, diary.resource("c"))

        [line] = log_lines()
        [message] = result.sent
        assert diary.entries == ["open a", "open b", "close b", "close a"]
        assert message["type"] == "lifespan.startup.failed"
        assert message["message"].endswith("open_and_close failed to start: ValueError")
        assert (line["level"], line["event"], line["phase"]) == ("error", "lifespan_failed", "startup")
        assert line["resource"].endswith("open_and_close")
        assert "Traceback" in line["stack_trace"]
        assert "CANARY" not in str(message)

    async def test_function_that_makes_no_manager(self, log_lines: LogLines) -> None:
        """What a function gives is known only when it is called: that fails the start."""

        def make() -> int:
            return 7

        result = await lived(Diary().app, make)  # type: ignore[arg-type]

        assert result.sent[0]["type"] == "lifespan.startup.failed"
        assert [line["exception_type"] for line in log_lines()] == ["TypeError"]

    async def test_failing_close_does_not_keep_the_others_open(self, log_lines: LogLines) -> None:
        """Each is closed, each failure has its line, and the server hears of a failed shutdown."""
        diary = Diary()
        b = diary.resource("b", failing=ValueError("first"))
        c = diary.resource("c", failing=KeyError("second"))

        result = await lived(diary.app, diary.resource("a"), b, c)

        assert diary.entries[-3:] == ["close c", "close b", "close a"]
        assert result.sent == [
            STARTED,
            {"type": "lifespan.shutdown.failed", "message": "A resource failed to close"},
        ]
        assert [line["exception_type"] for line in log_lines("lifespan_failed")] == ["KeyError", "ValueError"]
        assert {line["phase"] for line in log_lines()} == {"shutdown"}

    async def test_hanging_close_is_abandoned(self, log_lines: LogLines) -> None:
        """However many hang, closing all takes no longer than the limit."""
        diary = Diary()
        hanging = [diary.resource(name, hang=True) for name in "abcde"]
        before = time.perf_counter()

        result = await lived(diary.app, *hanging, timeout_s=0.2)

        took_s = time.perf_counter() - before
        assert took_s < 0.8
        assert result.sent[-1]["type"] == "lifespan.shutdown.failed"
        assert [line["exception_type"] for line in log_lines()] == ["TimeoutError"] * 5

    async def test_what_closes_at_once_is_closed_after_the_limit_too(self) -> None:
        """A resource that needs no time is closed even where another one used up the limit."""
        diary = Diary()

        class Quick:
            async def __aenter__(self) -> None:
                """Open."""

            async def __aexit__(self, *_: object) -> None:
                diary.entries.append("quick is closed")

        await lived(diary.app, Quick, diary.resource("b", hang=True), timeout_s=0.05)

        assert diary.entries[-1] == "quick is closed"

    async def test_cancellation_closes_all(self) -> None:
        """A server that cancels its lifespan, as it exits in a hurry, leaves nothing open."""
        diary = Diary()
        layer = LifespanMiddleware(diary.app, resources=[diary.resource("a"), diary.resource("b")])
        started = asyncio.Event()
        startup = iter(LIFESPAN)

        async def receive() -> Message:
            if started.is_set():
                await asyncio.Event().wait()
            return next(startup)

        async def send(message: Message) -> None:
            started.set()

        task = asyncio.ensure_future(linted(layer)(lifespan_scope(), receive, send))
        await started.wait()
        await asyncio.sleep(0)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert diary.entries[-2:] == ["close b", "close a"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()])
    async def test_exit_while_closing_closes_the_rest(self, error: BaseException) -> None:
        """What is no `Exception` goes on, once the others are closed."""
        diary = Diary()

        result = await lived(diary.app, diary.resource("a"), diary.resource("b", failing=error))

        assert result.raised is error
        assert diary.entries[-2:] == ["close b", "close a"]
