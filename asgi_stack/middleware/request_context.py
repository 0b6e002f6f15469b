"""Give each request its record and its ids, and put the ids on whatever leaves.

Scopes: http and websocket; all others pass through.
Order: outside all that logs, traces, renders errors or opens sessions; inside the security headers.
Reads: the request headers named by `sources`, and `X-Request-ID`.
Writes: `X-Correlation-ID` and `X-Request-ID` on the response start, the websocket accept and the websocket denial.
Errors: an exception that passes gets one note with the id, for the traceback that the server writes.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html (headers), RFC 9562 (UUID).
"""

from __future__ import annotations

import logging
import re
from asyncio import CancelledError
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from asgi_stack.context import (
    CORRELATION_ID_HEADER,
    REQUEST_ID_HEADER,
    RequestContext,
    current_request,
    generate_correlation_id,
    id_problem,
    warn_of_replaced_ids,
)
from asgi_stack.header_names import USUAL_REQUEST_NAMES, USUAL_RESPONSE_NAMES, learn_name
from asgi_stack.log_fields import reset_quietly
from asgi_stack.middleware.active import ACTIVE, leave
from asgi_stack.options import check_app, check_flag, strings_of
from asgi_stack.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from asgi_stack.types import AnyASGIApp, ASGIApp, Header, Message, Receive, Scope, Send

__all__ = ["RequestContextMiddleware"]

_CORRELATION_ID: Final = CORRELATION_ID_HEADER.lower().encode()
_REQUEST_ID: Final = REQUEST_ID_HEADER.lower().encode()
_OURS: Final = frozenset({_CORRELATION_ID, _REQUEST_ID})
_others: Final = {*USUAL_RESPONSE_NAMES} - _OURS
WARN_AT_MOST_EVERY_S: Final = 60.0
_logger: Final = logging.getLogger("asgi_stack.context")
_NOTE: Final = "correlation_id="
_STARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "http": ("http.response.start",),
    "websocket": ("websocket.accept", "websocket.http.response.start"),
}

_valid_id: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,127}").fullmatch
_is_token: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch  # RFC 9110 section 5.6.2


