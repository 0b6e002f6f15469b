"""A test that waits for an app waits neither for ever nor in vain."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from asgi_stack.testing.client_errors import ASGITimeoutError, ClientLeftError
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import http_scope
from asgi_stack.types import Message, Receive, Scope, Send
from tests.testing.client_apps import END, START, call_of, part, sending

variable: ContextVar[str] = ContextVar("variable", default="outside")
REQUEST: Message = {"type": "http.request"}


def connected() -> Connection:
    """Make a connection with an empty request."""
    return Connection(http_scope(), [REQUEST])


class TestFinish:
    """Call.finish."""

    @pytest.mark.parametrize("messages", [[], [START], [START, part(b"a")]], ids=["none", "start", "part"])
    async def test_error_before_the_end_is_raised(self, messages: list[Message]) -> None:
        """What an app raises in place of a complete response reaches the test, the very exception, once."""
        error = ValueError()
        call = call_of(sending(*messages, then=error), connected())
        call.begin()

        with pytest.raises(ValueError) as raised:  # noqa: PT011 - the very object is compared
            await call.finish()
        await call.finish()

        assert raised.value is error

    async def test_error_after_the_end_is_kept(self) -> None:
        """What an app raises after a complete response is kept on the connection."""
        error = ValueError()
        call = call_of(sending(START, END, then=error), connected())
        call.begin()

        await call.finish()

        assert call.connection.raised is error

    async def test_verdict_after_the_end_is_raised(self) -> None:
        """A failed assertion, such as ASGILint's, is never lost."""
        call = call_of(sending(START, END, then=AssertionError("second body")), connected())
        call.begin()

        with pytest.raises(AssertionError, match="second body"):
            await call.finish()

    async def test_exceptions_can_be_kept(self) -> None:
        """With raise_exceptions=False nothing that the app raises reaches the test."""
        call = call_of(sending(then=AssertionError()), connected(), raise_exceptions=False)
        call.begin()

        await call.finish()

        assert isinstance(call.connection.raised, AssertionError)

    async def test_gone_client_is_no_error(self) -> None:
        """The OSError of a client that has gone is no failure of the app, also as a framework's exception."""
        connection = connected()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                raise ClientLeftError
            except OSError as error:
                raise RuntimeError("client disconnected") from error

        call = call_of(app, connection)
        call.begin()

        await call.finish()

        assert isinstance(connection.raised, RuntimeError)

    async def test_circular_chain_of_causes(self) -> None:
        """Exceptions that cause each other are raised as any other."""
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        call = call_of(sending(then=first), connected())
        call.begin()

        with pytest.raises(ValueError, match="first"):
            await call.finish()

    async def test_exit_does_not_stop_the_loop(self) -> None:
        """An app that exits gives its SystemExit to the test alone."""
        call = call_of(sending(then=SystemExit(3)), connected())
        call.begin()

        with pytest.raises(SystemExit):
            await call.finish()


class TestTimeout:
    """Apps that do not end."""

    async def test_app_that_waits(self) -> None:
        """The error names the call, the limit, where the app waits and what it sent, and the app is cancelled."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            while True:
                await receive()

        call = call_of(app, connected(), timeout_s=0.05)
        call.begin()

        with pytest.raises(ASGITimeoutError) as late:
            await call.finish()

        assert str(late.value) == (
            "GET /: the app did not end within 0.05 s; the app waits in receive(); "
            "so far the app sent: http.response.start (200)"
        )
        assert isinstance(call.connection.raised, asyncio.CancelledError)

    async def test_app_that_hangs(self) -> None:
        """An app that hangs elsewhere is not said to wait for a message."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        call = call_of(app, connected(), timeout_s=0.05)
        call.begin()

        with pytest.raises(TimeoutError, match=r"within 0\.05 s; so far the app sent: nothing$"):
            await call.finish()

    async def test_app_that_resists(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An app that does not end when it is cancelled is left behind."""
        monkeypatch.setattr("asgi_stack.testing.client_call._CANCELLATION_S", 0.05)
        released = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while not released.is_set():
                try:
                    await released.wait()
                except asyncio.CancelledError:
                    continue

        call = call_of(app, connected(), timeout_s=0.05)
        call.begin()

        with pytest.raises(ASGITimeoutError):
            await call.finish()

        assert not call.connection.is_over
        released.set()

    async def test_cancelled_test_cancels_the_app(self) -> None:
        """A test that is cancelled leaves no app behind."""
        call = call_of(sending(START), Connection(http_scope()))
        call.begin()
        waiting = asyncio.create_task(call.finish())
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait([waiting])

        assert waiting.cancelled()
        assert isinstance(call.connection.raised, asyncio.CancelledError)


class TestContext:
    """Context variables."""

    async def test_nothing_leaks_out(self) -> None:
        """The app sees the test's context, and what it sets stays inside."""
        seen: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(variable.get())
            variable.set("inside")

        variable.set("test")
        call = call_of(app, connected())
        call.begin()
        await call.finish()

        assert (seen, variable.get()) == (["test"], "test")

    async def test_stop_before_the_start(self) -> None:
        """A call that never began can be stopped."""
        call = call_of(sending(), connected())

        await call.stop()

        assert not call.connection.is_over
