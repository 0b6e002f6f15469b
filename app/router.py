"""Find the handler of a path: a list of templates, tried in order."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeAlias

from app.errors import MethodNotAllowedError, UnknownPathError
from app.protocol import WEBSOCKET, Request
from asgi_stack.context import RequestContext
from asgi_stack.types import Send

Handler: TypeAlias = Callable[[Request, Send], Awaitable[None]]


class Route(NamedTuple):
    """One method (or WEBSOCKET) and path template, such as `/items/{id}`, with its handler."""

    method: str
    template: str
    handler: Handler


class Router:
    """The service's routes, of which the first that fits wins.

    HEAD goes where GET goes, since servers drop the body of its answer.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(_compile(route.template), route) for route in routes]

    def find(self, request: Request) -> Handler:
        """Find the handler, and leave the path's parameters on the request.

        Raises:
            UnknownPathError: No template fits the path.
            MethodNotAllowedError: One fits, but for other methods.
        """
        allowed: set[str] = set()
        for pattern, route in self._routes:
            found = pattern.fullmatch(request.path)
            if found is None or (route.method == WEBSOCKET) != (request.method == WEBSOCKET):
                continue
            _note_route(route.template)
            methods = {"GET", "HEAD"} if route.method == "GET" else {route.method}
            if request.method in methods:
                request.params = found.groupdict()
                return route.handler
            allowed |= methods
        raise MethodNotAllowedError(allowed) if allowed else UnknownPathError


def _compile(template: str) -> re.Pattern[str]:
    """Make `{name}` match one segment of the path: anything without a slash."""
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template)))


def _note_route(template: str) -> None:
    """Name the template in the request line: one name for all items. Without the stack there is no record."""
    record = RequestContext.current()
    if record is not None:
        record.route = template
