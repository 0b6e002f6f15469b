"""The logging layer as a part of the protocol: other scopes, itself, what passes, and many requests at once."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from contextlib import suppress

import pytest
import structlog

from asgi_stack.context import RequestContext
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.pipeline import Pipeline
from asgi_stack.redaction import Redactor
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import START, never, raising, respond
from tests.driver import LIFESPAN, exchange, http_scope, lifespan_scope, websocket_scope
from tests.linted import linted
from tests.log_capture import LogLines
from tests.logged_apps import ok


class TestScopes:
    """Which connections have a line."""

    @pytest.mark.parametrize("scope", [lifespan_scope(), {"type": "mqtt"}, {"type": "http2.push"}])
    async def test_other_scopes_pass_untouched(self, scope: Scope, log_lines: LogLines) -> None:
        """The app gets the server's own scope, receive and send, and nothing is logged."""
        seen: list[object] = []

        async def app(*arguments: object) -> None:
            seen.extend(arguments)

        async def send(message: Message) -> None:
            raise AssertionError(message)

        before = dict(scope)

        await RequestLoggingMiddleware(app, exclude_paths=["/a"], sensitive_paths=["/b"])(scope, never, send)

        assert [id(each) for each in seen] == [id(scope), id(never), id(send)]
        assert scope == before
        assert log_lines() == []

    async def test_result_is_handed_through(self) -> None:
        """What the app returns, the layer returns, on every scope and path."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return "result"

        layer = RequestLoggingMiddleware(app, exclude_paths=["/a"])
        scopes = [
            http_scope(),
            http_scope("/a"),
            websocket_scope(),
            lifespan_scope(),
            http_scope(asgi_stack=(RequestLoggingMiddleware,)),
        ]

        assert [(await exchange(layer, scope, LIFESPAN)).returned for scope in scopes] == ["result"] * 5


class TestMessages:
    """What passes."""

    async def test_messages_pass_as_they_are(self, log_lines: LogLines) -> None:
        """Every message is the very object, in both directions, with headers of any shape unread."""
        incoming: list[Message] = [{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request"}]
        received: list[Message] = []
        headers = (pair for pair in [(b"x-a", b"1"), (b"x-b", b"2")])
        sent: list[Message] = [
            {"type": "http.response.debug", "info": {}},
            {"type": "http.response.early_hint", "links": []},
            {"type": "http.response.push", "path": "/a", "headers": []},
            {"type": "http.response.start", "status": 200, "headers": headers, "trailers": True},
            {"type": "http.response.body", "body": b"a", "more_body": True},
            {"type": "http.response.body"},
            {"type": "http.response.trailers", "headers": [], "more_trailers": True},
            {"type": "http.response.trailers", "headers": []},
        ]

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive(), await receive()])
            for message in sent:
                await send(message)

        result = await exchange(RequestLoggingMiddleware(app), incoming=incoming)

        assert [id(message) for message in received] == [id(message) for message in incoming]
        assert [id(message) for message in result.sent] == [id(message) for message in sent]
        assert list(headers) == [(b"x-a", b"1"), (b"x-b", b"2")]
        assert [line["outcome"] for line in log_lines()] == ["ok"]

    async def test_chunks_are_not_held_back(self) -> None:
        """Each piece of a stream reaches the server before the app makes the next."""
        sent: list[Message] = []
        seen: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"a", "more_body": True})
                seen.append(len(sent))

        async def send(message: Message) -> None:
            sent.append(message)

        await linted(RequestLoggingMiddleware(app))(http_scope(), never, send)

        assert seen == [2, 3, 4]

    async def test_error_passes_unchanged(self) -> None:
        """The very exception goes on, with nothing added to it."""
        error = ValueError("x")

        result = await exchange(RequestLoggingMiddleware(raising(error)))

        assert result.raised is error
        assert not hasattr(error, "__notes__")
        assert error.__context__ is None


class TestTwice:
    """The layer inside itself."""

    @pytest.mark.parametrize("scope", [http_scope(), websocket_scope()])
    async def test_twice_is_one_line(self, scope: Scope, log_lines: LogLines) -> None:
        """The inner one passes through, also behind a copy of the scope."""
        inner = RequestLoggingMiddleware(raising(ValueError("x")))

        async def mount(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "root_path": "/mounted"}, receive, send)

        await exchange(RequestLoggingMiddleware(mount), scope)

        assert len(log_lines("request_completed")) == 1

    @pytest.mark.parametrize("error", [None, ValueError("x"), KeyboardInterrupt()])
    async def test_mark_leaves_the_scope(self, error: BaseException | None) -> None:
        """Afterwards the scope is as it was, whatever happened; another layer's mark stays."""
        bare, marked = http_scope(), http_scope(asgi_stack=(RequestContext,))

        for scope in (bare, marked):
            await exchange(RequestLoggingMiddleware(ok if error is None else raising(error)), scope)

        assert bare == http_scope()
        assert marked == http_scope(asgi_stack=(RequestContext,))

    async def test_next_request_on_the_scope_has_its_line(self, log_lines: LogLines) -> None:
        """A scope that is used again, as tests do, is logged again."""
        scope, layer = http_scope(), RequestLoggingMiddleware(ok)

        await exchange(layer, scope)
        await exchange(layer, scope)

        assert ACTIVE not in scope
        assert len(log_lines()) == 2


