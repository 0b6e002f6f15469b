"""Learn what Quart and Django answer a 5xx for: they keep the exception to themselves, and tell it by a signal.

A signal belongs to the whole process, and so does its receiver; whose request it is about, the RequestContext says.
Where no RequestContextMiddleware is outside there is no record, and the exception stays unknown.

Reads: `RequestContext.current()`, which is the request's own in worker threads too.
Writes: `RequestContext.error`, which RequestContextMiddleware clears at the end.
Errors: none; what cannot be connected or noted stays unknown.
Source: https://docs.djangoproject.com/en/5.2/ref/signals/#got-request-exception,
https://quart.palletsprojects.com/en/latest/reference/source/quart.signals.html.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple, Protocol, cast

from asgi_stack.context import RequestContext
from asgi_stack.logging.marks import is_line_due_here, mark_line_due, was_logged_here
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.pipeline import Stage

__all__ = ["connect_signals", "note_exception", "untold_error"]


class _Signal(Protocol):
    def connect(self, receiver: Callable[..., object], **options: object) -> object: ...


class _Source(NamedTuple):
    module: str
    signal: str
    receiver: Callable[..., object]
    options: Mapping[str, object]


def connect_signals() -> bool:
    """Have the frameworks that are loaded note unhandled exceptions on the `RequestContext`; import none of them.

    A second call changes nothing: both kinds of signal know their receivers, Quart's by identity, Django's by name.

    Returns:
        Whether there is any signal to hear.
    """
    return sum(_connect(source) for source in _SOURCES) > 0


def _connect(source: _Source) -> bool:
    # While another thread still imports the module, the name may be missing.
    signal = cast("_Signal | None", getattr(sys.modules.get(source.module), source.signal, None))
    if signal is None:
        return False
    try:
        signal.connect(source.receiver, weak=False, **source.options)
    except Exception:  # noqa: BLE001 - the request goes on without knowing why the framework will fail
        return False
    return True


async def _hear_quart(_app: object = None, /, *, exception: BaseException | None = None, **_: object) -> None:
    # A coroutine function: Quart would run any other in a worker thread.
    with suppress(Exception):
        note_exception(sys.exception() if exception is None else exception, _quart_scope())


def _hear_django(*, request: object = None, **_: object) -> None:
    # Django's signal has no exception with it: it is sent while that is handled, in the thread that handles it.
    with suppress(Exception):
        note_exception(sys.exception(), getattr(request, "scope", None))


def note_exception(error: BaseException | None, scope: object) -> None:
    """Note on the `RequestContext` an exception that a framework keeps to itself; without a record it stays unknown.

    Args:
        error: The exception; None changes nothing.
        scope: The request's scope, or a copy of it: it tells whether an error layer is outside, which will write the
            line, so that what the framework writes of it is dropped.
    """
    record = RequestContext.current()
    if record is None or error is None:
        return
    record.error = error
    if _is_logged_outside(scope):
        mark_line_due(error)


def untold_error() -> Exception | None:
    """Give what a framework's signal told of and nobody has logged: its line is due, whatever the response."""
    record = RequestContext.current()
    error = None if record is None else record.error
    if not isinstance(error, Exception) or was_logged_here(error) or not is_line_due_here(error):
        return None
    return error


def _is_logged_outside(scope: object) -> bool:
    """Tell whether an error layer is outside: it will write the line, so the framework's own would be a second one."""
    outer: object = cast("dict[str, object]", scope).get(ACTIVE) if isinstance(scope, dict) else None
    layers = cast("tuple[object, ...]", outer) if isinstance(outer, tuple) else ()
    return any(getattr(layer, "stage", None) is Stage.ERRORS for layer in layers)


def _quart_scope() -> object:
    for name in ("request", "websocket"):
        with suppress(Exception):  # it is not of this kind
            return cast("object", getattr(sys.modules.get("quart"), name).scope)
    return None


_SOURCES: Final = (
    _Source("quart.signals", "got_request_exception", _hear_quart, {}),
    _Source("quart.signals", "got_websocket_exception", _hear_quart, {}),
    _Source("django.core.signals", "got_request_exception", _hear_django, {"dispatch_uid": __name__}),
)
