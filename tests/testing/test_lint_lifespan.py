"""Lifespans that keep the rules."""

from __future__ import annotations

import pytest

from asgi_stack.testing import ASGILint
from asgi_stack.types import Message, Receive, Scope, Send
from tests.driver import LIFESPAN, exchange, lifespan_scope
from tests.testing.lint_cases import Get, Step, script, without
from tests.testing.lint_cases_lifespan import SHUTDOWN, START_FAILED, STARTED, STARTUP, STOPPED

CONVERSATIONS: dict[str, tuple[Step, ...]] = {
    "complete": (STARTUP, STARTED, SHUTDOWN, STOPPED),
    "not-started": (STARTUP, START_FAILED),
    "failed-without-message": (STARTUP, {"type": "lifespan.startup.failed"}),
    "not-stopped": (STARTUP, STARTED, SHUTDOWN, {"type": "lifespan.shutdown.failed", "message": "no disk"}),
    "nothing-to-stop": (STARTUP, STARTED),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_conversation_in_order(name: str) -> None:
    """Every form of a lifespan passes."""
    steps = CONVERSATIONS[name]
    lint = ASGILint(script(*steps))

    result = await exchange(lint, lifespan_scope(), [step.message for step in steps if isinstance(step, Get)])

    assert lint.violations == ()
    assert result.sent == [step for step in steps if not isinstance(step, Get)]


async def test_sparse_scope() -> None:
    """`asgi` and `state` may be missing, as asgi-lifespan leaves them out."""
    lint = ASGILint(script(STARTUP, STARTED, SHUTDOWN, STOPPED))

    result = await exchange(lint, without(without(lifespan_scope(), "asgi"), "state"), LIFESPAN)

    assert result.raised is None
    assert lint.violations == ()


async def test_app_without_a_lifespan_raises() -> None:
    """An app that knows no lifespan says so by an exception, which is no violation and goes on to the server."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError(scope["type"])

    lint = ASGILint(app)
    result = await exchange(lint, lifespan_scope(), LIFESPAN)

    assert isinstance(result.raised, NotImplementedError)
    assert lint.violations == ()


async def test_server_that_gives_up() -> None:
    """A server may raise out of send when the startup failed, as hypercorn does, and the app may return then."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        with pytest.raises(RuntimeError, match="no disk"):
            await send(START_FAILED)
        await receive()

    def give_up(message: Message) -> None:
        raise RuntimeError(message["message"])

    lint = ASGILint(app)
    result = await exchange(lint, lifespan_scope(), LIFESPAN, on_send=give_up)

    assert result.raised is None
    assert lint.violations == ()


async def test_extension_of_a_server_of_its_own() -> None:
    """Messages of an extension that no specification lists pass in both directions."""
    reload = Get({"type": "lifespan.reload"})
    lint = ASGILint(script(STARTUP, STARTED, reload, {"type": "lifespan.reload.complete"}))

    result = await exchange(lint, lifespan_scope(extensions={"reload": {}}), [STARTUP.message, reload.message])

    assert result.sent[-1] == {"type": "lifespan.reload.complete"}
    assert lint.violations == ()
