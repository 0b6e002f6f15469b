"""The ids on whatever leaves, and what becomes of the application's own headers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.types import ASGIApp, Header, Message, Receive, Scope, Send
from tests.bare_apps import START
from tests.context_recorder import BODY, Recorder
from tests.driver import Exchange, exchange, http_scope, websocket_scope


async def answered(app: ASGIApp, *, allowed: Iterable[str] = ()) -> Exchange:
    """Drive an app in the layer with a request whose id is `hop-1`."""
    scope = http_scope(headers=[(b"x-request-id", b"hop-1")])
    return await exchange(RequestContextMiddleware(app), scope, allowed=allowed)


class TestOutbound:
    """The ids on what leaves."""

    @pytest.mark.parametrize("status", [200, 204, 301, 304, 404, 422, 500, 503])
    async def test_every_status_carries_them_once(self, status: int) -> None:
        """Both headers are there exactly once, behind the app's own."""
        app = Recorder({"type": "http.response.start", "status": status, "headers": [(b"etag", b'"1"')]}, BODY)

        result = await answered(app)

        assert result.headers == [(b"etag", b'"1"'), (b"x-correlation-id", b"hop-1"), (b"x-request-id", b"hop-1")]

    async def test_app_cannot_set_another(self) -> None:
        """The ids that the app or an upstream set are replaced, in any case and number."""
        headers = [(b"X-Request-ID", b"a"), (b"x-request-id", b"b"), (b"x-kept", b"c"), (b"X-CORRELATION-id", b"d")]
        app = Recorder({"type": "http.response.start", "status": 200, "headers": headers}, BODY)

        result = await answered(app)

        assert result.headers == [(b"x-kept", b"c"), (b"x-correlation-id", b"hop-1"), (b"x-request-id", b"hop-1")]

    @pytest.mark.parametrize(
        "make",
        [
            lambda: [(b"X-Kept", b"a"), (b"set-cookie", b"b"), (b"set-cookie", b"c")],
            lambda: ((b"X-Kept", b"a"), (b"set-cookie", b"b"), (b"set-cookie", b"c")),
            lambda: [[b"X-Kept", b"a"], [b"set-cookie", b"b"], [b"set-cookie", b"c"]],
            lambda: iter([(b"X-Kept", b"a"), (b"set-cookie", b"b"), (b"set-cookie", b"c")]),
            lambda: ([name, b"abc"[n : n + 1]] for n, name in enumerate((b"X-Kept", b"set-cookie", b"set-cookie"))),
        ],
        ids=["list", "tuple", "lists", "iterator", "generator"],
    )
    async def test_headers_of_any_shape(self, make: Callable[[], Iterable[Header]]) -> None:
        """Lists, tuples, generators and pairs that are lists keep their order, names and duplicates."""
        app = Recorder({"type": "http.response.start", "status": 200, "headers": make()}, BODY)

        # Iterators are not looked into before the layer has read them, so their names seem to be the layer's.
        result = await answered(app, allowed=["http.header-name-case"])

        own = [tuple(pair) for pair in result.headers[:-2]]
        assert own == [(b"X-Kept", b"a"), (b"set-cookie", b"b"), (b"set-cookie", b"c")]

    @pytest.mark.parametrize("start", [{"status": 200}, {"status": 200, "headers": None}])
    async def test_start_without_headers(self, start: Message) -> None:
        """`headers` is optional in a start."""
        result = await answered(Recorder({"type": "http.response.start", **start}, BODY))

        assert [name for name, _ in result.headers] == [b"x-correlation-id", b"x-request-id"]

    async def test_messages_of_the_app_are_left_alone(self) -> None:
        """A start that is a constant of the app's module is the same after any number of requests."""
        own = [(b"x-request-id", b"mine"), (b"content-type", b"text/plain")]
        start: Message = {"type": "http.response.start", "status": 200, "headers": own}
        layer = RequestContextMiddleware(Recorder(start, BODY))

        first, second = await exchange(layer), await exchange(layer)

        assert start == {"type": "http.response.start", "status": 200, "headers": own}
        assert start["headers"] is own
        assert own == [(b"x-request-id", b"mine"), (b"content-type", b"text/plain")]
        assert first.values("x-request-id") != second.values("x-request-id")

    async def test_other_keys_of_a_start_are_kept(self) -> None:
        """`trailers` and keys of extensions stay."""
        start: Message = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True, "x": 1}

        result = await answered(Recorder(start, BODY))

        assert {**result.start, "headers": []} == start

    async def test_websocket_accept_and_denial(self) -> None:
        """The answer to a handshake carries the ids, whether it accepts or denies."""
        accept: Message = {"type": "websocket.accept", "subprotocol": "chat"}
        denial: Message = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"a", b"b")]}
        scope = websocket_scope(headers=[(b"x-request-id", b"hop-1")])

        accepted = await exchange(RequestContextMiddleware(Recorder(accept)), scope)
        denied = await exchange(RequestContextMiddleware(Recorder(denial)), scope)

        ids = [(b"x-correlation-id", b"hop-1"), (b"x-request-id", b"hop-1")]
        assert accepted.start == {**accept, "headers": ids}
        assert denied.start == {**denial, "headers": [(b"a", b"b"), *ids]}

    async def test_close_before_accept_passes(self) -> None:
        """A bare close has no headers to put ids on."""
        close: Message = {"type": "websocket.close", "code": 4401}

        result = await exchange(RequestContextMiddleware(Recorder(close)), websocket_scope())

        assert result.sent == [close]


class TestMessages:
    """What is not touched."""

    async def test_websocket_messages_pass(self) -> None:
        """After the accept every message is the app's own object, in both directions."""
        sent: list[Message] = [{"type": "websocket.send", "text": "a"}, {"type": "websocket.close", "code": 1000}]
        incoming: list[Message] = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "b"}]
        received: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.append(await receive())
            await send({"type": "websocket.accept"})
            received.append(await receive())
            for message in sent:
                await send(message)

        result = await exchange(RequestContextMiddleware(app), websocket_scope(), incoming)

        assert [id(message) for message in received] == [id(message) for message in incoming]
        assert [id(message) for message in result.sent[1:]] == [id(message) for message in sent]

    async def test_all_after_the_start_passes_as_it_is(self) -> None:
        """Chunks, trailers and messages of extensions reach the server as the very same objects."""
        others: list[Message] = [
            {"type": "http.response.early_hint", "links": []},
            {"type": "http.response.push", "path": "/a", "headers": []},
            {"type": "http.response.body", "body": b"a", "more_body": True},
            {"type": "http.response.zerocopysend", "file": 3, "more_body": True},
            {"type": "http.response.pathsend", "path": "/a"},
            {"type": "http.response.trailers", "headers": [(b"x-request-id", b"kept")]},
            BODY,
        ]

        result = await exchange(RequestContextMiddleware(Recorder(START, *others)))

        assert [id(message) for message in result.sent[1:]] == [id(message) for message in others]
