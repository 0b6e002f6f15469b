"""Recognise the errors of SQLAlchemy's sessions, without importing SQLAlchemy where nobody uses it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgi_stack.exceptions import AppError

__all__ = ["database_error_of"]


def database_error_of(error: BaseException) -> AppError | None:
    """Give the AppError that an error of SQLAlchemy's comes to, or None for any other error."""
    if not any(kind.__module__.startswith("sqlalchemy.") for kind in type(error).__mro__):
        return None
    try:
        errors = import_module("asgi_stack.database.errors")
    except ImportError:
        return None  # SQLAlchemy without asyncio
    to_app_error = cast("Callable[[BaseException], AppError | None]", errors.to_app_error)
    return to_app_error(error)