class TestMany:
    """Requests at the same time, and what they leave behind."""

    async def test_concurrent_requests_keep_apart(self, log_lines: LogLines) -> None:
        """Each of many requests in flight has exactly its own line: id, path, fields and sizes."""
        count = 50
        all_in = asyncio.Barrier(count)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            number = int(scope["path"][1:])
            record = RequestContext.current()
            assert record is not None
            record.bind(number=number)
            await all_in.wait()
            await respond(send, b"x" * number)

        built = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware).build(app)
        scopes = [http_scope(f"/{n}", headers=[(b"x-correlation-id", f"id-{n}".encode())]) for n in range(count)]
        await asyncio.gather(*(exchange(built, scope) for scope in scopes))

        seen = {(each["correlation_id"], each["path"], each["number"], each["bytes_out"]) for each in log_lines()}
        assert seen == {(f"id-{n}", f"/{n}", n, n) for n in range(count)}
        assert len(log_lines()) == count

    async def test_failing_requests_leave_no_cycles(self) -> None:
        """The frames of a failing request go when its exception goes, without the garbage collector."""

        class Held:
            """Stand for what a request holds."""

        held: list[weakref.ref[Held]] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            local = Held()
            held.append(weakref.ref(local))
            raise ValueError("x")

        async def send(message: Message) -> None:
            raise AssertionError(message)

        built = Pipeline().use(RequestContextMiddleware).use(RequestLoggingMiddleware).build(app)
        gc.collect()
        gc.disable()
        try:
            with suppress(ValueError):
                await linted(built)(http_scope(), never, send)
            alive = [reference() for reference in held]
        finally:
            gc.enable()

        assert alive == [None]


class TestFailingLog:
    """A line that cannot be made or written."""

    async def test_line_that_cannot_be_made_costs_no_response(
        self, capsys: pytest.CaptureFixture[str], log_lines: LogLines
    ) -> None:
        """A redactor that fails is counted, and told of on standard error."""

        class Broken(Redactor):
            def query(self, raw: bytes) -> str:
                raise ZeroDivisionError

        layer = RequestLoggingMiddleware(ok, redactor=Broken())

        result = await exchange(layer, http_scope(query_string=b"a=1"))

        assert (result.body, result.raised) == (b"hello", None)
        assert log_lines() == []
        assert "1 log line(s) dropped, last: ZeroDivisionError" in capsys.readouterr().err

    async def test_stream_that_fails_costs_no_response(self, log_lines: LogLines) -> None:
        """A closed stream changes no response."""
        log_lines.stream.close()

        result = await exchange(RequestLoggingMiddleware(ok))

        assert (result.body, result.raised) == (b"hello", None)

    async def test_users_own_structlog_may_fail(self, caplog: pytest.LogCaptureFixture) -> None:
        """A processor of the user's that raises changes no response; the standard library is told."""

        def broken(*arguments: object) -> dict[str, object]:
            raise ZeroDivisionError

        structlog.configure(processors=[broken])
        try:
            with caplog.at_level(logging.ERROR, logger="asgi_stack.logging"):
                result = await exchange(RequestLoggingMiddleware(ok))
        finally:
            structlog.reset_defaults()

        assert (result.body, result.raised) == (b"hello", None)
        assert {record.message for record in caplog.records} == {"log_line_lost"}
