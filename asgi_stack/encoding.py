"""Write any value as one line of JSON, whatever it holds."""

from __future__ import annotations

from datetime import date, time
from enum import Enum
from typing import Final

import orjson

from asgi_stack.bounded_copy import MAX_TEXT_CHARS, BoundedCopy, shorten

__all__ = ["encode_json", "json_copy"]

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 1000
MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**64 - 1
"""What orjson writes as a number; a larger integer becomes a string."""

_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
"""orjson 3.13 ends the process with a segmentation fault where a time zone or a field raises: these are read here."""


def encode_json(data: object) -> bytes:
    """Give one line of JSON in UTF-8; never raises, and never holds a newline byte.

    What JSON has no form for is written as the nearest thing it has: NaN as null, a Decimal, UUID or date as a string,
    a set as a list, a dataclass or model as an object, bytes as text or by their size, a key that is no string as
    one, anything else by its `repr`. Where such a value stops orjson, the whole is copied within bounds (32 levels,
    1,000 items of a container, 64 KiB of a text) and encoded once more.
    """
    try:
        return orjson.dumps(data, default=json_copy, option=_OPTIONS)
    except Exception:  # noqa: BLE001 - cycles, lone surrogates, large integers, keys that are no strings, depth
        try:
            return orjson.dumps(json_copy(data))
        except Exception:  # noqa: BLE001 - the stack or the memory is at its end
            return b'{"unencodable":true}'


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
        inner = value.value
        return self.copy(inner) if isinstance(inner, (str, int, float)) else self.string(value.name)

    def key(self, value: object) -> str:
        shown = self.leaf(value)
        return shown if isinstance(shown, str) else orjson.dumps(shown).decode()

    def group(self, kind: type, items: list[object]) -> list[object]:  # noqa: ARG002 - JSON has lists only
        return items
