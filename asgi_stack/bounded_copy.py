"""Copy any Python value into plain containers, within bounds, without ever raising.

What goes into a log line or a report was made by somebody else: it may be endless, refer to itself, or raise from
its own `__repr__`. `BoundedCopy` is the one walk over such values; its subclasses say what a name and a leaf become.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import PurePath
from typing import Final, TypeAlias, TypeVar, cast
from uuid import UUID

__all__ = ["CYCLE", "REDACTED", "TRUNCATED", "BoundedCopy", "bytes_text", "safe_repr", "shorten"]

REDACTED: Final = "[REDACTED]"
"""Stands where a sensitive value was."""

TRUNCATED: Final = "[TRUNCATED]"
"""Stands where a copy stops: too deep, too many items, too long a text."""

CYCLE: Final = "[CYCLE]"
"""Stands where a container would hold one that it is inside of."""

MAX_TEXT_CHARS: Final = 65_536
"""Longest text of a copy. A whole log record is cut at 64 KiB: more could never be shown."""

MAX_ALL_TEXT_CHARS: Final = 16 * MAX_TEXT_CHARS
"""Of all texts of a copy together: to look for secrets in 1 MiB may take a second."""

MAX_REPR_CHARS: Final = 1024
MARGIN_CHARS: Final = 512
"""A text is cut this much later than it is shown: a secret at the cut is still whole when it is looked for."""

MAX_BYTES_SHOWN: Final = 256

ITEMS_FACTOR: Final = 10
"""A whole copy holds about this many times the items of one container: shared children would multiply for ever."""

_MORE: Final = "..."
_SCALARS: Final = (bool, int, float, type(None), Decimal, UUID, datetime, date, time, timedelta)
_SCALAR_TYPES: Final[frozenset[type]] = frozenset(_SCALARS)
_GROUPS: Final = (list, tuple, AbstractSet, deque, MappingView)

T = TypeVar("T")
Inside: TypeAlias = tuple[int, ...]
"""The ids of the containers that a value stands in, outermost first."""

Build: TypeAlias = Callable[[object, Inside], object]

Member: TypeAlias = tuple[str, str, object]
"""A field of a record: its name, its alias (the name again where there is none), its value."""


def safe_repr(value: object, limit: int = MAX_REPR_CHARS) -> str:
    """Give `repr(value)`, at most `limit` characters; an object whose `__repr__` fails is shown by its type."""
    try:
        shown = str.__str__(repr(value))
    except Exception:  # noqa: BLE001 - whatever a foreign __repr__ raises, the line is still written
        return f"<unprintable {object.__repr__(value)[1:]}"
    return shorten(shown, limit)


def shorten(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Cut a text to `limit` characters, the mark that says so included."""
    return text if len(text) <= limit else text[: limit - len(TRUNCATED)] + TRUNCATED


def bytes_text(value: bytes | bytearray | memoryview) -> str:
    r"""Show up to 256 bytes as text (odd ones as `\xff`), and anything longer by its size alone."""
    size = memoryview(value).nbytes
    return bytes(value).decode("utf-8", "backslashreplace") if size <= MAX_BYTES_SHOWN else f"<{size} bytes>"


