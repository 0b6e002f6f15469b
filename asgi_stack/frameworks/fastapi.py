"""Have FastAPI answer its own errors as the stack does: 404, 405, 422 by field, HTTPExceptions and AppErrors.

Errors: a TypeError for what is no FastAPI app, a RuntimeError for one that has served a request already.
Source: https://fastapi.tiangolo.com/tutorial/handling-errors/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler, request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.starlette import answer_app_error, check_installable, respond

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Give the errors that FastAPI answers itself the stack's one shape.

    ```py
    from fastapi import FastAPI

    from asgi_stack import wrap
    from asgi_stack.frameworks.fastapi import install

    api = FastAPI()
    install(api)
    application = wrap(api)
    ```

    A request that does not fit is a 422 `VALIDATION_ERROR`, with `loc`, `msg` and `type` of each field and never what
    was sent. Handlers of your own stay, whether they were added before this or are added later. Without an error layer
    outside, as in a test of the bare app, FastAPI answers as ever. A mounted FastAPI app has handlers of its own, and
    so wants an `install` of its own. Websockets that do not fit are closed by FastAPI with 1008, as ever.

    Args:
        app: An app that has not served a request yet. A second call changes nothing.

    Raises:
        TypeError: It is no FastAPI app; `wrap` what this was called on, not the other way round.
        RuntimeError: It has served a request; its handlers are fixed by then.
    """
    check_installable(app, FastAPI)
    handlers = cast("dict[object, object]", app.exception_handlers)
    for kind, (default, ours) in _ANSWERS.items():
        if handlers.get(kind, default) is default:
            handlers[kind] = ours
    handlers.setdefault(AppError, answer_app_error)


async def _answer_http_exception(request: Request, error: HTTPException) -> Response:
    return respond(request, error) or await http_exception_handler(request, error)


async def _answer_invalid_request(request: Request, error: RequestValidationError) -> Response:
    return respond(request, error) or await request_validation_exception_handler(request, error)


_Pair: TypeAlias = tuple[object, object]
_ANSWERS: Final[Mapping[object, _Pair]] = {
    HTTPException: (http_exception_handler, _answer_http_exception),
    RequestValidationError: (request_validation_exception_handler, _answer_invalid_request),
}
"""What FastAPI has registered by default, and what takes its place."""
