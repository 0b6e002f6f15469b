"""The demo's router: which handler a path finds."""

from __future__ import annotations

import pytest

from app.errors import MethodNotAllowedError, UnknownPathError
from app.protocol import WEBSOCKET, Request
from app.router import Handler, Route, Router
from asgi_stack.context import RequestContext
from asgi_stack.types import Send
from tests.bare_apps import never
from tests.driver import http_scope, websocket_scope


def handler_named(name: str) -> Handler:
    """Make a handler that can be told from others."""

    async def handler(request: Request, send: Send) -> None: ...

    handler.__name__ = name
    return handler


SHOW, REPLACE, DELETE, CREATE, LISTEN = map(handler_named, ("show", "replace", "delete", "create", "listen"))

ROUTER = Router(
    [
        Route("GET", "/items/{id}", SHOW),
        Route("PUT", "/items/{id}", REPLACE),
        Route("DELETE", "/items/{id}/parts/{part}", DELETE),
        Route("POST", "/items.json", CREATE),
        Route(WEBSOCKET, "/live", LISTEN),
    ]
)


def http_request(path: str, method: str = "GET") -> Request:
    """Make a request that nobody reads."""
    return Request(http_scope(path, method=method), never)


@pytest.mark.parametrize(
    ("method", "path", "handler", "params"),
    [
        ("GET", "/items/7", SHOW, {"id": "7"}),
        ("HEAD", "/items/7", SHOW, {"id": "7"}),
        ("PUT", "/items/a b\n", REPLACE, {"id": "a b\n"}),
        ("DELETE", "/items/7/parts/x", DELETE, {"id": "7", "part": "x"}),
        ("POST", "/items.json", CREATE, {}),
    ],
)
def test_path_finds_its_handler(method: str, path: str, handler: Handler, params: dict[str, str]) -> None:
    """Method and template decide, and the parameters are left on the request."""
    request = http_request(path, method)

    assert ROUTER.find(request) is handler
    assert request.params == params


def test_websocket_finds_its_handler() -> None:
    """A websocket finds what is routed for websockets."""
    assert ROUTER.find(Request(websocket_scope("/live"), never)) is LISTEN


@pytest.mark.parametrize("path", ["/", "/items", "/items/", "/items/7/", "/items/7/8", "/itemsXjson", "/live"])
def test_unknown_path(path: str) -> None:
    """What no template fits is not found: dots are dots, and a websocket's path is none for http."""
    with pytest.raises(UnknownPathError):
        ROUTER.find(http_request(path))


def test_http_path_is_unknown_to_a_websocket() -> None:
    """A websocket does not reach an http handler, and is not told of methods."""
    with pytest.raises(UnknownPathError):
        ROUTER.find(Request(websocket_scope("/items/7"), never))


def test_other_method_is_told_which_there_are() -> None:
    """A path that exists answers another method with those it has."""
    with pytest.raises(MethodNotAllowedError) as caught:
        ROUTER.find(http_request("/items/7", "PATCH"))

    assert caught.value.status == 405
    assert caught.value.headers == (("allow", "GET, HEAD, PUT"),)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_request_line_gets_the_template(method: str) -> None:
    """Inside the stack the template is noted, so that all items are one route, refused methods included."""
    with RequestContext.scope() as record:
        try:
            ROUTER.find(http_request("/items/7", method))
        except MethodNotAllowedError:
            assert method == "PATCH"

        assert record.route == "/items/{id}"
