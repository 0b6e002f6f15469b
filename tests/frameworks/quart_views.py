"""Clients of Quart apps inside the stack, for the tests of the adapter."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from quart import Quart
from quart.typing import ResponseReturnValue

from app.frameworks.quart import make_app
from asgi_stack import wrap
from asgi_stack.frameworks.quart import install
from asgi_stack.reporting import ErrorReporter
from asgi_stack.testing import ASGIClient
from asgi_stack.testing.client_http import Response as Answer
from asgi_stack.types import AnyASGIApp

BROWSER: Final = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE: Final = [b"text/html; charset=utf-8"]


def client_of(app: AnyASGIApp, reporters: Sequence[ErrorReporter] = ()) -> ASGIClient:
    """Wrap an app whose log is the test's."""
    return ASGIClient(wrap(app, reporters=reporters, configure_logging=False), raise_exceptions=False)


def shop(reporters: Sequence[ErrorReporter] = ()) -> ASGIClient:
    """Give a client of the shop with the adapter."""
    return client_of(make_app(adapted=True), reporters)


def serving(view: Callable[..., Awaitable[ResponseReturnValue]], rule: str = "/view") -> ASGIClient:
    """Give a client of an app of one view, with the adapter."""
    app = Quart("quart_adapter")
    install(app)
    app.add_url_rule(rule, view_func=view, endpoint="view")
    return client_of(app)


def told(answer: Answer) -> tuple[int, object]:
    """Read status and code off an answer of the stack's."""
    return answer.status, json.loads(answer.body)["error_code"]


def values(answer: Answer, wanted: bytes) -> list[bytes]:
    """Give every value of a header."""
    return [value for name, value in answer.headers if name == wanted]


async def own(_error: Exception) -> tuple[str, int]:
    """Answer as a handler of the user's."""
    return "mine", 418
