"""Check the options of a layer when it is made; each message names the option and the value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Environment",
    "ErrorFormat",
    "Replace5xx",
    "RequestStarted",
    "Reraise",
    "check_app",
    "check_choice",
    "check_flag",
    "check_instance",
    "check_seconds",
    "check_size",
    "strings_of",
]

Environment: TypeAlias = Literal["development", "testing", "staging", "production"]
"""Where the service runs; only `development` shows stack traces to clients."""

Reraise: TypeAlias = Literal["incomplete", "always", "never"]
"""When the server sees an exception too, after it was answered."""

ErrorFormat: TypeAlias = Literal["default", "problem"]
"""The body of an error: an ErrorResponse, or problem details (RFC 9457)."""

Replace5xx: TypeAlias = Literal["default_bodies", "always", "never"]
"""Which of an application's own responses from 500 on make way for an ErrorResponse."""

RequestStarted: TypeAlias = Literal["debug", "info", "off"]
"""Level of the log line at a request's start."""


def check_app(app: object) -> None:
    """Refuse an application that cannot be called."""
    if not callable(app):
        raise TypeError(f"app must be an ASGI application, not {app!r}")


def check_choice(option: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse anything but one of some words."""
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(f"{option} must be one of {', '.join(allowed)}, not {value!r}")


def check_flag(option: str, value: object) -> None:
    """Refuse anything but True and False: the text "false" would count as true."""
    if not isinstance(value, bool):
        raise TypeError(f"{option} must be True or False, not {value!r}")


def check_instance(option: str, value: object, kind: type) -> None:
    """Refuse anything but None and an instance of a class."""
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{option} must be a {kind.__name__}, not {value!r}")


def check_seconds(option: str, value: object) -> None:
    """Refuse anything but a number above 0; infinity is one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{option} must be a number of seconds, not {value!r}")
    if not value > 0:
        raise ValueError(f"{option} must be a number of seconds above 0, not {value!r}")


def check_size(option: str, value: object) -> None:
    """Refuse anything but a whole number of bytes, 0 or more."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{option} must be a number of bytes, not {value!r}")
    if value < 0:
        raise ValueError(f"{option} must be a number of bytes, 0 or more, not {value!r}")


def strings_of(option: str, values: Iterable[str]) -> tuple[str, ...]:
    """Give the texts of a sequence; one text alone is refused, since it would count letter by letter.

    Raises:
        ValueError: It is no sequence of texts.
    """
    if isinstance(values, Iterable) and not isinstance(values, str):
        found = tuple(values)
        if all(isinstance(value, str) for value in found):
            return found
    raise ValueError(f"{option} must be a sequence of texts, not {values!r}")
