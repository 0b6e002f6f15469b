"""The client drives any app in process, as a server does, and shows every message."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.testing import ASGIClient, ASGILint, ASGITimeoutError, ASGIViolationError, LifespanFailedError
from asgi_stack.types import Message, Receive, Scope, Send
from tests.lifespan_apps import START_FAILED, STARTED, STOP_FAILED, STOPPED, living
from tests.testing.client_apps import END, START, part, sending

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a lifespan with state, an echo of request bodies, and an echo of a websocket's texts."""
    if scope["type"] == "lifespan":
        scope["state"]["pool"] = "open"
        await living(STARTED, STOPPED)(scope, receive, send)
    elif scope["type"] == "http":
        await serve_http(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})


async def serve_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the request's own method and body, part by part."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-method", scope["method"].encode())]})
    while (message := await receive())["more_body"]:
        await send(part(message["body"]))
    await send({"type": "http.response.body", "body": message["body"]})


class Seen:
    """An app that keeps its scopes."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve nothing but a lifespan."""
        if scope["type"] != "lifespan":
            self.scopes.append(scope)
            return
        scope["state"]["pool"] = ["open"]
        await living(STARTED, STOPPED)(scope, receive, send)


class TestRequest:
    """Requests."""

    @pytest.mark.parametrize("method", METHODS)
    async def test_method(self, method: str) -> None:
        """Every method has a function of its own, and the body of an answer to HEAD stays visible."""
        response = await getattr(ASGIClient(ASGILint(service)), method)("/", body=b"abc")

        assert (response.header("x-method"), response.body) == (method.upper(), b"abc")

    async def test_request(self) -> None:
        """All that is said about a request reaches the app."""
        app = Seen()

        await ASGIClient(app).request(
            "purge", "/a%20b?x=1", query={"y": 2}, headers={"X-A": "1"}, json=[], scope={"http_version": "2"}
        )

        [scope] = app.scopes
        assert (scope["method"], scope["path"], scope["query_string"]) == ("PURGE", "/a b", b"x=1&y=2")
        assert (b"x-a", b"1") in scope["headers"]
        assert (b"content-type", b"application/json") in scope["headers"]
        assert scope["http_version"] == "2"

    async def test_every_message(self) -> None:
        """A response shows all messages in both directions, and how the app ended."""
        response = await ASGIClient(service).post("/", body=[b"a", b"b"])

        assert [message.get("body") for message in response.messages] == [None, b"a", b"b"]
        assert [message["more_body"] for message in response.received] == [True, False]
        assert (response.returned, response.raised, response.is_complete) == (None, None, True)

    async def test_app_that_listens_for_the_end(self) -> None:
        """Frameworks wait for the disconnect beside the response: it comes once that is complete."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            listening = asyncio.ensure_future(receive())
            await send(START)
            await send(END)
            assert await listening == {"type": "http.disconnect"}

        assert (await ASGIClient(ASGILint(app)).get("/")).body == b"end"

    async def test_error_is_raised(self) -> None:
        """What an app raises in place of a response is raised."""
        with pytest.raises(ValueError, match="no response"):
            await ASGIClient(sending(then=ValueError("no response"))).get("/")

    async def test_error_is_kept(self) -> None:
        """With raise_exceptions=False it is found on the response alone."""
        error = ValueError()
        response = await ASGIClient(sending(START, then=error), raise_exceptions=False).get("/")

        assert (response.raised, response.status, response.is_complete) == (error, 200, False)

    async def test_violation_after_the_response(self) -> None:
        """What the lint finds after a complete response fails the test, too."""
        with pytest.raises(ASGIViolationError):
            await ASGIClient(ASGILint(sending(START, END, END))).get("/")

    async def test_timeout(self) -> None:
        """An app that never answers fails the test, which learns what it waited for."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        with pytest.raises(ASGITimeoutError, match=r"^GET /items/7: the app did not end within 0\.05 s; .* nothing$"):
            await ASGIClient(app, timeout_s=0.05).get("/items/7")

    async def test_concurrent_requests(self) -> None:
        """One client may have many requests in flight, each with its own messages."""
        client = ASGIClient(service)

        responses = await asyncio.gather(*(client.post("/", body=b"%d" % number) for number in range(10)))

        assert [response.text for response in responses] == [str(number) for number in range(10)]


class TestStream:
    """Streams."""

    async def test_stream(self) -> None:
        """A stream takes what a request takes, and gives the parts."""
        async with ASGIClient(ASGILint(service)).stream("post", "/", body=[b"a", b"b"]) as stream:
            assert (await stream.start()).header("x-method") == "POST"
            assert [part async for part in stream] == [b"a", b"b"]


