"""A lifespan is run as servers run it, and its failures fail the test."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.testing.client_errors import ASGITimeoutError, LifespanFailedError
from asgi_stack.testing.client_lifespan import ClientLifespan
from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send
from tests.lifespan_apps import START_FAILED, STARTED, STOP_FAILED, STOPPED, failing_after_receive, living, looping
from tests.testing.client_apps import END, START, sending


async def lived(app: AnyASGIApp, timeout_s: float = 5.0) -> ClientLifespan:
    """Take an app from its start to its end."""
    lifespan = ClientLifespan(app, timeout_s=timeout_s)
    await lifespan.start()
    await lifespan.stop()
    return lifespan


async def returning(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing."""


async def scope_reader(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve requests alone."""
    scope["path"]


async def forever(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the first message, and hang."""
    await receive()
    await asyncio.Event().wait()


class TestLifespan:
    """Apps that have one."""

    async def test_messages(self) -> None:
        """All messages are seen, in both directions, and the state is what the app made of it."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["pool"] = 1
            await living(STARTED, STOPPED)(scope, receive, send)

        lifespan = await lived(app)

        assert lifespan.connection.messages == [STARTED, STOPPED]
        assert [m["type"] for m in lifespan.connection.received] == ["lifespan.startup", "lifespan.shutdown"]
        assert lifespan.state == {"pool": 1}

    async def test_app_that_asks_for_more(self) -> None:
        """An app that asks for one more message after its last answer has stopped all the same."""
        lifespan = await lived(looping(STARTED, STOPPED))

        assert isinstance(lifespan.connection.raised, asyncio.CancelledError)

    async def test_work_after_the_last_answer(self) -> None:
        """What an app does after its last answer is waited for."""
        done: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await living(STARTED, STOPPED)(scope, receive, send)
            await asyncio.sleep(0.01)
            done.append(1)

        await lived(app)

        assert done == [1]


class TestNoLifespan:
    """Apps that have none."""

    @pytest.mark.parametrize(
        "app", [scope_reader, returning, sending(START, END)], ids=["raises", "returns", "other messages"]
    )
    async def test_is_served_all_the_same(self, app: ASGIApp) -> None:
        """An app that knows no lifespan starts and stops without an error."""
        lifespan = await lived(app)

        assert lifespan.connection.messages == []


class TestFailure:
    """Apps that fail to start or to stop."""

    @pytest.mark.parametrize(
        ("app", "text"),
        [
            (living(START_FAILED), "the app failed to start: no disk"),
            (living({"type": "lifespan.startup.failed"}), "the app failed to start: "),
            (failing_after_receive(ValueError("no disk")), "the app failed to start: ValueError('no disk')"),
            (living(START_FAILED, then=ValueError()), "the app failed to start: no disk"),
        ],
        ids=["says so", "without a message", "raises", "both"],
    )
    async def test_start(self, app: ASGIApp, text: str) -> None:
        """A startup that fails is an error with the app's words, and what the app raised as its cause."""
        lifespan = ClientLifespan(app, timeout_s=5)

        with pytest.raises(LifespanFailedError) as failure:
            await lifespan.start()

        assert str(failure.value) == text
        assert failure.value.__cause__ is lifespan.connection.raised
        assert lifespan.connection.is_over

    @pytest.mark.parametrize(
        ("app", "text"),
        [
            (living(STARTED, STOP_FAILED), "the app failed to stop: no disk"),
            (living(STARTED, then=ValueError("while serving")), "the app failed to stop: ValueError('while serving')"),
        ],
        ids=["says so", "raises while serving"],
    )
    async def test_stop(self, app: ASGIApp, text: str) -> None:
        """A shutdown that fails is an error, and so is a lifespan that ended while it was to serve."""
        lifespan = ClientLifespan(app, timeout_s=5)
        await lifespan.start()

        with pytest.raises(LifespanFailedError) as failure:
            await lifespan.stop()

        assert str(failure.value) == text

    @pytest.mark.parametrize("messages", [[], [STARTED]], ids=["startup", "shutdown"])
    async def test_no_answer(self, messages: list[Message]) -> None:
        """An app that gives no answer in time is cancelled, and the error says which one."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await living(*messages)(scope, receive, send)
            await forever(scope, receive, send)

        with pytest.raises(ASGITimeoutError, match="no shutdown" if messages else "no startup"):
            await lived(app, timeout_s=0.05)
