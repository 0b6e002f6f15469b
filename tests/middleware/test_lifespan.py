"""Resources that open with the server and close with it."""

from __future__ import annotations

import asyncio
import io
from contextlib import closing
from functools import partial

import pytest

from asgi_stack.middleware import lifespan
from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.pipeline import Pipeline, Stage
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import never, unheard
from tests.driver import LIFESPAN, exchange, http_scope, lifespan_scope, websocket_scope
from tests.lifespan_apps import STARTED, STOPPED, Diary, lived
from tests.linted import linted


class TestOrder:
    """When what is open."""

    async def test_resources_outlive_the_app(self) -> None:
        """They open in order before the app starts, and close in reverse after it stopped."""
        diary = Diary()

        result = await lived(diary.app, diary.resource("a"), diary.resource("b"))

        assert result.sent == [STARTED, STOPPED]
        assert diary.entries == ["open a", "open b", "app starts", "app stops", "close b", "close a"]

    async def test_server_hears_of_the_end_last(self) -> None:
        """`shutdown.complete` leaves when all is closed: the server may exit at once after it."""
        diary = Diary()

        def note(message: Message) -> None:
            diary.entries.append(message["type"])

        layer = LifespanMiddleware(diary.app, resources=[diary.resource("a")])
        await exchange(layer, lifespan_scope(), LIFESPAN, on_send=note)

        assert diary.entries == [
            "open a",
            "app starts",
            "lifespan.startup.complete",
            "app stops",
            "close a",
            "lifespan.shutdown.complete",
        ]

    async def test_nothing_opens_before_the_startup(self) -> None:
        """The server decides when to start."""
        diary = Diary()
        layer = LifespanMiddleware(diary.app, resources=[diary.resource("a")])

        async def send(message: Message) -> None:
            raise AssertionError(message)

        task = asyncio.ensure_future(linted(layer)(lifespan_scope(), asyncio.Event().wait, send))
        await asyncio.sleep(0.01)
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert diary.entries == []

    async def test_instances_and_any_function_that_makes_one(self) -> None:
        """A resource may be an instance, a partial, or a class."""
        diary = Diary()

        class Pool:
            async def __aenter__(self) -> None:
                diary.entries.append("open pool")

            async def __aexit__(self, *_: object) -> None:
                diary.entries.append("close pool")

        named = partial(lambda name: diary.resource(name)(), "partial")

        await lived(diary.app, diary.resource("instance")(), named, Pool)

        assert [entry for entry in diary.entries if "app" not in entry] == [
            "open instance",
            "open partial",
            "open pool",
            "close pool",
            "close partial",
            "close instance",
        ]

    async def test_factories_serve_a_second_start(self) -> None:
        """A server that starts twice in one process gets fresh resources."""
        diary = Diary()
        layer = LifespanMiddleware(diary.app, resources=[diary.resource("a")])

        for _ in range(2):
            await exchange(layer, lifespan_scope(), LIFESPAN)

        assert diary.entries == ["open a", "app starts", "app stops", "close a"] * 2


class TestScopes:
    """What is no lifespan."""

    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope(), {"type": "mqtt"}])
    async def test_other_scopes_pass_untouched(self, scope: Scope) -> None:
        """The app gets the server's own scope, receive and send, and its result is handed through."""
        seen: list[object] = []

        async def app(*arguments: object) -> str:
            seen.extend(arguments)
            return "result"

        async def send(message: Message) -> None:
            raise AssertionError(message)

        result = await LifespanMiddleware(app)(scope, never, send)  # type: ignore[func-returns-value]

        assert result == "result"
        assert [id(each) for each in seen] == [id(scope), id(never), id(send)]

    async def test_scope_of_a_lifespan_is_the_servers_own(self) -> None:
        """The app writes into the server's `state`, with or without the other keys."""
        state: dict[str, object] = {}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["pool"] = "open"
            await Diary().app(scope, receive, send)

        result = await exchange(LifespanMiddleware(app), {"type": "lifespan", "state": state}, LIFESPAN)

        assert result.sent == [STARTED, STOPPED]
        assert state == {"pool": "open"}


class TestOpenConnections:
    """What the server has cancelled, and did not wait for."""

    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope()], ids=["http", "websocket"])
    async def test_nothing_closes_before_they_end(self, scope: Scope) -> None:
        """A request that takes a moment to end after it was cancelled ends before the app stops."""
        diary = Diary()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                return await diary.app(scope, receive, send)
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.05)
                diary.entries.append("request ends")

        layer = LifespanMiddleware(app, resources=[diary.resource("a")])
        request = asyncio.ensure_future(layer(scope, never, unheard))
        await asyncio.sleep(0)
        request.cancel()
        await exchange(layer, lifespan_scope(), LIFESPAN)

        assert request.cancelled()
        assert diary.entries == ["open a", "app starts", "request ends", "app stops", "close a"]

    async def test_one_that_does_not_end_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A request that holds on keeps the server from stopping for a while only."""
        monkeypatch.setattr(lifespan, "LAST_CONNECTIONS_S", 0.05)
        diary = Diary()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await (diary.app(scope, receive, send) if scope["type"] == "lifespan" else asyncio.Event().wait())

        layer = LifespanMiddleware(app)
        request = asyncio.ensure_future(layer(http_scope(), never, unheard))
        await asyncio.sleep(0)
        result = await exchange(layer, lifespan_scope(), LIFESPAN)
        request.cancel()

        assert result.sent == [STARTED, STOPPED]


class TestOptions:
    """What the options may be."""

    @pytest.mark.parametrize("resource", [7, None, "pool", closing(io.BytesIO())])
    def test_what_is_no_resource(self, resource: object) -> None:
        """A wrong resource, a blocking context manager too, is named when the layer is made."""
        with pytest.raises(TypeError, match=r"^resources: .* is neither an async context manager nor a function"):
            LifespanMiddleware(Diary().app, resources=[resource])  # type: ignore[list-item]

    @pytest.mark.parametrize("limit", [0, -1, float("nan")])
    def test_limit_is_a_time(self, limit: float) -> None:
        """The limit is above 0."""
        with pytest.raises(ValueError, match=r"^shutdown_timeout_s must be a number of seconds above 0, not "):
            LifespanMiddleware(Diary().app, shutdown_timeout_s=limit)

    async def test_resources_may_come_from_a_generator(self) -> None:
        """The resources are read once."""
        diary = Diary()
        layer = LifespanMiddleware(diary.app, resources=(diary.resource(name) for name in "ab"))  # type: ignore[arg-type]

        await exchange(layer, lifespan_scope(), LIFESPAN)

        assert diary.entries[:2] == ["open a", "open b"]

    async def test_in_a_pipeline(self) -> None:
        """A pipeline takes it with its options, at the stage LIFESPAN, outside all others."""
        diary = Diary()
        built = Pipeline().use(LifespanMiddleware, resources=[diary.resource("a")]).build(diary.app)

        await exchange(built, lifespan_scope(), LIFESPAN)

        assert LifespanMiddleware.stage is Stage.LIFESPAN
        assert diary.entries == ["open a", "app starts", "app stops", "close a"]
