"""The context layer as a part of the protocol: other scopes, itself, errors, and what passes untouched."""

from __future__ import annotations

import asyncio
from contextvars import Context
from dataclasses import dataclass

import pytest

from asgi_stack.context import RequestContext
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.pipeline import Pipeline, Stage
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import START, never, raising, respond
from tests.context_recorder import Recorder, ids_of
from tests.driver import LIFESPAN, exchange, http_scope, lifespan_scope, websocket_scope
from tests.linted import linted


class TestScopes:
    """Which connections have a record."""

    @pytest.mark.parametrize("scope", [lifespan_scope(), {"type": "mqtt"}, {"type": "http2.push"}])
    async def test_other_scopes_pass_untouched(self, scope: Scope) -> None:
        """The app gets the server's own scope, receive and send, and no id is made."""
        seen: list[object] = []

        async def app(*arguments: object) -> RequestContext | None:
            seen.extend(arguments)
            return RequestContext.current()

        async def send(message: Message) -> None:
            raise AssertionError(message)

        before = dict(scope)

        record = await RequestContextMiddleware(app)(scope, never, send)  # type: ignore[func-returns-value]

        assert [id(each) for each in seen] == [id(scope), id(never), id(send)]
        assert record is None
        assert scope == before

    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope()])
    async def test_receive_and_scope_are_the_servers_own(self, scope: Scope) -> None:
        """The layer looks at nothing the app reads, and hands the very scope on."""
        seen: list[object] = []

        async def app(inner: Scope, receive: Receive, send: Send) -> None:
            seen.extend((inner, receive))

        async def send(message: Message) -> None:
            raise AssertionError(message)

        await RequestContextMiddleware(app)(scope, never, send)

        assert [id(each) for each in seen] == [id(scope), id(never)]

    async def test_result_is_handed_through(self) -> None:
        """What the app returns, the layer returns, on every scope."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return "result"

        layer = RequestContextMiddleware(app)
        scopes = [
            http_scope(),
            websocket_scope(),
            lifespan_scope(),
            http_scope(asgi_stack=(RequestContextMiddleware,)),
        ]

        assert [(await exchange(layer, scope, LIFESPAN)).returned for scope in scopes] == ["result"] * 4


class TestTwice:
    """The layer inside itself."""

    async def test_twice_is_once(self) -> None:
        """The inner one passes through: one record, one pair of headers."""
        app = Recorder()

        result = await exchange(RequestContextMiddleware(RequestContextMiddleware(app)))

        assert ids_of(result) == ([app.record.correlation_id], [app.record.request_id])

    async def test_copy_of_the_scope_counts(self) -> None:
        """A framework that mounts an app hands it a copy of the scope; the mark is in it."""
        app = Recorder()
        inner = RequestContextMiddleware(app, generate=lambda: "inner")

        async def mount(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "root_path": "/mounted"}, receive, send)

        result = await exchange(RequestContextMiddleware(mount, generate=lambda: "outer"))

        assert result.values("x-correlation-id") == [app.record.correlation_id] == ["outer"]

    async def test_subclass_is_another_layer(self) -> None:
        """A subclass does its work inside; on the way out the outermost one's ids win."""

        class Own(RequestContextMiddleware):
            """Somebody's own."""

        app = Recorder()
        inner = Own(app, generate=lambda: "inner")

        result = await exchange(RequestContextMiddleware(inner, generate=lambda: "outer"))

        assert app.record.correlation_id == "inner"
        assert result.values("x-correlation-id") == ["outer"]

    @pytest.mark.parametrize("error", [None, ValueError("x"), KeyboardInterrupt()])
    async def test_mark_leaves_the_scope(self, error: BaseException | None) -> None:
        """Afterwards the scope is as it was, whatever happened; another layer's mark stays."""
        app = Recorder() if error is None else raising(error)
        bare, marked = http_scope(), http_scope(asgi_stack=(Recorder,))

        for scope in (bare, marked):
            await exchange(RequestContextMiddleware(app), scope)

        assert bare == http_scope()
        assert marked == http_scope(asgi_stack=(Recorder,))

    async def test_in_a_pipeline(self) -> None:
        """A pipeline takes it with its options, at the stage CONTEXT."""
        built = Pipeline().use(RequestContextMiddleware, generate=lambda: "made").build(Recorder())

        result = await exchange(built)

        assert RequestContextMiddleware.stage is Stage.CONTEXT
        assert result.values("x-correlation-id") == ["made"]


@dataclass(frozen=True)
class FrozenError(Exception):
    """An exception that lets nobody set anything on it."""

    code: int


