"""Have Litestar answer its own errors as the stack does: 404, 405, invalid requests by field, and AppErrors.

Errors: a TypeError for what is no AppConfig.
Source: https://docs.litestar.dev/2/usage/exceptions.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from litestar.config.app import AppConfig
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response
from litestar.response import Response

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.answers import answer_inside
from asgi_stack.frameworks.signals import note_exception
from asgi_stack.responses import INTERNAL_ERROR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litestar import Request
    from litestar.datastructures import State
    from litestar.types import ASGIApp, ExceptionHandlersMap, Receive, Scope, Send

__all__ = ["install"]


def install(app_config: AppConfig) -> AppConfig:
    """Give the errors that Litestar answers itself the stack's one shape.

    ```py
    from litestar import Litestar

    from asgi_stack import wrap
    from asgi_stack.frameworks.litestar import install

    api = Litestar([...], on_app_init=[install])
    application = wrap(api)
    ```

    A request that does not fit stays a 400, with the code `VALIDATION_ERROR` and `loc`, `msg` and `type` of each field.
    Handlers of your own stay, on every layer of Litestar. Without an error layer outside, as in a test of the bare app,
    Litestar answers as ever. A mounted Litestar app has a configuration of its own, and so wants this hook of its own.

    Args:
        app_config: What `on_app_init` hands to each hook. A second call changes nothing.

    Returns:
        The same object.

    Raises:
        TypeError: It is no AppConfig; a finished app takes no more handlers.
    """
    if not isinstance(app_config, AppConfig):
        raise TypeError(f"install belongs into Litestar(on_app_init=[install]); it takes no {app_config!r:.80}")
    # A mapping of its own: Litestar hands on the very one that the user gave, perhaps to several apps.
    ours: ExceptionHandlersMap = {HTTPException: _answer_http_exception, AppError: _answer_app_error}
    app_config.exception_handlers = {**ours, **app_config.exception_handlers}
    if _note_unhandled not in app_config.after_exception:
        app_config.after_exception.append(_note_unhandled)
        app_config.middleware.append(_note_route)
    return app_config


def _answer_http_exception(request: Request[object, object, State], error: HTTPException) -> Response[object]:
    answer: Response[object] = _respond(request, error) or create_exception_response(request, error)
    return answer


def _answer_app_error(request: Request[object, object, State], error: AppError) -> Response[object]:
    answer: Response[object] = _respond(request, error) or create_exception_response(request, error)
    return answer


def _respond(request: Request[object, object, State], error: Exception) -> Response[object] | None:
    answer = answer_inside(error, cast("Mapping[str, object]", request.scope))
    if answer is None:
        return None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    media_type = headers.pop("content-type")
    del headers["content-length"]  # Litestar writes it
    return Response[object](answer.body, status_code=answer.status, headers=headers, media_type=media_type)


def _note_route(app: ASGIApp) -> ASGIApp:
    """Name the whole route of a mounted app: the scope of the app outside keeps nothing of it."""

    async def app_with_route(scope: Scope, receive: Receive, send: Send) -> None:
        record = RequestContext.current()
        template, rest = scope.get("path_template"), scope["path"].rstrip("/")
        if template and record is not None and record.path and record.path.rstrip("/").endswith(rest):
            mount_point = record.path.rstrip("/").removesuffix(rest)
            if mount_point:
                record.route = mount_point + template
        await app(scope, receive, send)

    return app_with_route


async def _note_unhandled(error: Exception, scope: Scope) -> None:
    """Note what Litestar answers with its own 500, in debug mode too, where its page is no default one."""
    if scope["type"] == ScopeType.HTTP and not any(isinstance(error, kind) for kind in _handled_kinds(scope)):
        note_exception(error, scope)


def _handled_kinds(scope: Scope) -> tuple[type[Exception], ...]:
    app = scope["litestar_app"]
    route = scope.get("route_handler")
    handlers = app.exception_handlers if route is None else route.resolve_exception_handlers()
    kinds = tuple(kind for kind in handlers if isinstance(kind, type))
    # A handler of the status 500 is asked for each exception that has no other.
    return (*kinds, Exception) if INTERNAL_ERROR.status in handlers else kinds
