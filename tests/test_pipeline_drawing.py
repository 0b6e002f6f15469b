"""Drawing: a stack that anybody may read."""

from __future__ import annotations

import functools
from typing import ClassVar

import pytest
from pydantic import SecretStr

from asgi_stack.pipeline import Pipeline, Stage
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send


class Headers:
    """A layer with a stage and any option."""

    stage: ClassVar[Stage] = Stage.HEADERS

    def __init__(self, app: AnyASGIApp, /, **options: object) -> None:
        self.app = app
        self.options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        await self.app(scope, receive, send)


class Site:
    """An application that is an object."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do nothing."""


class Broken:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        msg = "no repr today"
        raise RuntimeError(msg)


class Connection:
    """An object that shows its password."""

    def __repr__(self) -> str:
        return "Connection(host='db', password='hunter2')"


def free(app: AnyASGIApp) -> AnyASGIApp:
    """Add nothing."""
    return app


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing."""


def drawn(**options: object) -> str:
    """Give the first line of a drawing of one layer with these options."""
    return str(Pipeline().use(Headers, **options)).splitlines()[0]


def test_the_drawing() -> None:
    """A line a layer, outermost first, with stage and options; the app comes last."""
    pipeline = Pipeline().use(Headers, preset="api", hsts=None).use(free)

    assert pipeline.draw(app).splitlines() == [
        "HEADERS  Headers(preset='api', hsts=None)",
        "-        free()",
        f"app      {__name__}.app",
    ]
    assert str(pipeline).splitlines()[-1] == "app"


@pytest.mark.parametrize(
    ("application", "name"),
    [
        (app, "app"),
        (Site(), "Site"),
        (Site().handle, "Site.handle"),
        (functools.partial(app), "app"),
        (Pipeline().use(Headers).build(app), "Headers"),
    ],
)
def test_an_application_is_named_with_its_module(application: AnyASGIApp, name: str) -> None:
    """Functions and methods go by their own name, objects by their class."""
    assert Pipeline().draw(application) == f"app  {__name__}.{name}"


@pytest.mark.parametrize(
    "options",
    [
        {"token": "hunter2"},
        {"api_key": b"hunter2"},
        {"dsn": SecretStr("hunter2")},
        {"url": "postgresql://shop:hunter2@db/shop"},
        {"overrides": {"X-Api-Key": "hunter2"}},
        {"overrides": {"a": [({"password": "hunter2"},)]}},
        {"keys": [SecretStr("hunter2")]},
        {"database": Connection()},
        {"password": {"value": "hunter2"}},
        {"added": [("X-Api-Key", "hunter2")]},
        {"added": ((b"x-api-key", b"hunter2"),)},
        {"added": {b"x-api-key": "hunter2"}},
        {"routes": {"postgresql://shop:hunter2@db/shop": 1}},
    ],
)
def test_secrets_are_redacted(options: dict[str, object]) -> None:
    """Sensitive names, SecretStr, credentials in URLs and in foreign objects: nested too, in every form."""
    pipeline = Pipeline().use(Headers, **options)

    assert "hunter2" not in str(pipeline) + repr(pipeline) + "".join(map(repr, pipeline))
    assert "[REDACTED]" in str(pipeline)


def test_only_secrets_are_redacted() -> None:
    """Names that merely look alike keep their values, and nested values keep their shape."""
    assert drawn(cache_key="id", nested={"a": [1, (True, None)]}) == (
        "HEADERS  Headers(cache_key='id', nested={'a': [1, (True, None)]})"
    )


def test_functions_and_classes_go_by_name() -> None:
    """No address of an object makes two drawings of one stack differ."""
    assert drawn(generate=functools.partial(free), kinds=(Site, Site().handle)) == (
        "HEADERS  Headers(generate=free, kinds=(Site, Site.handle))"
    )


@pytest.mark.parametrize("value", ["two\nlines", {"a": "b\r\nc"}, "unicode\u2028line"])
def test_a_layer_is_one_line(value: object) -> None:
    """Line breaks in a value do not break the drawing."""
    assert len(str(Pipeline().use(Headers, text=value)).splitlines()) == len(["layer", "app"])


def test_a_foreign_repr_is_one_line() -> None:
    """A repr of several lines is drawn on one."""

    class Tall:
        def __repr__(self) -> str:
            return "Tall(\n)"

    assert drawn(value=Tall()) == r"HEADERS  Headers(value=Tall(\n))"


def test_long_values_are_cut() -> None:
    """A long value is cut at 200 characters, and the options after it are still there."""
    line = drawn(allowed=["x" * 50] * 50, hsts=None)

    assert line.endswith("..., hsts=None)")
    assert len(line) < len("HEADERS  Headers(allowed=, hsts=None)") + 210


def test_a_cycle_ends() -> None:
    """A list that holds itself is opened four times, then written as dots."""
    cycle: list[object] = []
    cycle.append(cycle)

    assert drawn(cycle=cycle) == "HEADERS  Headers(cycle=[[[[...]]]])"


def test_a_value_that_cannot_be_shown() -> None:
    """A repr that raises is drawn as the type, so that a drawing hides no other error."""
    assert drawn(value=Broken(), hsts=None) == "HEADERS  Headers(value=<Broken>, hsts=None)"
