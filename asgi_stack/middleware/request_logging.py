"""Write exactly one line for every request and websocket, whatever becomes of it.

Scopes: http and websocket; all others pass through.
Order: inside the request's ids, outside the error handler, so that the line tells of the response that left.
Reads: the messages that pass, the RequestContext and the route that the app left behind.
Writes: log lines `request_started` and `request_completed`.
Errors: an exception passes unchanged; it decides the outcome of a response that never became complete.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, get_args

from asgi_stack.context import RequestContext, current_request
from asgi_stack.logging.emit import LineWriter, line_writer
from asgi_stack.logging.processors import resolve_lazy_values
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH, leave
from asgi_stack.observation import HTTPObservation, WebSocketObservation
from asgi_stack.options import (
    RequestStarted,
    check_app,
    check_choice,
    check_instance,
    check_seconds,
    strings_of,
)
from asgi_stack.paths import PathPatterns
from asgi_stack.pipeline import Stage
from asgi_stack.redaction import REDACTED, Redactor
from asgi_stack.routes import route_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asgi_stack.types import AnyASGIApp, ASGIApp, Receive, Scope, Send

__all__ = ["RequestLoggingMiddleware"]

Observation: TypeAlias = HTTPObservation | WebSocketObservation

_LOGGER: Final = "asgi_stack.request"
_ERROR_OUTCOMES: Final = frozenset({"server_error", "incomplete"})
MAX_USER_AGENT_CHARS: Final = 512
"""Longer ones are cut: real ones stay below 300, and this line is written for every request."""


class RequestLoggingMiddleware:
    """Log each request once it is over, with its outcome, times and sizes.

    Args:
        app: The application inside.
        request_started: Level of the line at the start: `debug`, `info`, or `off`.
        slow_after_s: Seconds until the first byte of the response, from which on the line is at least a WARNING;
            `float("inf")` for never.
        exclude_paths: Paths that are not logged, exact or a prefix with a trailing `*`.
        sensitive_paths: Paths that are logged as `[REDACTED]`, without query, route and bound fields.
        redactor: Decides what is sensitive in queries and bound fields.

    Raises:
        TypeError: An option is of the wrong type.
        ValueError: An option is none of its values.

    The outcome is `ok`, `client_error` (4xx), `server_error` (5xx, or an exception before any response),
    `client_disconnected`, `cancelled`, or `incomplete` (the app ended before its response did). `duration_ms` runs
    until the last body message was handed over, else until the app returned; `ttfb_ms` until the response started.
    `bytes_out` counts what was offered to the server; whether it arrived, no server tells.
    """

    stage: ClassVar[Stage] = Stage.LOGGING

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        request_started: RequestStarted = "debug",
        slow_after_s: float = 1.0,
        exclude_paths: Sequence[str] = (),
        sensitive_paths: Sequence[str] = (),
        redactor: Redactor | None = None,
    ) -> None:
        check_app(app)
        check_choice("request_started", request_started, get_args(RequestStarted))
        check_seconds("slow_after_s", slow_after_s)
        check_instance("redactor", redactor, Redactor)
        self.app: ASGIApp = app
        self._request_started = request_started
        self._slow_after_s = slow_after_s
        self._is_excluded = _matcher("exclude_paths", exclude_paths)
        self._is_sensitive = _matcher("sensitive_paths", sensitive_paths)
        self._redactor = redactor or Redactor()
        # Clients are few kinds, and a browser's name takes 3 us to search for secrets.
        self._shown_user_agent = lru_cache(maxsize=256)(self._redacted_user_agent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        outer = scope.get(ACTIVE, ())
        kind = scope["type"]
        if kind not in ("http", "websocket") or type(self) in outer:
            return await self.app(scope, receive, send)
        hidden = self._is_sensitive is not None and self._is_sensitive(scope.get("path", ""))
        marks = (*outer, type(self), HIDE_PATH) if hidden else (*outer, type(self))
        if self._is_excluded is not None and self._is_excluded(scope.get("path", "")):
            return await self._pass(scope, receive, send, marks, outer)
        writer = line_writer()
        if self._request_started != "off" and writer.is_emitted(self._request_started):
            self._log_start(writer, scope, hidden=hidden)
        seen: Observation = (HTTPObservation if kind == "http" else WebSocketObservation)(scope, receive, send)
        scope[ACTIVE] = marks
        error: BaseException | None = None
        try:
            return await self.app(scope, seen.receive, seen.send)
        except BaseException as raised:
            error = raised
            raise
        finally:
            leave(scope, outer)
            self._log_end(writer, scope, seen, error, hidden=hidden)
            # Their frames hold this one: without these lines each failing request leaves a cycle behind.
            seen.refusal = None
            del error

    async def _pass(
        self, scope: Scope, receive: Receive, send: Send, marks: tuple[object, ...], outer: tuple[object, ...]
    ) -> None:
        """Serve a connection that is not logged here, nor by the same layer further in; errors are still hidden."""
        scope[ACTIVE] = marks
        try:
            return await self.app(scope, receive, send)
        finally:
            leave(scope, outer)

    def _log_start(self, writer: LineWriter, scope: Scope, *, hidden: bool) -> None:
        try:
            fields: dict[str, object] = {"method": scope.get("method")}
            fields["path"] = REDACTED if hidden else self._redactor.text(scope.get("path", ""))
            writer.write(self._request_started, _LOGGER, "request_started", fields)
        except Exception as failure:  # noqa: BLE001 - as at the end
            writer.lose(failure)

    def _log_end(
        self, writer: LineWriter, scope: Scope, seen: Observation, error: BaseException | None, *, hidden: bool
    ) -> None:
        try:
            record = current_request.get()
            outcome = seen.outcome(error)
            fields = self._measured(scope, seen, outcome)
            if isinstance(seen, WebSocketObservation):
                fields |= seen.websocket_fields()
            if not hidden:
                self._add_particulars(fields, scope, record)
            failed = error is not None or (record is not None and record.error is not None)
            if failed and _is_late(error, record) and seen.complete and outcome != "client_disconnected":
                fields["late_error"] = True
            writer.write(self._level(outcome, seen), _LOGGER, "request_completed", fields)
        except Exception as failure:  # noqa: BLE001 - a scope that cannot be logged must not cost the response
            writer.lose(failure)

    def _level(self, outcome: str, seen: Observation) -> str:
        if outcome in _ERROR_OUTCOMES:
            return "error"
        is_slow = seen.ttfb_s is not None and seen.ttfb_s > self._slow_after_s and isinstance(seen, HTTPObservation)
        return "warning" if is_slow else "info"

    def _measured(self, scope: Scope, seen: Observation, outcome: str) -> dict[str, object]:
        client = scope.get("client")
        return {
            "method": scope.get("method"),
            "path": REDACTED,
            "route": None,
            "status_code": seen.status,
            "outcome": outcome,
            # To the microsecond; three times cheaper than round(), which works in decimal.
            "duration_ms": int(seen.duration_s() * 1_000_000) / 1000,
            "ttfb_ms": None if seen.ttfb_s is None else int(seen.ttfb_s * 1_000_000) / 1000,
            "bytes_in": seen.bytes_in,
            "bytes_out": seen.bytes_out,
            "client": client[0] if client else None,
            "user_agent": self._user_agent(scope),
        }

    def _add_particulars(self, fields: dict[str, object], scope: Scope, record: RequestContext | None) -> None:
        """Add what a sensitive path hides: route, query and bound fields, the latter never over what was measured."""
        fields["path"] = self._redactor.text(scope.get("path", ""))
        fields["route"] = route_template(scope, record)
        query = scope.get("query_string")
        if query:
            fields["query"] = self._redactor.query(query)
        if record is not None and record.fields:
            bound = resolve_lazy_values(None, "", dict(record.fields))
            for name, value in self._redactor.value(bound).items():
                fields[f"{name}_" if name in fields else name] = value

    def _user_agent(self, scope: Scope) -> str | None:
        for name, value in scope.get("headers", ()):
            if len(name) == len(b"user-agent") and name.lower() == b"user-agent":
                return self._shown_user_agent(value[:MAX_USER_AGENT_CHARS])
        return None

    def _redacted_user_agent(self, value: bytes) -> str:
        return self._redactor.text(str(value, "latin-1"))


def _is_late(error: BaseException | None, record: RequestContext | None) -> bool:
    """Tell whether an error came after the response, which the error layer knows best, where there is one."""
    if record is not None and record.error is not None and error in (None, record.error):
        return record.late_error
    return isinstance(error, Exception)


def _matcher(option: str, paths: Sequence[str]) -> Callable[[str], bool] | None:
    """Give the test for a list of paths; None for an empty one, which is asked for at every request."""
    patterns = strings_of(option, paths)
    return PathPatterns(option, patterns).match if patterns else None
