"""The security headers layer as a part of the protocol: other messages, other scopes, itself, and errors."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from asgi_stack.middleware.active import ACTIVE
from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.security_policy import HeaderSets, build_security_policy
from asgi_stack.types import AnyASGIApp, ASGIApp, Header, Message, Receive, Scope, Send
from tests.driver import exchange, http_scope, websocket_scope
from tests.linted import linted

POLICY: Final = build_security_policy()
JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html")
START: Final[Message] = {"type": "http.response.start", "status": 200, "headers": [JSON]}
BODY: Final[Message] = {"type": "http.response.body", "body": b"{}"}
ACCEPT: Final[Message] = {"type": "websocket.accept", "headers": [(b"server", b"A/1")]}


def sending(*messages: Message) -> ASGIApp:
    """Build an app that sends these very messages."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def ids(messages: list[Message]) -> list[int]:
    """Tell objects apart that are equal."""
    return [id(message) for message in messages]


class TestMessages:
    """Which messages are changed."""

    async def test_all_after_the_start_passes_as_it_is(self) -> None:
        """Chunks, trailers and messages of extensions reach the server as the very same objects."""
        rest: list[Message] = [
            {"type": "http.response.body", "body": b"a", "more_body": True},
            {"type": "http.response.body", "body": b"b", "more_body": True},
            {"type": "http.response.pathsend", "path": "/a"},
            {"type": "http.response.zerocopysend", "file": 3},
            {"type": "http.response.body"},
            {"type": "http.response.trailers", "headers": [(b"server", b"A/1")]},
        ]

        result = await exchange(SecurityHeadersMiddleware(sending(START, *rest)))

        assert ids(result.sent[1:]) == ids(rest)
        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_all_before_the_start_passes_as_it_is(self) -> None:
        """Early hints, pushes and debug messages have headers of their own kind."""
        first: list[Message] = [
            {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]},
            {"type": "http.response.push", "path": "/a.css", "headers": []},
            {"type": "http.response.debug", "info": {}},
        ]

        result = await exchange(SecurityHeadersMiddleware(sending(*first, START, BODY)))

        assert ids(result.sent[:3]) == ids(first)
        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_requests_reach_the_app_as_they_are(self) -> None:
        """The app reads the server's own messages."""
        incoming: list[Message] = [{"type": "http.request", "body": b"a"}]
        received: list[Message] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.append(await receive())

        await exchange(SecurityHeadersMiddleware(app), incoming=incoming[:])

        assert ids(received) == ids(incoming)


class TestWebsocket:
    """A websocket: denied with a response, or accepted."""

    @pytest.mark.parametrize(("scheme", "sets"), [("ws", POLICY.plain), ("wss", POLICY.encrypted)], ids=["ws", "wss"])
    async def test_denial_gets_all(self, scheme: str, sets: HeaderSets) -> None:
        """A denial is a response like any other."""
        denial = sending(
            {"type": "websocket.http.response.start", "status": 403, "headers": [JSON]},
            {"type": "websocket.http.response.body", "body": b"{}"},
        )

        result = await exchange(SecurityHeadersMiddleware(denial), websocket_scope(scheme=scheme))

        assert result.headers == [JSON, *sets.other]
        assert result.body == b"{}"

    async def test_accept_and_messages_pass_as_they_are(self) -> None:
        """The accept and all after it reach the server as the very same objects."""
        messages = [ACCEPT, {"type": "websocket.send", "text": "a"}, {"type": "websocket.close", "code": 1000}]

        result = await exchange(SecurityHeadersMiddleware(sending(*messages)), websocket_scope())

        assert ids(result.sent) == ids(messages)
        assert ACCEPT["headers"] == [(b"server", b"A/1")]