class TestErrors:
    """Exceptions that pass."""

    async def test_error_before_the_start(self) -> None:
        """The very exception goes on, with one note that carries the ids into the server's traceback."""
        error = ValueError("x")
        layer = RequestContextMiddleware(raising(error))

        result = await exchange(layer, http_scope(headers=[(b"x-request-id", b"hop-1")]))

        assert result.raised is error
        assert error.__notes__ == ["correlation_id=hop-1 request_id=hop-1"]
        assert result.sent == []

    @pytest.mark.parametrize("complete", [False, True])
    async def test_error_after_the_start(self, *, complete: bool) -> None:
        """What has left stays as it is, with the ids; the exception goes on."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"a", b"b", complete=complete)
            raise ValueError("late")

        result = await exchange(RequestContextMiddleware(app), http_scope(headers=[(b"x-correlation-id", b"chain-1")]))

        assert isinstance(result.raised, ValueError)
        assert result.values("x-correlation-id") == ["chain-1"]
        assert result.body == b"ab"
        assert len(result.sent) == 3

    async def test_one_note_however_often(self) -> None:
        """An exception that passes the layer and a subclass of it, or a retry, does not collect equal notes."""
        error = ValueError("x")
        layer = RequestContextMiddleware(raising(error))
        scope = http_scope(headers=[(b"x-request-id", b"hop-1")])

        for _ in range(3):
            await exchange(layer, scope)

        assert error.__notes__ == ["correlation_id=hop-1 request_id=hop-1"]

    async def test_exception_that_takes_no_notes(self) -> None:
        """The app's exception comes out even where nothing can be added to it."""
        error = FrozenError(7)

        result = await exchange(RequestContextMiddleware(raising(error)))

        assert result.raised is error

    @pytest.mark.parametrize(
        ("error", "noted"),
        [
            (KeyboardInterrupt(), True),
            (SystemExit(3), True),
            (GeneratorExit(), False),
            (asyncio.CancelledError(), False),
        ],
    )
    async def test_exits_and_cancellation_pass(self, error: BaseException, noted: bool) -> None:
        """What is no `Exception` passes; an exit takes the note along, a cancellation tells of no failure."""
        result = await exchange(RequestContextMiddleware(raising(error)))

        assert result.raised is error
        assert hasattr(error, "__notes__") is noted
        assert RequestContext.current() is None

    async def test_exception_raised_again_and_again_has_one_note(self) -> None:
        """One exception object in many requests carries the id of the last, not a note for each."""
        error = ValueError("a constant of its module")
        layer = RequestContextMiddleware(raising(error))

        for number in range(3):
            await exchange(layer, http_scope(headers=[(b"x-request-id", b"hop-%d" % number)]))

        assert error.__notes__ == ["correlation_id=hop-2 request_id=hop-2"]

    async def test_failing_send_reaches_the_app(self) -> None:
        """What the server's send raises, the app sees."""
        seen: list[BaseException] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await send(START)
            except OSError as error:
                seen.append(error)

        def gone(message: Message) -> None:
            raise OSError("gone")

        result = await exchange(RequestContextMiddleware(app), on_send=gone)

        assert [str(error) for error in seen] == ["gone"]
        assert result.raised is None

    async def test_disconnect_reaches_the_app(self) -> None:
        """The app is told of a client that left, and ends as it likes."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return str((await receive())["type"])

        layer = RequestContextMiddleware(app)

        assert (await exchange(layer, incoming=[{"type": "http.disconnect"}])).returned == "http.disconnect"

    async def test_cancelled_request_leaves_nothing(self) -> None:
        """A cancelled task ends cancelled; its scope carries no mark."""
        waiting = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            waiting.set()
            await asyncio.Event().wait()

        async def send(message: Message) -> None:
            raise AssertionError(message)

        scope = http_scope()
        task = asyncio.ensure_future(linted(RequestContextMiddleware(app))(scope, never, send))
        await waiting.wait()
        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task
        assert ACTIVE not in scope

    async def test_error_is_let_go(self) -> None:
        """A record that somebody keeps does not keep the exception, its frames and the scope alive."""
        records: list[RequestContext] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            record = RequestContext.current()
            assert record is not None
            record.error = ValueError("rendered inside")
            records.append(record)
            await respond(send, b"a")

        await exchange(RequestContextMiddleware(app))

        assert [record.error for record in records] == [None]

    async def test_abandoned_request_is_collected_quietly(self) -> None:
        """A request that is closed from another context, as at the end of a loop, raises nothing of its own."""

        class Pending:
            def __await__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
                yield

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await Pending()

        async def send(message: Message) -> None:
            raise AssertionError(message)

        scope = http_scope()
        request = RequestContextMiddleware(app)(scope, never, send)
        Context().run(request.send, None)

        request.close()

        assert ACTIVE not in scope
