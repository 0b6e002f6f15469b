"""The fields that `log_context` adds to log lines, each set with the request that it was bound in.

A server may hand the context of one request to the next on the same connection. Since every set of fields knows its
owner, the fields of the first request do not show in the second.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = ["bind_log_fields", "bound_log_fields", "current_log_fields", "keep_log_fields", "reset_quietly"]

T = TypeVar("T")

current_log_fields: Final[ContextVar[tuple[object, Mapping[str, object]] | None]] = ContextVar(
    "asgi_stack_log_fields", default=None
)
"""Whose fields are bound, and which."""


def bound_log_fields(owner: object) -> Mapping[str, object] | None:
    """Give the fields bound in the request whose record is `owner` (None outside any), or None without fields."""
    bound = current_log_fields.get()
    return bound[1] if bound is not None and bound[0] is owner else None


@contextmanager
def bind_log_fields(owner: object, fields: Mapping[str, object]) -> Generator[None]:
    """Bind fields on top of those that the owner has, for the length of the block."""
    token = current_log_fields.set((owner, {**(bound_log_fields(owner) or {}), **fields}))
    try:
        yield
    finally:
        reset_quietly(current_log_fields, token)


@contextmanager
def keep_log_fields(owner: object, heir: object) -> Generator[None]:
    """Hand the owner's fields on to the record that takes over from it, for the length of the block."""
    fields = bound_log_fields(owner)
    token = current_log_fields.set(None if fields is None else (heir, fields))
    try:
        yield
    finally:
        reset_quietly(current_log_fields, token)


def reset_quietly(variable: ContextVar[T], token: Token[T]) -> None:
    """Give a variable its earlier value, unless this is not the context it was set in.

    That is so where a generator or a request is abandoned, and closed from elsewhere: that context never saw the value.
    """
    try:  # noqa: SIM105 - suppress() costs 0.3 us more, on every request
        variable.reset(token)
    except ValueError:
        pass