class RequestContextMiddleware:
    """Make a `RequestContext` for each request and send its ids with every response.

    Args:
        app: The application inside.
        sources: Request headers that may carry the correlation id, the first valid one wins; compared without case.
        trust_inbound: False at an edge that faces strangers: both ids are new, and what the client sent is kept as
            `client_correlation_id` only.
        generate: Makes a correlation id where none came in; it must give valid ids (see Raises). When it fails at a
            request, a UUID4 takes its place, with a warning once a minute at most.

    Raises:
        TypeError: An option is of the wrong type.
        ValueError: A source is no header name, there is none, or `generate` gave an id that is not valid.

    An id is valid when its header is present exactly once and it matches `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`. Anything
    else is replaced, with one warning that names the header, the length and the reason, never the value.
    """

    stage: ClassVar[Stage] = Stage.CONTEXT

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        sources: Sequence[str] = ("x-correlation-id", "x-request-id"),
        trust_inbound: bool = True,
        generate: Callable[[], str] = generate_correlation_id,
    ) -> None:
        check_app(app)
        check_flag("trust_inbound", trust_inbound)
        self.app: ASGIApp = app
        self._sources = _header_names(sources)
        self._read = frozenset({*self._sources, _REQUEST_ID})
        self._unread = USUAL_REQUEST_NAMES - self._read
        self._trust_inbound = trust_inbound
        self._generate = generate if generate is generate_correlation_id else _checked(generate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection with a record of its own."""
        outer = scope.get(ACTIVE, ())
        if scope["type"] not in ("http", "websocket") or type(self) in outer:
            return await self.app(scope, receive, send)
        starts = _STARTS[scope["type"]]
        record, problems = self._record(scope)
        ids = [(_CORRELATION_ID, record.correlation_id.encode()), (_REQUEST_ID, record.request_id.encode())]

        def send_with_ids(message: Message) -> Awaitable[None]:
            if message["type"] in starts:
                message = _with_ids(message, ids)
            return send(message)

        scope[ACTIVE] = (*outer, type(self))
        # Set unconditionally: a keep-alive connection may hand over the context of its previous request
        # (https://github.com/python/cpython/issues/140947).
        token = current_request.set(record)
        try:
            if problems:
                warn_of_replaced_ids(problems)
            return await self.app(scope, receive, send_with_ids)
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:
            _note_id(error, record)
            raise
        finally:
            record.error = None
            reset_quietly(current_request, token)
            leave(scope, outer)

    def _record(self, scope: Scope) -> tuple[RequestContext, dict[str, tuple[int, str]] | None]:
        found: dict[bytes, list[bytes]] | None = None
        unread = self._unread
        for name, value in scope.get("headers", ()):
            if name not in unread and (lowered := name.lower()) in self._read:
                found = found or {}
                found.setdefault(lowered, []).append(value)
        problems = None
        if found is None:
            record = RequestContext(self._generate(), generate_correlation_id())
        else:
            inbound, request_id, problems = self._choose(found)
            if self._trust_inbound:
                record = RequestContext(inbound or self._generate(), request_id or generate_correlation_id())
            else:
                record = RequestContext(self._generate(), generate_correlation_id())
                record.client_correlation_id = inbound
        record.method = scope.get("method")
        record.path = scope.get("path")
        client = scope.get("client")
        if client:
            record.client = client[0]
        return record, problems

    def _choose(
        self, found: dict[bytes, list[bytes]]
    ) -> tuple[str | None, str | None, dict[str, tuple[int, str]] | None]:
        valid = {
            name: values[0].decode() for name, values in found.items() if len(values) == 1 and _valid_id(values[0])
        }
        correlation_id = next((valid[name] for name in self._sources if name in valid), None)
        problems = None
        if len(valid) < len(found):
            problems = {name.decode(): _problem(values) for name, values in found.items() if name not in valid}
        return correlation_id, valid.get(_REQUEST_ID), problems


def _header_names(sources: Sequence[str]) -> tuple[bytes, ...]:
    names = strings_of("sources", sources)
    if not names:
        raise ValueError("sources must name at least one header")
    for name in names:
        if not _is_token(name):
            raise ValueError(f"sources: {name!r} is no header name (RFC 9110 section 5.6.2)")
    return tuple(name.lower().encode() for name in names)


def _checked(generate: Callable[[], str]) -> Callable[[], str]:
    """Try a user's generator once now, and guard it at each request: a broken one must not cost a response."""
    if not callable(generate):
        raise TypeError(f"generate must be a function that gives an id, not {generate!r}")
    sample = generate()
    if not isinstance(sample, str) or id_problem(sample):
        message = f"generate: {generate!r} gave {sample!r}, which is no valid id (1 to 128 of A-Z a-z 0-9 . _ -)"
        raise ValueError(message)

    warned_at = float("-inf")

    def warn(problem: str) -> None:
        nonlocal warned_at
        if monotonic() - warned_at >= WARN_AT_MOST_EVERY_S:
            warned_at = monotonic()
            _logger.warning("id_generator_failed", extra={"generate": repr(generate), "reason": problem})

    def generate_or_replace() -> str:
        try:
            made = generate()
            problem = id_problem(made)
        except Exception as error:  # noqa: BLE001 - whatever a hook raises, the request goes on
            made, problem = "", type(error).__qualname__
        if problem is not None:
            warn(problem)
            return generate_correlation_id()
        return made

    return generate_or_replace


def _problem(values: list[bytes]) -> tuple[int, str]:
    if len(values) > 1:
        return sum(map(len, values)), "repeated"
    return len(values[0]), id_problem(values[0].decode("latin-1")) or "characters"


def _with_ids(message: Message, ids: list[Header]) -> Message:
    headers: list[Header] = []
    for pair in message.get("headers") or ():
        name = pair[0]
        if name not in _others:
            if name.lower() in _OURS:
                continue
            learn_name(_others, name)
        headers.append(pair)
    headers += ids
    return {**message, "headers": headers}


def _note_id(error: BaseException, record: RequestContext) -> None:
    # An exception that takes no notes, as a frozen dataclass, goes on without one.
    with suppress(Exception):
        notes: list[str] = getattr(error, "__notes__", [])
        # One exception object that is raised again and again would gather a note for each request.
        notes[:] = [note for note in notes if not str(note).startswith(_NOTE)]
        error.add_note(f"{_NOTE}{record.correlation_id} request_id={record.request_id}")
