"""Middlewares that write their tag: the order of a stack is read off what it answers."""

from __future__ import annotations

from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send
from tests.driver import exchange


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `app`, or the bytes under the scope's key `answer`."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope.get("answer", b"app")})


class Tag:
    """Write the name of its class around the body, as in a call."""

    def __init__(self, app: ASGIApp, *, mark: str = "") -> None:
        self.app = app
        self.opening = f"{type(self).__name__}{mark}(".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the tag and brackets around each part of the body."""

        async def send_with_tag(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": self.opening + message["body"] + b")"}
            await send(message)

        await self.app(scope, receive, send_with_tag)


class A(Tag):
    """The first tag."""


class B(Tag):
    """The second tag."""


class C(Tag):
    """The third tag."""


async def body_of(built: AnyASGIApp) -> bytes:
    """Give the body that a built app answers."""
    return (await exchange(built)).body
