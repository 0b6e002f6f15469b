"""Decide what a client is told about an exception: the user's handlers first, then AppErrors, then HTTP exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from asgi_stack.database_errors import database_error_of
from asgi_stack.exceptions import AppError
from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.responses import INTERNAL_ERROR, answer_to
from asgi_stack.tracebacks import leaves_of, qualified_name

if TYPE_CHECKING:
    from asgi_stack.responses import ErrorAnswer

__all__ = ["ErrorHandler", "ErrorHandlers", "ErrorMapping", "Mapped"]

ErrorHandler: TypeAlias = Callable[..., AppError | None]
"""Takes an exception and gives the AppError that answers for it, or None to leave it to the next handler."""

ErrorHandlers: TypeAlias = Mapping[type[Exception], ErrorHandler]
"""Exception classes and their handlers."""

_GROUP: Final[type] = BaseExceptionGroup
_MOST_LEAVES: Final = 1000
"""Leaves of a group that are looked at: more of them take more than a millisecond, and tell nothing new."""


class Mapped(NamedTuple):
    """What an exception comes to.

    Attributes:
        answer: What the client is told.
        told_by: The AppError that says so: the exception itself, or what a handler made of it; else None.
        failure: What a handler raised instead, else None.
    """

    answer: ErrorAnswer
    told_by: AppError | None = None
    failure: Exception | None = None


class ErrorMapping:
    """The handlers of one error layer.

    Args:
        handlers: Looked up along the exception's MRO, so the most special class comes first.

    Raises:
        TypeError: It is no mapping, a key is no class of exceptions, or a handler is no plain function.
    """

    def __init__(self, handlers: ErrorHandlers | None) -> None:
        if not isinstance(handlers, Mapping | None):
            raise TypeError(f"handlers must map exception classes to functions, not {handlers!r}")
        for kind, handler in (handlers or {}).items():
            _check(kind, handler)
        self._handlers: dict[type, ErrorHandler] = {**(handlers or {})}

    def look_up(self, error: BaseException) -> Mapped:
        """Give what an exception comes to; of a group, what the leaf of the highest status comes to. Never raises."""
        mapped = self._by_handler(error)
        if mapped is not None:
            return mapped
        try:
            if isinstance(error, BaseExceptionGroup):
                leaves = islice(leaves_of(cast("BaseException", error)), _MOST_LEAVES)
                return max(map(self.look_up, leaves), key=_status, default=Mapped(INTERNAL_ERROR))
            if isinstance(error, AppError):
                return Mapped(_checked(answer_to(error)), error)
            made = database_error_of(error)
            if made is not None:
                return Mapped(answer_to(made), made)
            return Mapped(http_error_of(error) or INTERNAL_ERROR)
        except Exception as failure:  # noqa: BLE001 - an AppError's attributes may have been set to anything
            return Mapped(INTERNAL_ERROR, failure=failure)

    def _by_handler(self, error: BaseException) -> Mapped | None:
        if not self._handlers:
            return None
        # A handler of every Exception is meant for the leaves of a group, which say more than the group does.
        least = _GROUP if issubclass(type(error), _GROUP) else object
        kinds = [kind for kind in type(error).__mro__ if issubclass(kind, least)]
        try:
            for kind in kinds:
                handler = self._handlers.get(kind)
                made = None if handler is None else handler(error)
                if made is not None:
                    return Mapped(_checked(answer_to(_app_error(made, kind))), made)
        except Exception as failure:  # noqa: BLE001 - it must not take the original error's place
            return Mapped(INTERNAL_ERROR, failure=failure)
        return None


def _check(kind: object, handler: object) -> None:
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        raise TypeError(f"handlers must map exception classes to functions, and {kind!r} is no exception class")
    if not callable(handler) or iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__):
        raise TypeError(f"the handler of {qualified_name(kind)} must be a plain function, not {handler!r}")


def _status(mapped: Mapped) -> int:
    return mapped.answer.status


def _checked(answer: ErrorAnswer) -> ErrorAnswer:
    """Refuse what somebody has made of an AppError's attributes since it was made."""
    status: object = answer.status
    if not isinstance(status, int) or not 400 <= status <= 599:  # noqa: PLR2004 - as AppError itself has it
        raise TypeError(f"an AppError's status was set to {status!r:.40}")
    return answer


def _app_error(made: object, kind: type) -> AppError:
    if not isinstance(made, AppError):
        raise TypeError(f"the handler of {qualified_name(kind)} gave {type(made).__name__}, not an AppError or None")
    return made
