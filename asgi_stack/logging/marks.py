"""Remember on the exception itself that it was logged, so that nobody down the line writes it again."""

from __future__ import annotations

from contextlib import suppress
from typing import Final
from weakref import ref

from asgi_stack.context import current_request

__all__ = ["mark_logged", "was_logged", "was_logged_here"]

_MARK: Final = "_asgi_stack_logged_in"


def mark_logged(error: BaseException) -> None:
    """Note that this exception object has its error line, and in which request."""
    record = current_request.get()
    with suppress(Exception):
        # The record itself, not its id, which a client may repeat; weakly, or each would keep the other alive.
        setattr(error, _MARK, None if record is None else ref(record))


def was_logged(error: BaseException) -> bool:
    """Tell whether this exception object has its error line."""
    return hasattr(error, _MARK)


def was_logged_here(error: BaseException) -> bool:
    """Tell whether it has its line in this very request: an object that is raised again and again needs one in each."""
    record = current_request.get()
    marked = getattr(error, _MARK, None)
    return record is not None and isinstance(marked, ref) and marked() is record
