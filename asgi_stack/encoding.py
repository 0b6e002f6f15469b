"""Write any value as one line of JSON, whatever it holds."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

import orjson

from asgi_stack.bounded_copy import MAX_TEXT_CHARS, BoundedCopy, safe_repr, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["encode_copied", "encode_json", "json_copy"]

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 1000
MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**64 - 1
"""What orjson writes as a number; a larger integer becomes a string."""

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME

_PLAIN: Final[frozenset[type]] = frozenset({str, int, float, bool, type(None)})
_HARMLESS: Final[frozenset[type]] = frozenset({Decimal, bytes, date, datetime, time, timedelta})
"""What orjson may ask about: no `__repr__` of anybody's is called, which could change the list that it is reading."""

_LINE_ENDS: Final = ((b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"), (b"\xc2\x85", b"\\u0085"))
"""What JSON allows within a string, and what viewers of logs, and `str.splitlines`, take for the end of a line."""

_UNENCODABLE: Final = b'{"unencodable":true}'


def encode_json(data: object) -> bytes:
    """Give one line of JSON in UTF-8; never raises, and never holds what anybody takes for the end of a line.

    What JSON has no form for is written as the nearest thing it has: NaN as null, a Decimal, UUID or date as a string,
    a set as a list, a dataclass or model as an object, bytes as text or by their size, a key that is no string as
    one, anything else by its `repr`. Where there is such a value, the whole is copied first, within bounds (32 levels,
    1,000 items of a container, 64 KiB of a text).

    orjson 3.13 ends the process where code that it runs raises, or changes what is being written: the `value` of an
    Enum, the fields of a dataclass, a time zone. It is given nothing that has code.
    """
    try:
        return encode_copied(data if _is_plain(data, MAX_DEPTH) else json_copy(data))
    except RecursionError:
        return _UNENCODABLE


def encode_copied(data: object) -> bytes:
    """Do what `encode_json` does with data that `Redactor.value` or `json_copy` made; 1 us faster.

    They leave no Enum whose `value` raises, and nobody else holds their containers. A Decimal or a date needs no
    further copy.
    """
    try:
        line = orjson.dumps(data, _leaf, _OPTIONS)
    except Exception:  # noqa: BLE001 - cycles, lone surrogates, large integers, keys that are no strings, depth
        try:
            line = orjson.dumps(json_copy(data))
        except Exception:  # noqa: BLE001 - the stack or the memory is at its end
            return _UNENCODABLE
    return line if line.isascii() else _without_line_ends(line)


def _is_plain(value: object, depth: int) -> bool:
    kind = type(value)
    if kind in _PLAIN:
        return True
    if depth < 0:
        return False
    members: Iterable[object]
    if kind is dict:
        members = cast("dict[object, object]", value).values()
    elif kind is list or kind is tuple:
        members = cast("list[object] | tuple[object, ...]", value)
    else:
        return False
    for member in members:  # noqa: SIM110 - a generator costs as much again
        if type(member) not in _PLAIN and not _is_plain(member, depth - 1):
            return False
    return True


def _leaf(value: object) -> object:
    if type(value) in _HARMLESS:
        return json_copy(value)
    raise TypeError


def _without_line_ends(line: bytes) -> bytes:
    for end, escape in _LINE_ENDS:
        line = line.replace(end, escape)
    return line


def json_copy(value: object) -> object:
    """Copy a value into what JSON has forms for, within the bounds that `encode_json` names."""
    return _JsonCopy(max_depth=MAX_DEPTH, max_items=MAX_ITEMS).copy(value)


def _rfc_3339(value: date | time) -> str:
    text = value.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


class _JsonCopy(BoundedCopy):
    __slots__ = ()

    def string(self, value: str, limit: int = MAX_TEXT_CHARS) -> str:
        value = shorten(value, limit)
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()

    def scalar(self, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if MIN_INT <= value <= MAX_INT else int.__str__(value)
        if isinstance(value, float):
            return float(value)
        return self.string(_rfc_3339(value) if isinstance(value, (date, time)) else str(value))

    def enum(self, value: Enum) -> object:
        try:
            inner = value.value
        except Exception:  # noqa: BLE001 - a class may override it
            return self.string(safe_repr(value))
        return self.copy(inner) if isinstance(inner, (str, int, float)) else self.string(value.name)

    def key(self, value: object) -> str:
        shown = self.leaf(value)
        return shown if isinstance(shown, str) else orjson.dumps(shown).decode()

    def group(self, kind: type, items: list[object]) -> list[object]:  # noqa: ARG002 - JSON has lists only
        return items
