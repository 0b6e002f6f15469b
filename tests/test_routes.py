"""The template of the route that served a request."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from asgi_stack.context import RequestContext
from asgi_stack.routes import route_template
from asgi_stack.types import Scope


def noted(route: str | None) -> RequestContext:
    """Give a record on which the app noted a route."""
    record = RequestContext("c", "r")
    record.route = route
    return record


@pytest.mark.parametrize(
    ("scope", "template"),
    [
        ({}, None),
        ({"route": SimpleNamespace(path="/items/{id}")}, "/items/{id}"),
        ({"path_template": "/items/{id:int}"}, "/items/{id:int}"),
        ({"route": SimpleNamespace(path="/a/{b}"), "path_template": "/other"}, "/a/{b}"),
        ({"route": SimpleNamespace(), "path_template": "/items/{id}"}, "/items/{id}"),
        ({"route": SimpleNamespace(path=7)}, None),
        ({"route": None, "path_template": "/items/{id}"}, "/items/{id}"),
        ({"path_template": 7}, None),
    ],
)
def test_route_is_found_where_frameworks_leave_it(scope: Scope, template: str | None) -> None:
    """Starlette's route object comes first, then Litestar's template; anything but a text is passed over."""
    assert route_template(scope, None) == template
    assert route_template(scope, noted(None)) == template


def test_route_noted_on_the_record_wins() -> None:
    """What the app said itself comes before what its framework left."""
    scope = {"route": SimpleNamespace(path="/framework"), "path_template": "/framework"}

    assert route_template(scope, noted("/mine/{id}")) == "/mine/{id}"