class TestWebSocket:
    """Websockets."""

    async def test_websocket(self) -> None:
        """A websocket offers its subprotocols and carries messages."""
        async with ASGIClient(ASGILint(service)).websocket("/chat", subprotocols=("v1",)) as socket:
            await socket.send_text("hi")

            assert await socket.receive_text() == "HI"
            assert socket.subprotocol == "v1"

    async def test_scope(self) -> None:
        """All that is said about a websocket reaches the app."""
        app = Seen()

        async with ASGIClient(app).websocket("/a?b=1", query="c=2", headers={"X-A": "1"}, scope={"scheme": "wss"}):
            pass

        [scope] = app.scopes
        assert (scope["path"], scope["query_string"], scope["scheme"]) == ("/a", b"b=1&c=2", "wss")
        assert (b"x-a", b"1") in scope["headers"]


class TestLifespan:
    """The block of a client."""

    async def test_lifespan(self) -> None:
        """The app is started and stopped around the block, and its messages can be seen."""
        async with ASGIClient(ASGILint(service)) as client:
            lifespan = client.lifespan
            assert lifespan is not None
            assert lifespan.messages == [STARTED]

        assert lifespan.messages == [STARTED, STOPPED]
        assert client.lifespan is None

    async def test_state(self) -> None:
        """Each scope has a copy of the state, as shallow as a server's."""
        app = Seen()
        async with ASGIClient(app) as client:
            await client.get("/")
            app.scopes[0]["state"]["own"] = 1
            app.scopes[0]["state"]["pool"].append("used")
            async with client.websocket("/"):
                pass
        await client.get("/")

        assert [scope["state"] for scope in app.scopes] == [
            {"pool": ["open", "used"], "own": 1},
            {"pool": ["open", "used"]},
            {},
        ]

    async def test_without_a_block(self) -> None:
        """Without a block there is no lifespan, and an empty state."""
        app = Seen()
        client = ASGIClient(app)
        await client.get("/")

        assert client.lifespan is None
        assert app.scopes[0]["state"] == {}

    async def test_startup_fails(self) -> None:
        """An app that fails to start fails the test before the block."""
        with pytest.raises(LifespanFailedError, match="start: no disk"):
            async with ASGIClient(living(START_FAILED)):
                raise AssertionError("not reached")

    async def test_shutdown_fails(self) -> None:
        """An app that fails to stop fails the test after the block."""
        with pytest.raises(LifespanFailedError, match="stop: no disk"):
            async with ASGIClient(living(STARTED, STOP_FAILED)):
                pass

    async def test_failing_test_shows_its_own_error(self) -> None:
        """What the block raised is not hidden by a shutdown that fails, too."""
        with pytest.raises(KeyError):
            async with ASGIClient(living(STARTED, STOP_FAILED)):
                raise KeyError


class TestOptions:
    """The client's options."""

    async def test_scope(self) -> None:
        """Addresses, extensions and the spec's version stand in every scope."""
        app = Seen()
        client = ASGIClient(
            app,
            client=("10.0.0.1", 5),
            server=("example.org", 443),
            extensions={"http.response.trailers": {}},
            spec_version="2.5",
        )
        await client.get("/")
        async with client.websocket("/"):
            pass

        for scope in app.scopes:
            assert (scope["client"], scope["server"]) == (("10.0.0.1", 5), ("example.org", 443))
            assert scope["extensions"] == {"http.response.trailers": {}}
            assert scope["asgi"]["spec_version"] == "2.5"
            assert scope["headers"] == [(b"host", b"example.org:443")]

    @pytest.mark.parametrize(
        ("options", "error"),
        [
            ({"app": None}, "app must be"),
            ({"raise_exceptions": "no"}, "raise_exceptions must be"),
            ({"timeout_s": 0}, "timeout_s must be"),
            ({"timeout_s": None}, "timeout_s must be"),
        ],
        ids=["app", "raise_exceptions", "zero", "none"],
    )
    def test_wrong_option(self, options: dict[str, object], error: str) -> None:
        """A wrong option fails when the client is made."""
        with pytest.raises((TypeError, ValueError), match=error):
            ASGIClient(**{"app": service, **options})  # type: ignore[arg-type]

    async def test_no_limit(self) -> None:
        """Infinity is no limit."""
        assert (await ASGIClient(service, timeout_s=float("inf")).get("/")).status == 200

    async def test_messages_are_not_touched(self) -> None:
        """The client changes none of the app's messages."""
        start: Message = {"type": "http.response.start", "status": 204, "headers": ()}
        response = await ASGIClient(sending(start, END)).get("/")

        assert response.messages[0] is start
        assert start == {"type": "http.response.start", "status": 204, "headers": ()}
