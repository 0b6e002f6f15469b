"""Find the template of the route that served a request, wherever the app or its framework left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_stack.context import RequestContext
    from asgi_stack.types import Scope

__all__ = ["route_template"]


def route_template(scope: Scope, record: RequestContext | None) -> str | None:
    """Give the route's template, such as `/items/{id}`, once the app has run; None where nobody names it.

    It is looked for on the RequestContext, then where Starlette and FastAPI leave it (`scope["route"].path`), then
    where Litestar does (`scope["path_template"]`).
    """
    if record is not None and record.route is not None:
        return record.route
    route = scope.get("route")
    if route is not None and isinstance(template := getattr(route, "path", None), str):
        return template
    template = scope.get("path_template")
    return template if isinstance(template, str) else None
