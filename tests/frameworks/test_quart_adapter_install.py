"""The adapter of Quart: the routes that it names, and what it is given."""

from __future__ import annotations

import pytest
from quart import Blueprint, Quart
from quart.signals import request_started

from app.frameworks.quart import make_app
from asgi_stack import wrap
from asgi_stack.frameworks.quart import install
from tests.frameworks.quart_views import client_of, serving, shop
from tests.log_capture import LogLines


@pytest.mark.parametrize(
    ("rule", "path", "template"),
    [
        ("/view/<name>", "/view/lamp", "/view/{name}"),
        ("/view/<int:number>/end", "/view/7/end", "/view/{number}/end"),
        ("/<any(a,'b:c'):which>/<string(length=2):code>", "/a/xy", "/{which}/{code}"),
    ],
)
async def test_route_is_a_template(log_lines: LogLines, rule: str, path: str, template: str) -> None:
    """Of a parameter its name is told, whatever its converter and the arguments of that."""

    async def view(**_parameters: object) -> str:
        return "ok"

    await serving(view, rule).get(path)

    assert [line["route"] for line in log_lines()] == [template]


async def test_route_has_its_prefix_and_needs_a_rule(log_lines: LogLines) -> None:
    """The prefix of a blueprint is part of it; a path that no rule matches has none."""
    for path in ("/mounted/items/1", "/nothing"):
        await shop().get(path)

    assert [line.get("route") for line in log_lines("request_completed")] == ["/mounted/items/{item_id}", None]


async def test_route_of_a_refused_request(log_lines: LogLines) -> None:
    """A function that refuses requests, registered before `install`, does not hide the route."""
    app = make_app()

    @app.before_request
    async def refuse() -> tuple[str, int]:
        return "Who are you?", 401

    install(app)
    await client_of(app).get("/items/1")

    assert [line["route"] for line in log_lines()] == ["/items/{item_id}"]


async def test_second_install_changes_nothing() -> None:
    """Handlers and receivers are the same after it; those of another app are its own."""
    app, other = Quart("quart_adapter"), Quart("quart_adapter")
    install(app)
    handlers, receivers = dict(app.error_handler_spec[None][None]), list(request_started.receivers_for(app))
    install(app)

    assert app.error_handler_spec[None][None] == handlers
    assert (list(request_started.receivers_for(app)), len(receivers)) == (receivers, 1)
    assert list(request_started.receivers_for(other)) == []


@pytest.mark.parametrize("given", [wrap(Quart("quart_adapter")), Blueprint("shop", __name__), None, Quart])
def test_anything_else_is_refused(given: object) -> None:
    """Install comes before wrap, takes an app, and says what it was given."""
    with pytest.raises(TypeError, match="takes a Quart app, before it is wrapped, not ") as refused:
        install(given)  # type: ignore[arg-type]  # wrong on purpose

    assert repr(given)[:40] in str(refused.value)
