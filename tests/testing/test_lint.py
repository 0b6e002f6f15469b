"""What a lint does besides judging: it passes everything on, keeps what it found, and takes options."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from contextlib import suppress

import pytest

from asgi_stack import Pipeline, RequestContextMiddleware
from asgi_stack.testing import LINT_RULES, ASGILint, ASGIViolationError
from asgi_stack.types import Message, Receive, Scope, Send
from tests.driver import exchange, http_scope, websocket_scope
from tests.testing.lint_cases import BODY, START, script, start

REQUEST: Message = {"type": "http.request", "body": b"a"}


def headers() -> Iterator[tuple[bytes, bytes]]:
    """Give headers that can be read once."""
    yield b"content-length", b"2"
    yield b"x-a", b"b"


class TestPassingOn:
    """A lint changes nothing."""

    async def test_scope_and_messages_are_the_very_same(self) -> None:
        """The app gets the server's scope and messages, the server the app's, and the app's return value comes out."""
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            got.extend([scope, await receive()])
            await send(START)
            await send(BODY)
            return "returned"

        scope = http_scope(headers=[(b"host", b"x")])
        result = await exchange(ASGILint(app), scope, [REQUEST])

        assert got[0] is scope
        assert got[1] is REQUEST
        assert result.sent[0] is START
        assert result.sent[1] is BODY
        assert result.returned == "returned"

    async def test_exception_passes_untouched(self) -> None:
        """What the app raises is what the server sees, and an unfinished response is no violation then."""
        error = ValueError("boom")

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            raise error

        lint = ASGILint(app)
        result = await exchange(lint)

        assert result.raised is error
        assert lint.violations == ()

    async def test_generator_of_headers_reaches_the_server_unread(self) -> None:
        """Headers that can be read once leave as a list, in a copy of the message."""
        message = start(headers=headers())

        result = await exchange(ASGILint(script(message, BODY)))

        assert result.sent[0]["headers"] == list(headers())
        assert message["headers"] is not result.sent[0]["headers"]

    async def test_pair_that_is_an_iterator_reaches_the_server_unread(self) -> None:
        """So do headers whose pairs can be read once."""
        result = await exchange(ASGILint(script(start(headers=[iter((b"x-a", b"b"))]), BODY)))

        assert result.sent[0]["headers"] == [[b"x-a", b"b"]]

    async def test_iterators_of_the_scope_reach_the_app_unread(self) -> None:
        """What can be read once in a scope reaches the app as a list, in a copy of the scope."""
        seen: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope)
            await send(START)
            await send(BODY)

        scope = http_scope(client=iter(("127.0.0.1", 1)))
        scope["headers"] = headers()
        result = await exchange(ASGILint(app), scope)

        assert result.raised is None
        assert (seen[0]["headers"], seen[0]["client"]) == (list(headers()), ["127.0.0.1", 1])

    @pytest.mark.parametrize("scope", [{"type": "mqtt"}, {"type": "telnet", "path": 1}], ids=["mqtt", "telnet"])
    async def test_unknown_scope_types_are_not_checked(self, scope: Scope) -> None:
        """A protocol without rules passes with the server's own receive and send."""
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            got.extend([receive, send])

        async def receive() -> Message:
            return {}

        async def send(message: Message) -> None:
            """Stand for a server."""

        await ASGILint(app)(scope, receive, send)

        assert got == [receive, send]

    @pytest.mark.parametrize("ignore", [(), ("scope.type",)], ids=["judged", "ignored"])
    async def test_scope_that_is_no_dict(self, ignore: tuple[str, ...]) -> None:
        """A scope of another type raises; with that rule off it goes to the app, which can make of it what it wants."""
        called: list[object] = []

        async def app(scope: object, receive: object, send: object) -> None:
            called.append(scope)

        lint = ASGILint(app, ignore=ignore)
        with suppress(ASGIViolationError):
            await lint([("type", "http")], None, None)  # type: ignore[arg-type]

        assert [error.rule for error in lint.violations] == ([] if ignore else ["scope.type"])
        assert len(called) == len(ignore)