class BoundedCopy:
    """Copies one value; an instance serves one call of `copy`.

    Mappings, dataclasses, pydantic models and named tuples become dicts. Secret types of pydantic are never opened.
    Anything unknown is shown by its `repr`.
    """

    __slots__ = ("_left", "_max_depth", "_max_items", "_text_left")

    def __init__(self, max_depth: int, max_items: int) -> None:
        """Set the bounds: levels of containers, and items of one container (the mark for the rest included)."""
        self._max_depth = max_depth
        self._max_items = max_items
        self._left = max_items * ITEMS_FACTOR
        self._text_left = MAX_ALL_TEXT_CHARS

    def string(self, value: str, limit: int = MAX_TEXT_CHARS) -> object:
        """Say what a text becomes, at most `limit` characters."""
        return shorten(value, limit)

    def scalar(self, value: object) -> object:
        """Say what a number, a date, a UUID or None becomes."""
        return value

    def enum(self, value: Enum) -> object:
        """Say what a member of an Enum becomes."""
        return value

    def key(self, value: object) -> object:
        """Say what a key of a mapping becomes."""
        return value

    def hides(self, name: object) -> bool:  # noqa: ARG002 - for subclasses
        """Say whether the value of this name must not be shown."""
        return False

    def element(self, value: object, inside: Inside) -> object:
        """Copy an element of a sequence."""
        return self.copy(value, inside)

    def group(self, kind: type, items: list[object]) -> object:
        """Make the copy of a sequence or set; `kind` is list, tuple, set or frozenset."""
        try:
            return kind(items)
        except TypeError:  # members of a set have become dicts
            return items

    def copy(self, value: object, inside: Inside = ()) -> object:
        """Copy a value that stands in the containers with these ids."""
        try:
            if type(value) is str:
                return self._text(value)
            kind = type(value)
            if kind in _SCALAR_TYPES:
                return self.scalar(value)
            build = self._mapping if kind is dict else self._builder(value)
            return self.leaf(value) if build is None else self._enter(value, inside, build)
        except Exception:  # noqa: BLE001 - a foreign mapping, property or time zone may raise anything
            return self._repr(value)

    def leaf(self, value: object) -> object:
        """Copy a value without looking into it."""
        if isinstance(value, Enum):
            return self.enum(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, _SCALARS):
            return self.scalar(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._text(bytes_text(cast("bytes | bytearray | memoryview", value)))
        if hasattr(type(value), "get_secret_value"):
            return REDACTED
        return self._text(str(value)) if isinstance(value, PurePath) else self._repr(value)

    def _text(self, value: str, limit: int = MAX_TEXT_CHARS) -> object:
        size = len(value)
        self._text_left -= size if size < limit else limit  # noqa: FURB136 - min() takes three times as long
        return self.string(value, limit) if self._text_left >= 0 else TRUNCATED

    def _repr(self, value: object) -> object:
        return self._text(safe_repr(value, MAX_REPR_CHARS + MARGIN_CHARS), MAX_REPR_CHARS)

    def _builder(self, value: object) -> Build | None:
        if isinstance(value, (str, Enum)):
            return None
        if isinstance(value, Mapping):
            return self._mapping
        if _is_record(type(value)):
            return self._record
        return self._sequence if isinstance(value, _GROUPS) else None

    def _enter(self, value: object, inside: Inside, build: Build) -> object:
        if id(value) in inside:
            return CYCLE
        if len(inside) >= self._max_depth or self._left <= 0:
            return TRUNCATED
        return build(value, (*inside, id(value)))

    def _mapping(self, value: object, inside: Inside) -> object:
        pairs, is_cut = self._take(cast("Mapping[object, object]", value).items())
        copied = {self.key(key): REDACTED if self.hides(key) else self.copy(item, inside) for key, item in pairs}
        return copied | {_MORE: TRUNCATED} if is_cut else copied

    def _record(self, value: object, inside: Inside) -> object:
        if getattr(type(value), "__pydantic_root_model__", False):
            return self.copy(getattr(value, "root", None), inside)
        members, is_cut = self._take(_members(value))
        copied = {
            name: REDACTED if self.hides(name) or self.hides(alias) else self.copy(item, inside)
            for name, alias, item in members
        }
        return copied | {_MORE: TRUNCATED} if is_cut else copied

    def _sequence(self, value: object, inside: Inside) -> object:
        taken, is_cut = self._take(cast("Iterable[object]", value))
        items = [self.element(item, inside) for item in taken]
        kind = next((kind for kind in (tuple, set, frozenset) if isinstance(value, kind)), list)
        return self.group(kind, [*items, TRUNCATED] if is_cut else items)

    def _take(self, items: Iterable[T]) -> tuple[list[T], bool]:
        """Take the items that the bounds allow, and say whether a mark for the rest must follow them."""
        room = self._max_items if self._max_items < self._left else max(self._left, 1)
        taken = list(islice(items, room + 1))
        self._left -= len(taken)
        return (taken[: room - 1], True) if len(taken) > room else (taken, False)


def _is_record(kind: type[object]) -> bool:
    """Tell dataclasses, pydantic models and named tuples from the rest, without importing pydantic."""
    if hasattr(kind, "__dataclass_fields__") or hasattr(kind, "model_fields"):
        return True
    return hasattr(kind, "_fields") and issubclass(kind, tuple)


def _members(value: object) -> Iterator[Member]:
    names: tuple[str, ...] = getattr(value, "_fields", ())
    if isinstance(value, tuple):
        yield from zip(names, names, cast("tuple[object, ...]", value), strict=True)
    elif is_dataclass(value):
        for item in fields(value):
            yield item.name, item.name, getattr(value, item.name, None)
    else:
        yield from _model_members(value)


def _model_members(value: object) -> Iterator[Member]:
    declared: Mapping[str, object] = getattr(type(value), "model_fields", {})
    extra: Mapping[str, object] = getattr(value, "model_extra", None) or {}
    present = vars(value)  # a model made by model_construct() may lack fields
    for name, details in declared.items():
        if name in present:
            yield name, getattr(details, "alias", None) or name, present[name]
    for name, item in extra.items():
        yield name, name, item
