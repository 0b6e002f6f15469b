"""Remember on the exception itself that it was logged, so that nobody down the line writes it again."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

__all__ = ["mark_logged", "was_logged"]

_MARK: Final = "_asgi_stack_logged"


def mark_logged(error: BaseException) -> None:
    """Note that this exception object has its error line."""
    with suppress(AttributeError, TypeError):
        setattr(error, _MARK, True)


def was_logged(error: BaseException) -> bool:
    """Tell whether this exception object has its error line."""
    return getattr(error, _MARK, False) is True