class TestKeeping:
    """What was raised may be swallowed on its way."""

    async def test_swallowed_violation_is_kept(self) -> None:
        """An app that catches everything hides a violation from the server, and `check` raises it."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            with suppress(AssertionError):
                await send(BODY)

        lint = ASGILint(app)
        lint.check()
        result = await exchange(lint)

        assert result.raised is None
        assert [error.rule for error in lint.violations] == ["http.body-before-start"]
        with pytest.raises(ASGIViolationError) as caught:
            lint.check()
        assert caught.value is lint.violations[0]

    async def test_app_may_recover_from_a_refused_start(self) -> None:
        """A start that was refused is no start: an error layer inside may still answer."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await send(start(status="200"))
            except ASGIViolationError:
                await send(start(status=500))
                await send(BODY)

        lint = ASGILint(app)
        result = await exchange(lint)

        assert result.status == 500
        assert [error.rule for error in lint.violations] == ["http.status"]

    async def test_connections_share_nothing_else(self) -> None:
        """Requests at the same time are judged one by one."""
        both_started = asyncio.Barrier(2)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await both_started.wait()
            if scope["path"] == "/good":
                await send(BODY)

        lint = ASGILint(app)
        good, bad = await asyncio.gather(exchange(lint, http_scope("/good")), exchange(lint, http_scope("/bad")))

        assert good.raised is None
        assert bad.raised is lint.violations[0]
        assert [error.rule for error in lint.violations] == ["http.incomplete"]

    async def test_violation_survives_pickling(self) -> None:
        """A violation reaches the process that started the tests with all its attributes."""
        result = await exchange(ASGILint(script(BODY)))

        copy = pickle.loads(pickle.dumps(result.raised))  # noqa: S301 - our own

        assert str(copy) == str(result.raised)
        assert (copy.rule, copy.culprit) == ("http.body-before-start", "app")


class TestMessageOfAServer:
    """A broken server is told to the app."""

    async def test_violation_of_the_server_comes_out_of_receive(self) -> None:
        """The app is interrupted where it asks for the message, and what it raises then reaches the server."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            with pytest.raises(ASGIViolationError, match=r"^http\.request-body, broken by the server: body is str"):
                await receive()
            await send(START)
            await send(BODY)

        lint = ASGILint(app)
        result = await exchange(lint, http_scope(), [{"type": "http.request", "body": "text"}])

        assert result.body == b"ok"
        assert [error.culprit for error in lint.violations] == ["server"]

    async def test_broken_scope_never_reaches_the_app(self) -> None:
        """A wrong scope raises before the app is called."""
        result = await exchange(ASGILint(script(START, BODY)), http_scope(method="get"))

        assert isinstance(result.raised, ASGIViolationError)
        assert result.sent == []


class TestOptions:
    """Wrong options are refused when the lint is made."""

    def test_unknown_rule(self) -> None:
        """An id that is no rule's is refused with the ids that are."""
        with pytest.raises(ValueError, match=r"ignore has 'http\.case', which is none of the rules") as caught:
            ASGILint(script(), ignore=("http.header-name", "http.case"))

        assert all(rule in str(caught.value) for rule in LINT_RULES)

    def test_one_text_is_no_list_of_rules(self) -> None:
        """A text alone is refused: it would count letter by letter."""
        with pytest.raises(ValueError, match=r"^ignore must be a sequence of texts, not 'http\.status'$"):
            ASGILint(script(), ignore="http.status")

    def test_blame_is_one_of_three_words(self) -> None:
        """Any other word is refused with the three."""
        with pytest.raises(ValueError, match=r"^blame must be one of app, server, both, not 'client'$"):
            ASGILint(script(), blame="client")  # type: ignore[arg-type]

    def test_app_must_be_callable(self) -> None:
        """What cannot be called is no app."""
        with pytest.raises(TypeError, match="app must be an ASGI application, not None"):
            ASGILint(None)  # type: ignore[arg-type]


class TestPlaces:
    """A lint stands anywhere."""

    async def test_pipeline_takes_it_at_any_place(self) -> None:
        """A lint is a layer like any other, and has no stage."""
        pipeline = Pipeline().use(RequestContextMiddleware).use(ASGILint, blame="app")

        result = await exchange(pipeline.build(script(START, BODY, BODY)))

        assert isinstance(result.raised, ASGIViolationError)
        assert result.raised.rule == "http.after-complete"

    async def test_layer_between_two_lints_is_judged_on_both_sides(self) -> None:
        """The outer lint sees what a layer sends, the inner one what it makes of the scope."""

        async def inner_app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send(BODY)

        inner = ASGILint(inner_app, blame="server")

        async def layer(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "path": b"/"}, receive, send)

        outer = ASGILint(layer, blame="app")
        result = await exchange(outer)

        assert isinstance(result.raised, ASGIViolationError)
        assert result.raised.rule == "scope.path"
        assert outer.violations == ()
        assert len(inner.violations) == 1

    async def test_violation_of_a_websocket_is_no_http(self) -> None:
        """The scope decides which rules hold."""
        result = await exchange(ASGILint(script(START)), websocket_scope())

        assert isinstance(result.raised, ASGIViolationError)
        assert result.raised.rule == "send.unknown-type"
