"""Have Quart answer its own errors as the stack does: 404, 405, whatever `abort` raises, and AppErrors.

Errors: a TypeError for what is no Quart app.
Source: https://flask.palletsprojects.com/en/stable/errorhandling/, recorded from Quart 0.22 with Werkzeug 3.1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from quart import Quart, Response, has_request_context, request, websocket
from quart.signals import request_started, websocket_started
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.answers import answer_inside
from asgi_stack.frameworks.signals import connect_signals, note_exception
from asgi_stack.negotiation import accept_of, asks_for_html
from asgi_stack.status_phrases import FIRST_SERVER_ERROR

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from asgi_stack.types import Scope

__all__ = ["install"]

FIRST_ERROR: Final = 400

_parameter: Final = re.compile(r"<(?:[^<>]*:)?(\w+)>")


def install(app: Quart) -> None:
    """Give the errors that Quart answers itself the stack's one shape, and name its routes in the log.

    ```py
    from quart import Quart

    from asgi_stack import wrap
    from asgi_stack.frameworks.quart import install

    api = Quart(__name__)
    install(api)
    application = wrap(api)
    ```

    Clients that ask for pages, as browsers do, keep Quart's pages of its own errors; a 5xx in Quart's default words is
    the stack's all the same, as without an adapter. Handlers of your own stay: those of a status, of an exception, of a
    blueprint, whether they were registered before this or are later. Only one of `Exception` is asked for these errors
    no more, since theirs are more special. What an exception brings as its response, and redirects, stay as well.
    Without an error layer outside, as in a test of the bare app, Quart answers as ever.

    Args:
        app: The app itself, before it is wrapped. A second call changes nothing.

    Raises:
        TypeError: It is no Quart app; `wrap` what this was called on, not the other way round.
    """
    if not isinstance(app, Quart):
        raise TypeError(f"install takes a Quart app, before it is wrapped, not {app!r:.80}")
    connect_signals()
    handlers = app.error_handler_spec[None][None]
    if HTTPException not in handlers:
        app.register_error_handler(HTTPException, _answer_http_exception)
    if AppError not in handlers:
        app.register_error_handler(AppError, _answer_app_error)
    # Not `before_request`: a function registered earlier that refuses a request would keep its route unnamed.
    request_started.connect(_note_route, app)
    websocket_started.connect(_note_socket_route, app)


async def _answer_http_exception(error: HTTPException) -> Response | HTTPException:
    status = error.code or 0
    if not has_request_context() or error.response is not None or status < FIRST_ERROR:
        return error
    # What Quart makes of an unknown exception: its default page makes way for the stack's answer to that one.
    unknown = error.original_exception if isinstance(error, InternalServerError) else None
    scope = cast("Scope", request.scope)
    if unknown is None and not asks_for_html(accept_of(scope["headers"])):
        return _respond(error) or error
    if status >= FIRST_SERVER_ERROR:
        note_exception(unknown or error, scope)
    return error


async def _answer_app_error(error: AppError) -> Response:
    response = _respond(error) if has_request_context() else None
    if response is None:
        raise error
    return response


def _respond(error: Exception) -> Response | None:
    answer = answer_inside(error, cast("Scope", request.scope))
    if answer is None:
        return None
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers])
    return Response(answer.body, answer.status, headers)


async def _note_route(_app: Quart, **_: object) -> None:
    _note(request.url_rule)


async def _note_socket_route(_app: Quart, **_: object) -> None:
    _note(websocket.url_rule)


def _note(rule: Rule | None) -> None:
    record = RequestContext.current()
    if record is not None and rule is not None:
        record.route = _parameter.sub(r"{\1}", rule.rule)
