"""Apps and resources for tests of the lifespan, and what a server hears of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import LIFESPAN, Exchange, exchange, lifespan_scope

STARTED: Final[Message] = {"type": "lifespan.startup.complete"}
STOPPED: Final[Message] = {"type": "lifespan.shutdown.complete"}
START_FAILED: Final[Message] = {"type": "lifespan.startup.failed", "message": "no disk"}
STOP_FAILED: Final[Message] = {"type": "lifespan.shutdown.failed", "message": "no disk"}

Factory = Callable[[], AbstractAsyncContextManager[None]]


class Diary:
    """Resources and an app that write down what happens to them, in order."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def resource(
        self,
        name: str,
        *,
        opening: BaseException | None = None,
        failing: BaseException | None = None,
        hang: bool = False,
    ) -> Factory:
        """Give the factory of a resource that may fail in either direction, or never close."""

        @asynccontextmanager
        async def open_and_close() -> AsyncIterator[None]:
            if opening is not None:
                raise opening
            self.entries.append(f"open {name}")
            try:
                yield
            finally:
                if hang:
                    await asyncio.Event().wait()
                await asyncio.sleep(0)
                self.entries.append(f"close {name}")
                if failing is not None:
                    raise failing

        return open_and_close

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a lifespan as the spec shows it."""
        while (await receive())["type"] == "lifespan.startup":
            self.entries.append("app starts")
            await send(STARTED)
        self.entries.append("app stops")
        await send(STOPPED)


async def lived(
    app: ASGIApp, *resources: Factory | AbstractAsyncContextManager[None], timeout_s: float = 10.0
) -> Exchange:
    """Take an app and its resources from startup to shutdown."""
    layer = LifespanMiddleware(app, resources=resources, shutdown_timeout_s=timeout_s)
    return await asyncio.wait_for(exchange(layer, lifespan_scope(), LIFESPAN), 5)


class Served:
    """What came of an app: what the server heard, and whether the resource around it was closed before the end."""

    def __init__(self) -> None:
        self.open = 0
        self.result = Exchange()

    async def serve(self, app: ASGIApp, *, refuse: str = "", timeout_s: float = 10.0) -> Served:
        """Take an app through a lifespan; `refuse` is the type of a message that the server raises on."""

        @asynccontextmanager
        async def resource() -> AsyncIterator[None]:
            self.open += 1
            yield
            self.open -= 1

        def on_send(message: Message) -> None:
            if message["type"] != "lifespan.startup.complete":
                assert self.open == 0
            if message["type"] == refuse:
                raise LifespanFailureError(message.get("message"))

        layer = LifespanMiddleware(app, resources=[resource], shutdown_timeout_s=timeout_s)
        self.result = await asyncio.wait_for(exchange(layer, lifespan_scope(), LIFESPAN, on_send=on_send), 5)
        assert self.open == 0
        return self

    @property
    def sent(self) -> list[Message]:
        """What the server heard."""
        return self.result.sent


class LifespanFailureError(Exception):
    """What hypercorn raises out of send()."""


def living(*answers: Message, then: BaseException | None = None) -> ASGIApp:
    """Make an app that answers each message it receives, and may raise in the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for answer in answers:
            await receive()
            await send(answer)
        if then is not None:
            raise then

    return app


def looping(*answers: Message) -> ASGIApp:
    """Make an app that goes on asking for messages after its last answer."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for answer in answers:
            await receive()
            await send(answer)
        while True:
            await receive()

    return app


def failing_after_receive(error: BaseException) -> ASGIApp:
    """Make an app that asks for the first message, and raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise error

    return app
