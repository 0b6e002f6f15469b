"""Answer every error with one JSON body, log it once, and never add a byte to a response that has started.

Scopes: http and websocket; all others pass through.
Order: inside the security headers, the request's ids and the request line; outside all that may raise an AppError.
Reads: the RequestContext, where there is one.
Writes: a whole error response, a websocket denial or a close, when nothing has left yet; `RequestContext.error`.
Errors: after a partial response the exception goes on to the server, which must cut the connection; see `reraise`.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html, RFC 9110 section 15, RFC 6455 section 7.4.1.
"""

from __future__ import annotations

from asyncio import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, get_args

from asgi_stack.context import RequestContext
from asgi_stack.exceptions import Severity
from asgi_stack.exchange import INTERNAL_ERROR_CLOSE, HTTPExchange, WebSocketExchange
from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import write_exception
from asgi_stack.logging.marks import mark_logged, was_logged_here
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH, leave
from asgi_stack.options import Environment, Reraise, check_app, check_choice, check_instance
from asgi_stack.pipeline import Stage
from asgi_stack.redaction import REDACTED, Redactor
from asgi_stack.responses import (
    INTERNAL_ERROR,
    NO_RESPONSE,
    ErrorAnswer,
    ServiceInfo,
    answer_to,
    debug_info_of,
    render_body,
    response_headers,
)

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, Receive, Scope, Send

__all__ = ["ErrorHandlerMiddleware", "NoResponseError"]

Exchange: TypeAlias = HTTPExchange | WebSocketExchange

MAX_CLOSE_REASON_BYTES: Final = 123
"""A control frame holds 125 bytes, two of them are the code (RFC 6455 section 5.5)."""
DISCONNECT_NAMES: Final = frozenset({"ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"})
CLIENTS_DOING: Final = frozenset({Severity.DEBUG, Severity.INFO, Severity.WARNING})
OWN_FIELDS: Final = frozenset({"method", "path", "type", "late_error", "response_started"})
_LOGGER: Final = "asgi_stack.errors"


class NoResponseError(RuntimeError):
    """The app returned without a response; raised with `reraise="always"` once the 500 was sent."""


