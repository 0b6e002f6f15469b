"""Requests and responses of the demo, message by message."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from app.errors import BodyTooLargeError, ClientGoneError
from app.protocol import Request, send_json
from asgi_stack.types import Header, Message, Send
from tests.bare_apps import never
from tests.driver import exchange, http_scope, websocket_scope


def request_with(*messages: Message, headers: Iterable[Header] = ()) -> Request:
    """Make a request that receives these messages."""
    queue = list(messages)

    async def receive() -> Message:
        return queue.pop(0)

    return Request(http_scope(headers=headers), receive)


class TestRequest:
    """What a request tells of itself."""

    @pytest.mark.parametrize(
        ("scope", "method"), [(http_scope(method="DELETE"), "DELETE"), (websocket_scope(), "WEBSOCKET")]
    )
    def test_method(self, scope: Message, method: str) -> None:
        """A websocket has its own word where http has a method."""
        assert Request(scope, never).method == method

    @pytest.mark.parametrize(
        ("path", "root_path", "expected"), [("/a", "", "/a"), ("/shop/a", "/shop", "/a"), ("/shop", "/shop", "/")]
    )
    def test_path_is_below_the_mount_point(self, path: str, root_path: str, expected: str) -> None:
        """Routes are the same wherever the service is mounted."""
        assert Request(http_scope(path, root_path=root_path), never).path == expected

    def test_query(self) -> None:
        """Parameters are decoded; of one that is repeated, the last value counts."""
        scope = http_scope(query_string=b"name=caf%C3%A9&n=1&n=2&empty=")

        assert Request(scope, never).query == {"name": "café", "n": "2", "empty": ""}

    async def test_body_in_pieces(self) -> None:
        """A body is whole when the server says so; its keys may be missing."""
        request = request_with(
            {"type": "http.request", "body": b"one ", "more_body": True},
            {"type": "http.request", "more_body": True},
            {"type": "http.request", "body": b"two"},
        )

        assert await request.body() == b"one two"

    async def test_body_over_the_limit_is_not_read_on(self) -> None:
        """Reading stops at the limit, whatever is still to come."""
        request = request_with(*[{"type": "http.request", "body": b"xxxx", "more_body": True}] * 3)

        with pytest.raises(BodyTooLargeError):
            await request.body(limit_bytes=10)

    async def test_body_at_the_limit_is_taken(self) -> None:
        """A body of exactly the limit is allowed."""
        request = request_with({"type": "http.request", "body": b"x" * 10}, headers=[(b"content-length", b"10")])

        assert await request.body(limit_bytes=10) == b"x" * 10

    @pytest.mark.parametrize("length", [b"11", b"9" * 5000])
    async def test_announced_length_over_the_limit_is_refused_unread(self, length: bytes) -> None:
        """A body that announces its size is refused before any of it is received."""
        request = Request(http_scope(headers=[(b"Content-Length", length)]), never)

        with pytest.raises(BodyTooLargeError):
            await request.body(limit_bytes=10)

    async def test_client_that_leaves_in_the_middle(self) -> None:
        """Half a body is no body."""
        request = request_with({"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"})

        with pytest.raises(ClientGoneError):
            await request.body()

    async def test_waiting_for_a_disconnect_passes_over_the_body(self) -> None:
        """The rest of a body does not look like a client that leaves."""
        messages: list[Message] = [
            {"type": "http.request", "body": b"", "more_body": False},
            {"type": "http.disconnect"},
        ]

        async def receive() -> Message:
            return messages.pop(0)

        await Request(http_scope(), receive).wait_for_disconnect()

        assert messages == []


class TestSendJson:
    """Complete JSON responses."""

    async def test_response_is_complete(self) -> None:
        """Status, type, exact length and further headers leave in one start, the body in one message."""

        async def app(scope: Message, receive: object, send: Send) -> None:
            await send_json(send, 201, {"name": "café"}, [(b"location", b"/items/2")])

        seen = await exchange(app)

        assert json.loads(seen.body) == {"name": "café"}
        assert seen.status == 201
        assert seen.headers == [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(seen.body)).encode()),
            (b"location", b"/items/2"),
        ]
        assert len(seen.sent) == 2
