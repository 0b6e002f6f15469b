"""Write exactly one line for every request and websocket, whatever becomes of it.

Scopes: http and websocket; all others pass through.
Order: inside the request's ids, outside the error handler, so that the line tells of the response that left.
Reads: the messages that pass, the RequestContext and the route that the app left behind.
Writes: log lines `request_started` and `request_completed`.
Errors: an exception passes unchanged; it decides the outcome of a response that never became complete.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, get_args

from asgi_stack.context import RequestContext, current_request
from asgi_stack.logging.emit import LineWriter, line_writer
from asgi_stack.logging.processors import STANDARD_KEYS, resolve_lazy_values
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
from asgi_stack.request_line import RequestLine
from asgi_stack.routes import request_path, route_template

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asgi_stack.types import AnyASGIApp, ASGIApp, Receive, Scope, Send

__all__ = ["RequestLoggingMiddleware"]

Observation: TypeAlias = HTTPObservation | WebSocketObservation

_LOGGER: Final = "asgi_stack.request"
_EVENT: Final = "request_completed"
_ERROR_OUTCOMES: Final = frozenset({"server_error", "incomplete"})
MAX_USER_AGENT_CHARS: Final = 512
"""Longer ones are cut: real ones stay below 300, and this line is written for every request."""

MAX_USER_AGENTS: Final = 256
_USER_AGENT_LENGTH: Final = len(b"user-agent")


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
        self._slow_after_ns = slow_after_s * 1e9
        self._is_excluded = _matcher("exclude_paths", exclude_paths)
        self._is_sensitive = _matcher("sensitive_paths", sensitive_paths)
        self._redactor = redactor or Redactor()
        self._redact = self._redactor.text
        self._user_agents: dict[bytes, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        outer = scope.get(ACTIVE, ())
        kind = scope["type"]
        if kind not in ("http", "websocket") or type(self) in outer:
            return await self.app(scope, receive, send)
        hidden = self._is_sensitive is not None and self._is_sensitive(scope.get("path", ""))
        scope[ACTIVE] = (*outer, type(self), HIDE_PATH) if hidden else (*outer, type(self))
        if self._is_excluded is not None and self._is_excluded(scope.get("path", "")):
            return await self._pass(scope, receive, send, outer)
        writer = line_writer()
        if self._request_started != "off" and self._request_started in writer.emitted:
            self._log_start(writer, scope, hidden=hidden)
        seen: Observation = (HTTPObservation if kind == "http" else WebSocketObservation)(scope, receive, send)
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

    async def _pass(self, scope: Scope, receive: Receive, send: Send, outer: tuple[object, ...]) -> None:
        """Serve a connection that is not logged here, nor by the same layer further in; errors are still hidden."""
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
            outcome = seen.outcome(error)
            level = self._level(outcome, seen)
            if level not in writer.emitted:
                return
            record = current_request.get()
            entry = self._entry(writer.now(), level, outcome, record, scope, seen, hidden=hidden)
            if isinstance(seen, WebSocketObservation):
                entry |= seen.websocket_fields()
            if record is not None and record.fields and not hidden:
                self._add_bound(entry, record)
            failed = error is not None or (record is not None and record.error is not None)
            if failed and _is_late(error, record) and seen.complete and outcome != "client_disconnected":
                entry["late_error"] = True
            writer.write_entry(level, _LOGGER, _EVENT, entry)
        except Exception as failure:  # noqa: BLE001 - a scope that cannot be logged must not cost the response
            writer.lose(failure)

    def _level(self, outcome: str, seen: Observation) -> str:
        if outcome in _ERROR_OUTCOMES:
            return "error"
        is_slow = seen.ttfb_ns is not None and seen.ttfb_ns > self._slow_after_ns and isinstance(seen, HTTPObservation)
        return "warning" if is_slow else "info"

    def _entry(  # noqa: PLR0913 - all that a line tells of, each at hand where it is called
        self,
        now: object,
        level: str,
        outcome: str,
        record: RequestContext | None,
        scope: Scope,
        seen: Observation,
        *,
        hidden: bool,
    ) -> dict[str, object]:
        line = RequestLine()
        line.timestamp = now
        line.level = level
        line.logger = _LOGGER
        line.event = _EVENT
        if record is not None:
            line.correlation_id = record.correlation_id
            line.request_id = record.request_id
        line.method = scope.get("method")
        line.path = REDACTED if hidden else self._redact(request_path(scope, record))
        line.route = None if hidden else route_template(scope, record)
        line.status_code = seen.status
        line.outcome = outcome
        # To the microsecond; three times cheaper than round(), which works in decimal.
        line.duration_ms = seen.duration_ns() // 1000 / 1000
        line.ttfb_ms = None if seen.ttfb_ns is None else seen.ttfb_ns // 1000 / 1000
        line.bytes_in = seen.bytes_in
        line.bytes_out = seen.bytes_out
        client = scope.get("client")
        line.client = client[0] if client else None
        line.user_agent = self._user_agent(scope)
        query = scope.get("query_string")
        if query and not hidden:
            line.query = self._redactor.query(query)
        return line.__dict__

    def _add_bound(self, entry: dict[str, object], record: RequestContext) -> None:
        """Add what was bound, never over what was measured."""
        bound = resolve_lazy_values(None, "", dict(record.fields))
        for name, value in self._redactor.value(bound).items():
            entry[f"{name}_" if name in entry or name in STANDARD_KEYS else name] = value

    def _user_agent(self, scope: Scope) -> str | None:
        for name, value in scope.get("headers", ()):
            if len(name) == _USER_AGENT_LENGTH and name.lower() == b"user-agent":
                known = self._user_agents.get(value)
                return self._redacted_user_agent(value) if known is None else known
        return None

    def _redacted_user_agent(self, value: bytes) -> str:
        """Redact a client's name, and keep it: they are few, and a browser's takes 3 us to search for secrets."""
        shown = self._redactor.text(str(value[:MAX_USER_AGENT_CHARS], "latin-1"))
        if len(value) <= MAX_USER_AGENT_CHARS:
            if len(self._user_agents) >= MAX_USER_AGENTS:
                self._user_agents.clear()
            self._user_agents[value] = shown
        return shown


def _is_late(error: BaseException | None, record: RequestContext | None) -> bool:
    """Tell whether an error came after the response, which the error layer knows best, where there is one."""
    if record is not None and record.error is not None and error in (None, record.error):
        return record.late_error
    return isinstance(error, Exception)


def _matcher(option: str, paths: Sequence[str]) -> Callable[[str], bool] | None:
    """Give the test for a list of paths; None for an empty one, which is asked for at every request."""
    patterns = strings_of(option, paths)
    return PathPatterns(option, patterns).match if patterns else None
