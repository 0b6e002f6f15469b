"""Put layers and apps into words: their names, and their options with the secrets left out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast

if TYPE_CHECKING:
    from asgi_stack.redaction import Redactor

__all__ = ["draw_options", "name_of", "path_of", "unwrap"]

MAX_DEPTH: Final = 4
"""How deep mappings and sequences are opened; this also ends cycles."""

MAX_OPTION_CHARS: Final = 200
"""The length at which one option's value is cut, so that a layer stays one readable line."""

PAIR: Final = 2
"""The length of a tuple that may be a header: its name, then its value."""

PLAIN: Final = (bool, int, float, type(None))

_Nested: TypeAlias = Mapping[object, object] | list[object] | tuple[object, ...]


class _Verbatim(str):
    """Text that shows itself without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def unwrap(factory: object) -> object:
    """Give the class or function inside any number of `functools.partial`."""
    while isinstance(factory, functools.partial):
        factory = factory.func
    return factory


def name_of(thing: object) -> str:
    """Name a class or function, as in `Site.handle`; anything else is named by its type."""
    thing = unwrap(thing)
    name = getattr(thing, "__qualname__", None)
    name = name if isinstance(name, str) else type(thing).__qualname__
    return name.rpartition("<locals>.")[2]


def path_of(thing: object) -> str:
    """Name a class, a function or an object's type with its module, as in `shop.main.app`."""
    return f"{getattr(unwrap(thing), '__module__', None) or '?'}.{name_of(thing)}"


def draw_options(options: Mapping[str, object]) -> str:
    r"""Write options as in a call, `preset='api', token='[REDACTED]'`, on one line.

    Functions and classes are written by name, long values are cut, line breaks become `\n`, and a value that cannot
    be shown is written as its type: drawing never fails.
    """
    # Most programs never draw a stack, and the policy compiles its patterns when it is imported.
    from asgi_stack.redaction import Redactor  # noqa: PLC0415

    redactor = Redactor()
    return ", ".join(f"{name}={_drawn(name, value, redactor)}" for name, value in options.items())


def _drawn(name: str, value: object, redactor: Redactor) -> str:
    try:
        text = "\\n".join(repr(_visible(name, value, redactor, MAX_DEPTH)).splitlines())
    except Exception:  # noqa: BLE001 - a foreign repr may fail, but must not hide the error that is being drawn
        return f"<{type(value).__qualname__}>"
    return text if len(text) <= MAX_OPTION_CHARS else f"{text[:MAX_OPTION_CHARS]}..."


def _visible(name: str, value: object, redactor: Redactor, depth: int) -> object:
    """Copy a value into one whose `repr` may be read by anybody."""
    if redactor.is_sensitive(name) or hasattr(type(value), "get_secret_value"):
        return _redacted()
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, Mapping | list | tuple):
        return _opened(name, cast("_Nested", value), redactor, depth - 1) if depth else _Verbatim("...")
    if callable(value) and hasattr(unwrap(value), "__qualname__"):
        return _Verbatim(name_of(value))
    return _Verbatim(redactor.text(repr(value)))


def _opened(name: str, value: _Nested, redactor: Redactor, depth: int) -> object:
    if isinstance(value, Mapping):
        return {
            _Verbatim(redactor.text(repr(key))): _visible(_as_name(key), item, redactor, depth)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_visible(name, item, redactor, depth) for item in value]
    if len(value) == PAIR and isinstance(value[0], str | bytes):
        return _visible("", value[0], redactor, depth), _visible(_as_name(value[0]), value[1], redactor, depth)
    return tuple(_visible(name, item, redactor, depth) for item in value)


def _as_name(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _redacted() -> str:
    from asgi_stack.redaction import REDACTED  # noqa: PLC0415 - as above

    return REDACTED
