"""Find the template of the route that served a request, wherever the app or its framework left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_stack.context import RequestContext
    from asgi_stack.types import Scope

__all__ = ["request_path", "route_template"]


def route_template(scope: Scope, record: RequestContext | None) -> str | None:
    """Give the route's template, such as `/items/{id}`, once the app has run; None where nobody names it.

    It is looked for on the RequestContext, then where Starlette and FastAPI leave it (`scope["route"].path`, behind
    the path at which a mounted app is), then where Litestar does (`scope["path_template"]`).
    """
    if record is not None and record.route is not None:
        return record.route
    route = scope.get("route")
    if route is not None and isinstance(template := getattr(route, "path", None), str):
        return _mount_point(scope) + template
    template = scope.get("path_template")
    # Empty where Litestar handed on to a mounted app.
    return template if template and isinstance(template, str) else None


def _mount_point(scope: Scope) -> str:
    """Give the path at which Starlette has mounted what served the request; the server's own root path is no part."""
    outermost = scope.get("app_root_path")
    root_path = scope.get("root_path")
    if not isinstance(outermost, str) or not isinstance(root_path, str):
        return ""
    return root_path.removeprefix(outermost)


def request_path(scope: Scope, record: RequestContext | None) -> str:
    """Give the path that the client asked for: Litestar writes what is left of it into the scope of a mounted app."""
    asked = None if record is None else record.path
    path: str = scope.get("path", "") if asked is None else asked
    return path
