"""Answer every error with one JSON body, log it once, and never add a byte to a response that has started.

Scopes: http and websocket; all others pass through.
Order: inside the security headers, the request's ids and the request line; outside all that may raise an AppError.
Reads: the RequestContext, where there is one; the request's Accept header.
Writes: a whole error response, a websocket denial or a close, when nothing has left yet; `RequestContext.error`.
Errors: after a partial response the exception goes on to the server, which must cut the connection; see `reraise`.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html, RFC 9110 section 15, RFC 9457, RFC 6455 section 7.4.1.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final, get_args

from asgi_stack.context import RequestContext
from asgi_stack.error_delivery import close_websocket, deliver, tells_of_disconnect
from asgi_stack.error_journal import ErrorJournal
from asgi_stack.error_mapping import ErrorHandlers, ErrorMapping, Mapped
from asgi_stack.error_renderer import ErrorRenderer
from asgi_stack.exceptions import Severity
from asgi_stack.frameworks.default_bodies import DEFAULT_BODIES, DefaultBodies
from asgi_stack.frameworks.signals import connect_signals, untold_error
from asgi_stack.frameworks.wrapped_errors import original_of
from asgi_stack.guarded_exchange import GuardedHTTPExchange, HeldResponse
from asgi_stack.guarded_websocket import GuardedExchange, GuardedWebSocketExchange
from asgi_stack.held_responses import answer_in_place_of, answer_to_held, is_default_response
from asgi_stack.logging.marks import mark_logged, was_logged_here
from asgi_stack.middleware.active import ACTIVE, leave
from asgi_stack.options import (
    Environment,
    ErrorFormat,
    Replace5xx,
    Reraise,
    check_app,
    check_choice,
    check_instance,
    check_size,
)
from asgi_stack.pipeline import Stage
from asgi_stack.redaction import Redactor
from asgi_stack.reporting.base import ErrorReporter, checked_reporters
from asgi_stack.responses import INTERNAL_ERROR, NO_RESPONSE, RenderedError, ServiceInfo
from asgi_stack.tracebacks import leaves_of

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, Receive, Scope, Send

__all__ = ["ErrorHandlerMiddleware", "NoResponseError"]

_HINT: Final = "a framework answered an exception without showing it; RequestContextMiddleware outside makes it known"
_EXCHANGES: Final = {"http": GuardedHTTPExchange, "websocket": GuardedWebSocketExchange}


class NoResponseError(RuntimeError):
    """The app returned without a response; raised with `reraise="always"` once the 500 was sent."""


class ErrorHandlerMiddleware:
    """Turn what an app raises into a response, a log line, a report, and silence where the client has gone.

    Args:
        app: The application inside.
        environment: `development`, `testing`, `staging` or `production`. Only `development` adds `debug_info`, with
            the stack trace, to the body; the other three answer alike.
        service_info: Who answers; None names the service `service`, version `0.0.0`.
        error_format: `default` writes problem details (RFC 9457) for clients whose Accept header names
            `application/problem+json`, and an ErrorResponse for all others; `problem` writes them for everybody.
        handlers: Exception classes and functions that take such an exception and give an AppError, or None to leave
            it to the handler of a more general class. They are looked up by the exception's MRO, and come before all
            else; of a group, by each leaf's.
        reporters: Told of errors of severity ERROR and CRITICAL, before the response is sent.
        reraise: `incomplete` raises on only when no complete response has left, so that the connection stays alive
            and the server writes no second traceback; `always` is for tests; `never` is for servers that take any
            exception for their own defect.
        redactor: Decides what is sensitive in logs, reports and `debug_info`.
        replace_5xx: Which of the app's own responses from 500 on make way for an ErrorResponse: `default_bodies`
            those that a framework wrote by default, `always` all of them, `never` none. `DEFAULT_BODIES.extended(...)`
            adds bodies of one's own to those that frameworks write.
        hold_limit_bytes: Bytes of such a response's body that are held back to look at it, 0 or more. A longer one is
            the app's own, and leaves.

    Raises:
        TypeError: An option is of the wrong type.
        ValueError: An option is none of its values.

    An AppError is answered with its own status, code, message, details and headers; an HTTP exception of Starlette,
    FastAPI, Litestar, Quart or Django with its own too; any other exception with a 500 that tells nothing of it. Of
    an exception group the leaf of the highest status decides. An app that returns without a response gets a 500
    `NO_RESPONSE`. On a websocket the answer is a denial where the server offers one, else a close; 1011 once it was
    accepted. Exceptions that are no `Exception` (cancellation, exit) are never answered and always go on.
    """

    stage: ClassVar[Stage] = Stage.ERRORS

    def __init__(  # noqa: PLR0913 - each of them is an option of the one contract for errors
        self,
        app: AnyASGIApp,
        *,
        environment: Environment = "production",
        service_info: ServiceInfo | None = None,
        error_format: ErrorFormat = "default",
        handlers: ErrorHandlers | None = None,
        reporters: Sequence[ErrorReporter] = (),
        reraise: Reraise = "incomplete",
        redactor: Redactor | None = None,
        replace_5xx: Replace5xx | DefaultBodies = "default_bodies",
        hold_limit_bytes: int = 65_536,
    ) -> None:
        check_app(app)
        check_choice("environment", environment, get_args(Environment))
        check_choice("error_format", error_format, get_args(ErrorFormat))
        check_choice("reraise", reraise, get_args(Reraise))
        if not isinstance(replace_5xx, DefaultBodies):
            check_choice("replace_5xx", replace_5xx, get_args(Replace5xx))
        check_instance("service_info", service_info, ServiceInfo)
        check_instance("redactor", redactor, Redactor)
        check_size("hold_limit_bytes", hold_limit_bytes)
        self.app: AnyASGIApp = app
        self.hold_limit_bytes = hold_limit_bytes
        self._reraise = reraise
        self._replace_5xx = replace_5xx
        self._default_bodies = replace_5xx if isinstance(replace_5xx, DefaultBodies) else DEFAULT_BODIES
        service = service_info or ServiceInfo(name="service", version="0.0.0", environment=environment)
        redactor = redactor or Redactor()
        self._mapping = ErrorMapping(handlers)
        self._journal = ErrorJournal(redactor, checked_reporters(reporters), service.model_dump())
        self._renderer = ErrorRenderer(
            service, redactor, is_development=environment == "development", always_problem=error_format == "problem"
        )
        # None until the first request: by then the frameworks that the app uses are loaded.
        self._hears_signals: bool | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        outer = scope.get(ACTIVE, ())
        kind = scope["type"]
        if kind not in ("http", "websocket") or type(self) in outer:
            return await self.app(scope, receive, send)  # type: ignore[no-any-return]  # as below
        hears_signals = self._listen() if self._hears_signals is None else self._hears_signals
        exchange = _EXCHANGES[kind](scope, receive, send, self)
        scope[ACTIVE] = (*outer, type(self), exchange)
        try:
            result = await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:
            await self._answer_error(error, exchange)
            if self._goes_on(exchange):
                raise
        except BaseException as error:
            self._note_exit(error, exchange)
            raise
        else:
            if not exchange.complete:
                await self._answer_silence(exchange)
            return result  # type: ignore[no-any-return]  # it means nothing to ASGI, but whoever called may know more
        finally:
            if exchange.is_eventful or hears_signals or exchange.left:
                self._tell_rest(exchange)
                exchange.forget()
            leave(scope, outer)

    def answer(self, error: Exception, exchange: GuardedHTTPExchange) -> RenderedError:
        """Log and report an exception that a framework is about to answer, and give the answer: see `answer_inside`."""
        mapped = self._mapping.look_up(error)
        self._enter(error, mapped, exchange, is_answered=True)
        return self._renderer.render(mapped, exchange.scope, error)

    async def judge(self, exchange: GuardedHTTPExchange, held: HeldResponse, *, is_whole: bool) -> None:
        """Decide what becomes of the app's own response of status 500 or more: the table of docs/error-handler.md."""
        is_recorded = self._find_error(held)
        error = held.error
        if error is not None and exchange.left and tells_of_disconnect(error, exchange):
            return await exchange.release()
        is_default = is_whole and is_default_response(self._default_bodies, held, exchange.scope)
        replaces = is_whole and (self._replace_5xx == "always" or (is_default and self._replace_5xx != "never"))
        exchange.judged = held
        mapped = answer_to_held(held, None if error is None else self._mapping.look_up(error))
        held.unexplained = mapped.answer if is_default and error is None else None
        # An exception that a handler of the app's was given, which then chose what to answer, is no failure unless it
        # is raised on: that is known at the end.
        if error is not None and (is_default or replaces or is_recorded):
            self._enter(error, mapped, exchange, is_answered=replaces)
            held.is_logged = True
        if not replaces:
            return await exchange.release()
        exchange.drop()
        return await deliver(self._renderer.render(mapped, exchange.scope, error), exchange)

    def _find_error(self, held: HeldResponse) -> bool:
        """Note the exception that an adapter recorded, and tell whether there is one: it was not handled, then."""
        record = RequestContext.current()
        recorded = None if record is None else record.error
        # What has its line is of an earlier call, where a job's record serves several.
        if recorded is None or was_logged_here(recorded) or held.error not in (None, recorded):
            return False
        held.error, held.traceback = recorded, recorded.__traceback__
        return True

    def _listen(self) -> bool:
        self._hears_signals = connect_signals()
        return self._hears_signals

    def _goes_on(self, exchange: GuardedExchange) -> bool:
        settled = exchange.complete or exchange.left
        return self._reraise == "always" or (self._reraise == "incomplete" and not settled)

    async def _answer_error(self, error: Exception, exchange: GuardedExchange) -> None:
        if exchange.left and tells_of_disconnect(error, exchange):
            mark_logged(error)
            return
        original = original_of(error)
        if original is not error:
            mark_logged(error)
            error = original
        is_answered, is_logged = exchange.settle(error)
        if is_logged:
            return
        mapped = self._mapping.look_up(error)
        is_late = exchange.complete and not is_answered
        self._enter(error, mapped, exchange, is_answered=not exchange.started, is_late=is_late)
        if exchange.complete or exchange.left:
            return
        if not exchange.started:
            await deliver(self._renderer.render(mapped, exchange.scope, error), exchange)
        elif isinstance(exchange, GuardedWebSocketExchange) and exchange.accepted:
            await close_websocket(exchange, mapped.answer.error_code)

    async def _answer_silence(self, exchange: GuardedExchange) -> None:
        """Deal with an app that returned before its response was complete, without raising."""
        if exchange.left or (isinstance(exchange, GuardedWebSocketExchange) and exchange.accepted):
            return
        held = exchange.drop()
        error = exchange.violation or (None if held is None else held.error) or untold_error()
        if isinstance(error, Exception):
            await self._answer_error(error, exchange)
        else:
            await self._answer_nothing(held, exchange)
        if self._reraise == "always":
            path = exchange.scope.get("path")
            raise NoResponseError(f"{exchange.scope['type']} {path}: the app returned without a response") from error

    async def _answer_nothing(self, held: HeldResponse | None, exchange: GuardedExchange) -> None:
        event = "no_response" if held is None and not exchange.started else "incomplete_response"
        answer = NO_RESPONSE if held is None else answer_in_place_of(held)
        self._journal.enter_without_exception(event, answer, exchange)
        if not exchange.started:
            await deliver(self._renderer.render(Mapped(answer), exchange.scope), exchange)

    def _note_exit(self, error: BaseException, exchange: GuardedExchange) -> None:
        """Log what ends more than the request: an exit, an interrupt."""
        if all(isinstance(leaf, (CancelledError, GeneratorExit)) for leaf in leaves_of(error)):
            # Nothing failed, so the server's traceback of it stays silent too; the request line tells of it.
            mark_logged(error)
        else:
            mapped = self._mapping.look_up(error)
            self._journal.enter(error, mapped, exchange, severity=Severity.CRITICAL, is_answered=False)

    def _enter(
        self,
        error: BaseException,
        mapped: Mapped,
        exchange: GuardedExchange,
        *,
        is_answered: bool,
        is_late: bool = False,
    ) -> None:
        self._journal.enter(error, mapped, exchange, is_answered=is_answered, is_late=is_late)
        if mapped.failure is not None:
            self._journal.enter_failure(mapped.failure, "error_rendering_failed")
            # Its frames hold what holds it: without this line each failing handler leaves a cycle behind.
            mapped.failure.__traceback__ = None

    def _tell_rest(self, exchange: GuardedExchange) -> None:
        """Log what the app kept to itself: a swallowed breach of the protocol, and why it answered with a 5xx."""
        if exchange.violation is not None:
            breach = Mapped(INTERNAL_ERROR)
            self._enter(exchange.violation, breach, exchange, is_answered=False, is_late=exchange.complete)
        judged = exchange.judged if isinstance(exchange, GuardedHTTPExchange) else None
        if judged is not None and not judged.is_logged:
            self._tell_of_5xx(judged, exchange)
        error = exchange.closed_by if isinstance(exchange, GuardedWebSocketExchange) else None
        error = error or untold_error()
        if error is not None and not tells_of_disconnect(error, exchange):
            self._enter(error, self._mapping.look_up(error), exchange, is_answered=False)

    def _tell_of_5xx(self, judged: HeldResponse, exchange: GuardedExchange) -> None:
        if judged.unexplained is not None:
            # The framework may have been loaded after the first request: then its next failure is explained.
            self._listen()
            event, answer = "unexplained_error_response", judged.unexplained
            self._journal.enter_without_exception(event, answer, exchange, hint=_HINT)
        elif judged.error is not None:
            error = judged.error
            cleared, error.__traceback__ = error.__traceback__, judged.traceback
            self._journal.enter_handled(error, self._mapping.look_up(error), exchange)
            error.__traceback__ = cleared
