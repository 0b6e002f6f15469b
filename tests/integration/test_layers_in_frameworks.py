"""Single layers in the frameworks' own stacks, added in the way of each framework."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import pytest
from fastapi import FastAPI
from litestar import Litestar, get
from litestar.middleware import DefineMiddleware
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.frameworks.failures import SECRET, fail
from asgi_stack import (
    ErrorHandlerMiddleware,
    RequestContext,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
)
from asgi_stack.testing import ASGIClient
from asgi_stack.types import AnyASGIApp
from tests.log_capture import LogLines

Layer: TypeAlias = tuple[Any, Mapping[str, object]]

SENT: Final = {"x-correlation-id": "inside"}
ALL: Final[Sequence[Layer]] = (
    (SecurityHeadersMiddleware, {"preset": "owasp"}),
    (RequestContextMiddleware, {"sources": ["x-correlation-id"]}),
    (RequestLoggingMiddleware, {"slow_after_s": 5.0}),
    (ErrorHandlerMiddleware, {"environment": "production"}),
)
"""Outermost first."""


def current_id() -> dict[str, str | None]:
    """Give the id that a handler finds."""
    record = RequestContext.current()
    return {"id": None if record is None else record.correlation_id}


async def show_id(_request: Request) -> Response:
    """Answer with the id."""
    return JSONResponse(current_id())


async def boom(_request: Request) -> Response:
    """Fail."""
    fail()


def starlette_with(layers: Sequence[Layer]) -> Starlette:
    """Make an app; what is added last stands outermost."""
    app = Starlette(routes=[Route("/", show_id), Route("/boom", boom)])
    for layer, options in reversed(layers):
        app.add_middleware(layer, **options)
    return app


def fastapi_with(layers: Sequence[Layer]) -> FastAPI:
    """As above."""
    app = FastAPI()
    app.get("/")(current_id)
    app.get("/boom", response_model=None)(fail)
    for layer, options in reversed(layers):
        app.add_middleware(layer, **options)
    return app


def litestar_with(layers: Sequence[Layer]) -> Litestar:
    """Make an app; the first of the list stands outermost."""

    @get("/", sync_to_thread=False)
    def index() -> dict[str, str | None]:
        return current_id()

    @get("/boom", sync_to_thread=False)
    def failing() -> None:
        fail()

    defined = [DefineMiddleware(layer, **options) for layer, options in layers]
    return Litestar([index, failing], middleware=defined, logging_config=None)


@pytest.fixture(params=[starlette_with, fastapi_with, litestar_with], ids=["starlette", "fastapi", "litestar"])
def make(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - each makes an app of its own framework
    """Give each framework."""
    return request.param


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: layer[0].__name__)
async def test_each_layer_works_alone(make: Any, layer: Layer, log_lines: LogLines) -> None:  # noqa: ANN401 - as above
    """With its options, and it does what it does."""
    app: AnyASGIApp = make([layer])
    response = await ASGIClient(app).get("/", headers=SENT)
    names = [name for name, _ in response.headers]
    kind = layer[0]

    assert response.status == 200
    assert (b"x-correlation-id" in names) == (kind is RequestContextMiddleware)
    assert (b"x-content-type-options" in names) == (kind is SecurityHeadersMiddleware)
    assert (b"clear-site-data" in names, b"x-dns-prefetch-control" in names) == (
        False,
        kind is SecurityHeadersMiddleware,
    )
    assert len(log_lines("request_completed")) == (kind is RequestLoggingMiddleware)
    assert json.loads(response.body) == {"id": "inside" if kind is RequestContextMiddleware else None}


async def test_all_layers_inside_are_the_stack(make: Any, log_lines: LogLines) -> None:  # noqa: ANN401 - as above
    """A failing handler is answered and told of as with the stack around the app: one body, one line each."""
    app: AnyASGIApp = make(ALL)
    response = await ASGIClient(app).get("/boom", headers=SENT)
    body = json.loads(response.body)

    assert (response.status, body["error_code"], body["correlation_id"]) == (500, "INTERNAL_ERROR", "inside")
    assert (b"x-correlation-id", b"inside") in response.headers
    assert (b"x-content-type-options", b"nosniff") in response.headers
    assert [line["event"] for line in log_lines()] == ["request_failed", "request_completed"]
    assert log_lines("request_failed")[0]["exception_message"] == SECRET
