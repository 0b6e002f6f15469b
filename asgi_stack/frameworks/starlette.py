"""Have Starlette answer its own errors as the stack does: 404, 405, every HTTPException, and AppErrors of handlers.

Errors: a TypeError for what is no Starlette app, a RuntimeError for one that has served a request already.
Source: https://www.starlette.io/exceptions/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response

from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.answers import answer_inside

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["install"]


def install(app: Starlette) -> None:
    """Give the errors that Starlette answers itself the stack's one shape.

    ```py
    from starlette.applications import Starlette

    from asgi_stack import wrap
    from asgi_stack.frameworks.starlette import install

    api = Starlette(routes=[...])
    install(api)
    application = wrap(api)
    ```

    Handlers of your own stay: those of a status, of `HTTPException` and of `AppError`, whether they were added before
    this or are added later. Without an error layer outside, as in a test of the bare app, Starlette answers as ever.
    A mounted Starlette app has handlers of its own, and so wants an `install` of its own.

    Args:
        app: An app that has not served a request yet. A second call changes nothing.

    Raises:
        TypeError: It is no Starlette app; `wrap` what this was called on, not the other way round.
        RuntimeError: It has served a request; its handlers are fixed by then.
    """
    check_installable(app, Starlette)
    app.exception_handlers.setdefault(HTTPException, _answer_http_exception)
    app.exception_handlers.setdefault(AppError, answer_app_error)


def check_installable(app: object, kind: type[Starlette]) -> None:
    """Refuse what no handler can be added to.

    Raises:
        TypeError: It is not of the kind.
        RuntimeError: It has served a request.
    """
    if not isinstance(app, kind):
        raise TypeError(f"install takes a {kind.__name__} app, before it is wrapped, not {app!r:.80}")
    if app.middleware_stack is not None:
        raise RuntimeError("install must come before the first request: the app's exception handlers are fixed by then")


def respond(request: Request, error: Exception) -> Response | None:
    """Make a response of the stack's answer; None where there is no error layer that could give one."""
    answer = answer_inside(error, request.scope)
    if answer is None:
        return None
    response = Response(status_code=answer.status)
    response.body = answer.body
    response.raw_headers = answer.headers
    return response


async def answer_app_error(request: Request, error: Exception) -> Response:
    """Answer an AppError inside the app, so that its own middlewares see a response, not an exception."""
    response = respond(request, error)
    if response is None:
        raise error
    return response


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    answer = respond(request, error)
    return answer or await ExceptionMiddleware(request.app).http_exception(request, cast("HTTPException", error))
