"""The private mark under which a layer finds itself at work already."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.middleware.active import ACTIVE, leave
from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.pipeline import Pipeline
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import respond
from tests.driver import Exchange, exchange, http_scope, websocket_scope
from tests.log_capture import LogLines


class Outer:
    """Stand for a layer outside."""


LAYERS = (SecurityHeadersMiddleware, RequestContextMiddleware, RequestLoggingMiddleware, ErrorHandlerMiddleware)
STACK = (
    Pipeline()
    .use(SecurityHeadersMiddleware)
    .use(RequestContextMiddleware)
    .use(RequestLoggingMiddleware)
    .use(ErrorHandlerMiddleware)
)


async def ok(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer."""
    await respond(send, b"hello")


class TestLeave:
    """What is put back."""

    @pytest.mark.parametrize("scope", [{ACTIVE: (Outer, RequestContextMiddleware)}, {}])
    def test_outer_layers_stay(self, scope: Scope) -> None:
        """The classes that stood there come back, also where somebody took the key away."""
        leave(scope, (Outer,))

        assert scope == {ACTIVE: (Outer,)}

    @pytest.mark.parametrize("scope", [{ACTIVE: (RequestContextMiddleware,)}, {}])
    def test_outermost_takes_the_key(self, scope: Scope) -> None:
        """Nothing is left behind by the outermost layer, and a missing key is no error."""
        leave(scope, ())

        assert scope == {}


class TestStack:
    """All layers with the mark, around themselves."""

    async def test_app_sees_who_is_at_work(self) -> None:
        """While the app runs the key holds the classes, outermost first; afterwards it is gone."""
        seen: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(tuple(layer for layer in scope[ACTIVE] if isinstance(layer, type)))
            await respond(send, b"")

        scope = http_scope()
        await exchange(STACK.build(app), scope)

        assert seen == [LAYERS]
        assert scope == http_scope()

    @pytest.mark.parametrize("error", [None, ValueError, asyncio.CancelledError])
    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope()])
    async def test_stack_in_a_stack_is_one_stack(
        self, error: type[BaseException] | None, scope: Scope, log_lines: LogLines
    ) -> None:
        """A wrapped app mounted in a wrapped app gives the messages of one, one request line and one error line."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if error is not None:
                raise error
            await respond(send, b"hello")

        inner = STACK.build(app)

        async def mount(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "root_path": "/mounted"}, receive, send)

        once = await exchange(STACK.build(app), dict(scope))
        lines = [line["event"] for line in log_lines()]
        twice = await exchange(STACK.build(mount), dict(scope))

        assert shape(twice) == shape(once)
        assert [line["event"] for line in log_lines()] == lines * 2
        assert type(twice.raised) is type(once.raised)

    async def test_requests_that_share_a_scope_one_after_another(self, log_lines: LogLines) -> None:
        """A scope that is used again finds every layer ready."""
        scope, built = http_scope(), STACK.build(ok)

        first, second = await exchange(built, scope), await exchange(built, scope)

        assert shape(first) == shape(second)
        assert first.values("x-request-id") != second.values("x-request-id")
        assert len(log_lines("request_completed")) == 2


def shape(result: Exchange) -> list[tuple[str, object, list[bytes]]]:
    """Give type, status and header names of each message."""
    return [
        (message["type"], message.get("status"), [name for name, _ in message.get("headers", ())])
        for message in result.sent
    ]