class TestOtherScopes:
    """Scopes that have no response."""

    @pytest.mark.parametrize("kind", ["lifespan", "mqtt"])
    async def test_pass_with_everything_the_server_gave(self, kind: str) -> None:
        """The app gets the very scope, receive and send, and the scope has no mark."""
        calls: list[tuple[object, ...]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            calls.append((scope, receive, send, ACTIVE in scope))
            return "returned"

        async def receive() -> Message:
            return {"type": f"{kind}.startup"}

        async def send(message: Message) -> None:
            """Never called here."""

        scope: Scope = {"type": kind}
        layer: AnyASGIApp = SecurityHeadersMiddleware(app)

        returned: object = await layer(scope, receive, send)

        assert calls == [(scope, receive, send, False)]
        assert calls[0][0] is scope
        assert returned == "returned"


class TestTwice:
    """The same layer applied twice, and what it writes into the scope."""

    async def test_is_once(self) -> None:
        """A wrapped app inside a wrapped app gets one set of headers: the outer one's."""
        inner = SecurityHeadersMiddleware(sending(START, BODY), overrides={"X-Inner": "1"})

        result = await exchange(SecurityHeadersMiddleware(inner))

        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_is_once_over_a_copy_of_the_scope(self) -> None:
        """A framework that mounts with a copied scope carries the mark along."""
        inner = SecurityHeadersMiddleware(sending(START, BODY), overrides={"X-Inner": "1"})

        async def framework(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "root_path": "/mounted"}, receive, send)

        result = await exchange(SecurityHeadersMiddleware(framework))

        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_subclass_is_another_layer(self) -> None:
        """Only exactly the same class passes through; the inner layer's values are the app's for the outer one."""

        class Stricter(SecurityHeadersMiddleware):
            """A layer of the user's own."""

        inner = Stricter(sending(START, BODY), overrides={"X-Frame-Options": "SAMEORIGIN", "X-Inner": "1"})

        result = await exchange(SecurityHeadersMiddleware(inner))

        assert result.values("x-frame-options") == ["SAMEORIGIN"]
        assert result.values("x-inner") == ["1"]
        assert len({name for name, _ in result.headers}) == len(result.headers)

    @pytest.mark.parametrize("error", [None, ValueError("no"), asyncio.CancelledError(), KeyboardInterrupt()])
    @pytest.mark.parametrize("outer", [{}, {ACTIVE: (str,)}], ids=["outermost", "inside another"])
    async def test_mark_is_taken_back(self, error: BaseException | None, outer: Scope) -> None:
        """The scope is as it was when the app is done, however it ended."""
        seen: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope[ACTIVE])
            if error:
                raise error

        scope = http_scope()
        scope.update(outer)
        before = dict(scope)

        result = await exchange(SecurityHeadersMiddleware(app), scope)

        assert result.raised is error
        assert seen == [(*outer.get(ACTIVE, ()), SecurityHeadersMiddleware)]
        assert scope == before


class TestResults:
    """What the layer returns, raises and keeps apart."""

    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope()], ids=["http", "websocket"])
    async def test_returns_what_the_app_returns(self, scope: Scope) -> None:
        """An app's own return value passes."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return "returned"

        assert (await exchange(SecurityHeadersMiddleware(app), scope)).returned == "returned"

    async def test_error_of_the_server_reaches_the_app(self) -> None:
        """What the server raises from send() is raised where the app awaits it."""
        gone = OSError("client went away")
        caught: list[BaseException] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await send(START)
            except OSError as error:
                caught.append(error)
                raise

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            raise gone

        with pytest.raises(OSError, match="client went away") as raised:
            await linted(SecurityHeadersMiddleware(app))(http_scope(), receive, send)

        assert caught == [gone]
        assert raised.value is gone

    async def test_concurrent_requests_keep_their_own(self) -> None:
        """Requests of one layer that overlap at every step get the headers of their own scheme and content."""
        kinds = [(scheme, header) for scheme in ("http", "https") for header in (JSON, HTML)] * 25

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0)
            await send({"type": "http.response.start", "status": 200, "headers": [scope["state"]["header"]]})
            await asyncio.sleep(0)
            await send(BODY)

        layer = SecurityHeadersMiddleware(app)
        results = await asyncio.gather(
            *[exchange(layer, http_scope(scheme=scheme, state={"header": header})) for scheme, header in kinds]
        )

        assert [result.headers for result in results] == [expected(scheme, header) for scheme, header in kinds]


def expected(scheme: str, header: Header) -> list[Header]:
    """Give what a response with one header should get."""
    sets = POLICY.encrypted if scheme == "https" else POLICY.plain
    return [header, *(sets.html if header == HTML else sets.other)]
