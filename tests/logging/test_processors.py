"""Single steps from a log call to its line."""

from __future__ import annotations

import logging
from functools import partial

import pytest

from asgi_stack import (
    RequestContext,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    get_logger,
    log_context,
    log_exception,
)
from asgi_stack.logging.emit import emit
from asgi_stack.types import Receive, Scope, Send
from tests.driver import exchange, http_scope
from tests.logging.memory import configured, lines


class Plan:
    """An object that can be called, as applications and mocks can."""

    def __repr__(self) -> str:
        return "Plan()"

    def __call__(self) -> None:
        """Never be called."""
        raise AssertionError


async def wait() -> None:
    """Do nothing: called without an `await` it would warn."""


class Proxy:
    """An object that stands for another, which cannot be had here."""

    def __repr__(self) -> str:
        return "<a proxy>"

    @property  # type: ignore[misc] # as proxies do it
    def __class__(self) -> type:
        raise RuntimeError("not here")


class TestLazyValues:
    """Values that are called once their line is to be written."""

    def test_level_decides_and_lazy_values_wait_for_it(self) -> None:
        """A line below the level is not written, and a function among its values is not called."""
        stream = configured(level="INFO")
        called: list[str] = []

        def costly() -> str:
            called.append("x")
            return "dear"

        get_logger("a").debug("hidden", value=costly)
        get_logger("a").info("shown", value=costly)

        assert [line["event"] for line in lines(stream)] == ["shown"]
        assert lines(stream)[0]["value"] == "dear"
        assert called == ["x"]

    def test_lazy_value_that_raises_does_not_fail_the_call(self) -> None:
        """The line is written with the name of what was raised in place of the value."""
        stream = configured()

        get_logger("a").info("x", value=lambda: 1 / 0, other=2)

        assert (lines(stream)[0]["value"], lines(stream)[0]["other"]) == ("<raised ZeroDivisionError>", 2)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (partial(int, "7"), "7"),
            ("lazy".upper, "LAZY"),
            (int, "<class"),
            (Plan(), "Plan()"),
            (wait, "<function wait"),
        ],
        ids=["a partial", "a method of a built-in", "a class", "an object that can be called", "a coroutine function"],
    )
    def test_only_functions_are_lazy(self, value: object, text: str) -> None:
        """Functions, methods and partials are called; what stands for itself is only written."""
        stream = configured()

        get_logger("a").info("x", value=value)

        assert str(lines(stream)[0]["value"]).startswith(text)

    def test_extra_of_the_standard_library_is_not_called(self) -> None:
        """Code that knows nothing of lazy values may log a function of its own, which is only named."""
        stream = configured()
        called: list[object] = []

        def callback() -> None:
            called.append(1)

        logging.getLogger("a").warning("x", extra={"callback": callback})

        assert called == []
        assert "callback" in str(lines(stream)[0]["callback"])

    def test_values_of_a_block_are_lazy_in_all_lines(self) -> None:
        """What `log_context` adds is called for the standard library's lines and the layers' as for structlog's."""
        stream = configured()

        with log_context(value=lambda: "called"):
            get_logger("a").info("x")
            logging.getLogger("a").warning("y", extra={"own": 1})
            emit("info", "z", {}, logger="a")

        assert [line["value"] for line in lines(stream)] == ["called"] * 3

    def test_proxy_is_not_asked_for_what_it_stands_for(self) -> None:
        """An object that fails when it is asked for its class, as a lazy user of Django does, costs no line."""
        stream = configured()

        with RequestContext.scope() as record, log_context(user=Proxy()):
            get_logger("a").info("x", user=Proxy())
            record.bind(user=Proxy())
            emit("info", "z", {}, logger="a")

        assert [line["event"] for line in lines(stream)] == ["x", "z"]

    async def test_bound_field_is_lazy_in_the_request_line(self) -> None:
        """What a handler binds to the request, and what is told with an exception, is called as in any line."""
        stream = configured()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            bound = RequestContext.current()
            assert bound is not None
            bound.bind(value=lambda: "called")
            log_exception(ValueError(), value=lambda: "called too")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        await exchange(RequestContextMiddleware(RequestLoggingMiddleware(app)), http_scope())

        assert [line["value"] for line in lines(stream)] == ["called too", "called"]
