"""Have Quart answer its own errors as the stack does: 404, 405, whatever `abort` raises, and AppErrors.

Errors: a TypeError for what is no Quart app.
Source: https://quart.palletsprojects.com/en/latest/how_to_guides/request_body.html,
https://flask.palletsprojects.com/en/stable/errorhandling/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from quart import Quart, Response, has_request_context, request, websocket
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, InternalServerError

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.answers import answer_inside
from asgi_stack.frameworks.signals import connect_signals
from asgi_stack.negotiation import asks_for_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.routing import Rule

__all__ = ["install"]

_parameter: Final = re.compile(r"<(?:[^<>:]+:)?([^<>:]+)>")


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

    Clients that ask for pages, as browsers do, keep Quart's pages of its own errors. Handlers of your own stay: those
    of a status, of an exception, of a blueprint, whether they were registered before this or are later. Without an
    error layer outside, as in a test of the bare app, Quart answers as ever.

    Args:
        app: An app that has not served a request yet. A second call changes nothing.

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
    if _note_route not in app.before_request_funcs[None]:
        app.before_request(_note_route)
        app.before_websocket(_note_socket_route)


async def _answer_http_exception(error: HTTPException) -> Response | HTTPException:
    # What Quart makes of an unknown exception; the signal has told of that one, which the stack answers.
    unknown = isinstance(error, InternalServerError) and error.original_exception is not None
    if unknown or not has_request_context() or asks_for_html(request.headers.get("accept", "")):
        return error
    return _respond(error) or error


async def _answer_app_error(error: AppError) -> Response:
    response = _respond(error) if has_request_context() else None
    if response is None:
        raise error
    return response


def _respond(error: Exception) -> Response | None:
    answer = answer_inside(error, cast("Mapping[str, object]", request.scope))
    if answer is None:
        return None
    headers = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers])
    return Response(answer.body, answer.status, headers)


async def _note_route() -> None:
    _note(request.url_rule)


async def _note_socket_route() -> None:
    _note(websocket.url_rule)


def _note(rule: Rule | None) -> None:
    record = RequestContext.current()
    if record is not None and rule is not None:
        record.route = _parameter.sub(r"{\1}", rule.rule)