class ErrorHandlerMiddleware:
    """Turn what an app raises into a response, a log line, and silence where the client has gone.

    Args:
        app: The application inside.
        environment: `development`, `testing`, `staging` or `production`. Only `development` adds `debug_info`, with
            the stack trace, to the body; the other three answer alike.
        service_info: Who answers; None names the service `service`, version `0.0.0`.
        reraise: `incomplete` raises on only when no complete response has left, so that the connection stays alive
            and the server writes no second traceback; `always` is for tests; `never` is for servers that take any
            exception for their own defect.
        redactor: Decides what is sensitive in logs and in `debug_info`.

    Raises:
        TypeError: An option is of the wrong type.
        ValueError: An option is none of its values.

    An AppError is answered with its own status, code, message, details and headers; any other exception with a 500
    that tells nothing of it. An app that returns without a response gets a 500 `NO_RESPONSE`. On a websocket the
    answer is a denial where the server offers one, else a close; 1011 once it was accepted. Exceptions that are no
    `Exception` (cancellation, exit) are never answered and always go on.
    """

    stage: ClassVar[Stage] = Stage.ERRORS

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        environment: Environment = "production",
        service_info: ServiceInfo | None = None,
        reraise: Reraise = "incomplete",
        redactor: Redactor | None = None,
    ) -> None:
        check_app(app)
        check_choice("environment", environment, get_args(Environment))
        check_choice("reraise", reraise, get_args(Reraise))
        check_instance("service_info", service_info, ServiceInfo)
        check_instance("redactor", redactor, Redactor)
        self.app: AnyASGIApp = app
        self._is_development = environment == "development"
        service = service_info or ServiceInfo(name="service", version="0.0.0", environment=environment)
        self._service_info = service.model_dump()
        self._reraise = reraise
        self._redactor = redactor or Redactor()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        outer = scope.get(ACTIVE, ())
        kind = scope["type"]
        if kind not in ("http", "websocket") or type(self) in outer:
            return await self.app(scope, receive, send)  # type: ignore[no-any-return]  # as below
        exchange = (HTTPExchange if kind == "http" else WebSocketExchange)(scope, receive, send)
        scope[ACTIVE] = (*outer, type(self))
        try:
            result = await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:
            await self._answer_error(error, scope, exchange)
            if self._goes_on(exchange):
                raise
        except (CancelledError, GeneratorExit) as error:
            # Nothing failed, so the server's traceback of it stays silent too; the request line tells of it.
            mark_logged(error)
            raise
        except BaseException as error:
            self._log_error(error, scope, exchange, level=Severity.CRITICAL)
            raise
        else:
            if not exchange.complete:
                await self._answer_silence(scope, exchange)
            return result  # type: ignore[no-any-return]  # it means nothing to ASGI, but whoever called may know more
        finally:
            leave(scope, outer)
            # Its frames hold the exchange: without this line each client that leaves would leave a cycle behind.
            exchange.refusal = None

    def _goes_on(self, exchange: Exchange) -> bool:
        settled = exchange.complete or exchange.left
        return self._reraise == "always" or (self._reraise == "incomplete" and not settled)

    async def _answer_error(self, error: Exception, scope: Scope, exchange: Exchange) -> None:
        if exchange.left and _tells_of_disconnect(error, exchange):
            mark_logged(error)
            return
        self._log_error(error, scope, exchange)
        if exchange.complete or exchange.left:
            return
        if not exchange.started:
            await _deliver(*self._render(error), scope, exchange)
        elif isinstance(exchange, WebSocketExchange) and exchange.accepted:
            await _close(exchange, answer_to(error).error_code)

    async def _answer_silence(self, scope: Scope, exchange: Exchange) -> None:
        """Deal with an app that returned before its response was complete, without raising."""
        if exchange.left or (isinstance(exchange, WebSocketExchange) and exchange.accepted):
            return
        event = "incomplete_response" if exchange.started else "no_response"
        emit("error", event, self._request_fields(scope, exchange), logger=_LOGGER)
        if not exchange.started:
            body = render_body(NO_RESPONSE, RequestContext.current(), self._service_info)
            await _deliver(NO_RESPONSE, body, scope, exchange)
            if self._reraise == "always":
                raise NoResponseError(f"{scope['type']} {scope.get('path')}: the app returned without a response")

    def _render(self, error: Exception) -> tuple[ErrorAnswer, bytes]:
        record = RequestContext.current()
        try:
            answer = answer_to(error)
            debug_info = debug_info_of(error, record, self._redactor) if self._is_development else None
            return answer, render_body(answer, record, self._service_info, debug_info)
        except Exception as failure:  # noqa: BLE001 - an error that cannot be rendered is still answered
            write_exception(failure, "error_rendering_failed", {}, logger=_LOGGER, redactor=self._redactor)
            return INTERNAL_ERROR, render_body(INTERNAL_ERROR, record, self._service_info)

    def _log_error(self, error: BaseException, scope: Scope, exchange: Exchange, level: Severity | None = None) -> None:
        record = RequestContext.current()
        if record is not None:
            record.error = error
            record.late_error = exchange.complete
        if not was_logged_here(error):
            fields = self._request_fields(scope, exchange)
            if exchange.started and getattr(error, "severity", None) in CLIENTS_DOING:
                # Raised too late to be answered as it asks, it is no longer the client's doing but a defect here.
                level = Severity.ERROR
            write_exception(error, "request_failed", fields, level=level, logger=_LOGGER, redactor=self._redactor)

    def _request_fields(self, scope: Scope, exchange: Exchange) -> dict[str, object]:
        record = RequestContext.current()
        hidden = HIDE_PATH in scope.get(ACTIVE, ())
        bound = {} if record is None or hidden else record.fields
        fields = {f"{name}_" if name in OWN_FIELDS else name: value for name, value in bound.items()}
        fields["method"] = scope.get("method")
        if isinstance(exchange, WebSocketExchange):
            fields["type"] = "websocket"
        fields["path"] = REDACTED if hidden else scope.get("path")
        if exchange.complete:
            fields["late_error"] = True
        elif exchange.started:
            fields["response_started"] = True
        return fields


def _tells_of_disconnect(error: Exception, exchange: Exchange) -> bool:
    """Tell whether an error after the client left only says so: what the server's send raised, or a framework's word.

    Any other OSError is the app's own: a file that is missing, a database that is down.
    """
    if any(cls.__name__ in DISCONNECT_NAMES for cls in type(error).__mro__):
        return True
    return exchange.refusal is not None and exchange.refusal in (error, error.__cause__)


async def _deliver(answer: ErrorAnswer, body: bytes, scope: Scope, exchange: Exchange) -> None:
    headers = response_headers(answer, body)
    try:
        if isinstance(exchange, HTTPExchange):
            await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
            shown = b"" if scope.get("method") == "HEAD" else body
            await exchange.send({"type": "http.response.body", "body": shown})
        elif "websocket.http.response" in (scope.get("extensions") or {}):
            # A denial's length is the server's to write: both its h11 and its websocket parts would add one.
            headers = [header for header in headers if header[0] != b"content-length"]
            await exchange.send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
            await exchange.send({"type": "websocket.http.response.body", "body": body})
        else:
            await exchange.send({"type": "websocket.close", "code": INTERNAL_ERROR_CLOSE})
    except OSError:
        exchange.left = True


async def _close(exchange: WebSocketExchange, error_code: str) -> None:
    reason = error_code.encode()[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")
    with suppress(OSError):
        await exchange.send({"type": "websocket.close", "code": INTERNAL_ERROR_CLOSE, "reason": reason})
