"""One call of an app with any scope and any messages."""

from __future__ import annotations

from contextvars import ContextVar

import pytest

from asgi_stack.testing.drive import drive
from asgi_stack.testing.scopes import http_scope, lifespan_scope, websocket_scope
from asgi_stack.types import Message, Receive, Scope, Send
from tests.testing.client_apps import END, START, sending

variable: ContextVar[str] = ContextVar("variable", default="")


async def reading_all(scope: Scope, receive: Receive, send: Send) -> None:
    """Read as many messages as `scope` says."""
    for _ in range(scope["reads"]):
        await receive()


class TestDrive:
    """drive."""

    @pytest.mark.parametrize(
        ("scope", "types"),
        [
            (http_scope(reads=1), ["http.request"]),
            (websocket_scope(reads=1), ["websocket.connect"]),
            (lifespan_scope(reads=2), ["lifespan.startup", "lifespan.shutdown"]),
            ({"type": "mqtt", "reads": 0}, []),
            ({"reads": 0}, []),
        ],
        ids=["http", "websocket", "lifespan", "other", "none"],
    )
    async def test_usual_messages(self, scope: Scope, types: list[str]) -> None:
        """By default the messages are those that a server begins with."""
        response = await drive(reading_all, scope)

        assert response.raised is None
        assert [message["type"] for message in response.received] == types

    async def test_usual_messages_are_not_shared(self) -> None:
        """An app that changes what it is given changes nothing for the next."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            (await receive()).clear()

        await drive(app, http_scope())

        assert (await drive(reading_all, http_scope(reads=1))).received[0]["type"] == "http.request"

    async def test_messages_of_the_test(self) -> None:
        """Given messages arrive as they are, and on_send sees all that leaves."""
        incoming: list[Message] = [{"type": "http.request", "body": b"a"}]
        seen: list[Message] = []

        response = await drive(sending(START, END), http_scope(), incoming, on_send=seen.append)

        assert response.received[0] is incoming[0]
        assert seen == response.messages == [START, END]
        assert len(incoming) == 1

    async def test_error_is_kept(self) -> None:
        """Whatever the app raises is the response's."""
        error = ValueError()

        assert (await drive(sending(then=error), http_scope())).raised is error

    async def test_context_is_the_tests(self) -> None:
        """The app runs in the caller's own task, so that what it leaves in the context is seen."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            variable.set("left")

        await drive(app, http_scope())

        assert variable.get() == "left"
