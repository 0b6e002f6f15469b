"""What structlog holds just now, read where it keeps it: it is asked at every request, and asking costs 1 us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, cast

import structlog

if TYPE_CHECKING:
    from collections.abc import Sized

__all__ = ["BOUND_CONTEXTVARS", "STRUCTLOG", "StructlogState"]


class StructlogState(Protocol):
    """The part of structlog's configuration that says whose it is."""

    @property
    def default_processors(self) -> object:
        """The list of steps."""

    @property
    def default_wrapper_class(self) -> object:
        """The class of bound loggers."""

    @property
    def logger_factory(self) -> object:
        """What makes the loggers that bound ones write to."""


class PublicState:
    """The same, asked for with structlog's public function, which makes a dict of all it holds."""

    @property
    def default_processors(self) -> object:
        """The list of steps."""
        return structlog.get_config()["processors"]

    @property
    def default_wrapper_class(self) -> object:
        """The class of bound loggers."""
        return structlog.get_config()["wrapper_class"]

    @property
    def logger_factory(self) -> object:
        """What makes the loggers that bound ones write to."""
        return structlog.get_config()["logger_factory"]


def state_of_structlog() -> StructlogState:
    """Give structlog's own object, or a slower stand-in for a version that keeps none of this form."""
    held: object = getattr(getattr(structlog, "_config", None), "_CONFIG", None)
    names = ("default_processors", "default_wrapper_class", "logger_factory")
    return cast("StructlogState", held) if all(hasattr(held, name) for name in names) else PublicState()


def bound_contextvars() -> Sized:
    """Give the dict of all variables that were ever bound, or something that is never empty."""
    held: object = getattr(structlog.contextvars, "_CONTEXT_VARS", None)
    return cast("Sized", held) if isinstance(held, dict) else (None,)


STRUCTLOG: Final = state_of_structlog()

BOUND_CONTEXTVARS: Final = bound_contextvars()
"""Empty as long as nobody in this process has bound one; to look for those of a context takes 0.5 us."""
