"""Remember on the exception itself that it was logged, so that nobody down the line writes it again."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from weakref import ref

from asgi_stack.context import current_request

__all__ = ["is_line_due_here", "mark_line_due", "mark_logged", "was_logged", "was_logged_here"]

_MARK: Final = "_asgi_stack_logged_in"
_DUE: Final = "_asgi_stack_line_due_in"
_UNMARKED: Final = object()


def mark_logged(error: BaseException) -> None:
    """Note that this exception object has its error line, and in which request."""
    _mark(error, _MARK)


def mark_line_due(error: BaseException) -> None:
    """Note that the error layer will write the line of this exception in this request, so that nobody else need."""
    _mark(error, _DUE)


def is_line_due_here(error: BaseException) -> bool:
    """Tell whether the error layer writes its line in this request, or has written it."""
    return _is_marked_here(error, _DUE)


def was_logged(error: BaseException) -> bool:
    """Tell whether this exception object has its error line."""
    return _mark_of(error, _MARK) is not _UNMARKED


def was_logged_here(error: BaseException) -> bool:
    """Tell whether it has its line in this very request: an object that is raised again and again needs one in each."""
    return _is_marked_here(error, _MARK)


def _mark(error: BaseException, name: str) -> None:
    record = current_request.get()
    with suppress(Exception):
        # The record itself, not its id, which a client may repeat; weakly, or each would keep the other alive.
        setattr(error, name, None if record is None else ref(record))


def _is_marked_here(error: BaseException, name: str) -> bool:
    record = current_request.get()
    marked = _mark_of(error, name)
    return record is not None and isinstance(marked, ref) and marked() is record


def _mark_of(error: BaseException, name: str) -> object:
    try:
        return getattr(error, name, _UNMARKED)
    except Exception:  # noqa: BLE001 - a class may answer for missing attributes, and fail in doing so
        return _UNMARKED
