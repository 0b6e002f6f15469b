"""What the checks of scopes and messages share: reading iterables without using them up, pairs, and header lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypeGuard, cast

from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Header, Message

__all__ = ["check_headers", "header_pairs", "is_number", "is_text_dict", "items_of", "rereadable", "unread"]

_HEADERS_MISSING: Final = object()
_PAIR: Final = 2

_token: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_no_value: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]|\A[ \t]|[ \t]\Z").search

_Values: TypeAlias = MutableMapping[str, object]


def rereadable(values: _Values, *keys: str) -> _Values:
    """Give a scope or message as it is; or a copy in which a list stands for what can be read only once.

    Args:
        values: The scope or the message.
        keys: Where a generator, or a pair that is one, may be.
    """
    read = {key: _as_list(values[key]) for key in keys if key in values and _reads_once(values[key])}
    return {**values, **read} if read else values


def unread(values: _Values, *keys: str) -> _Values:
    """Give a scope or message as it is; or a copy in which nothing stands for what can be read only once."""
    read_once = {key: () for key in keys if key in values and _reads_once(values[key])}
    return {**values, **read_once} if read_once else values


def items_of(value: object) -> list[object] | None:
    """Give the items of an iterable; None for anything else, and for texts and bytes, which iterate by accident."""
    if isinstance(value, str | bytes | bytearray) or not isinstance(value, Iterable):
        return None
    return list(cast("Iterable[object]", value))


def is_number(value: object) -> bool:
    """Tell whether a value is a whole number; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_text_dict(value: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a value is a dict whose keys are texts."""
    return isinstance(value, dict) and all(isinstance(key, str) for key in cast("dict[object, object]", value))


def header_pairs(value: object) -> list[Header] | str:
    """Give the headers of a scope or message as pairs of bytes, or say what is wrong with them."""
    items = items_of(value)
    if items is None:
        return f"headers is {kind(value)}"
    pairs: list[Header] = []
    for item in items:
        pair = items_of(item)
        if pair is None or len(pair) != _PAIR:
            return f"a header is {kind(item)}" + ("" if pair is None else f" of {len(pair)}")
        name, content = pair
        if not isinstance(name, bytes):
            return f"the name of a header is {shown(name)}"
        if not isinstance(content, bytes):
            return f"the value of the header {shown(name)} is {kind(content)}"
        pairs.append((name, content))
    return pairs


def check_headers(message: Message, report: Reporter, *, required: bool = False) -> list[Header]:
    """Check the headers that an app sends, and give them; none where they are no pairs of bytes."""
    found = message.get("headers", _HEADERS_MISSING if required else ())
    pairs = f"{message['type']} has no headers" if found is _HEADERS_MISSING else header_pairs(found)
    if isinstance(pairs, str):
        report("http.headers", pairs)
        return []
    for name, value in pairs:
        _check_header(name, value, report)
    return pairs


def _check_header(name: bytes, value: bytes, report: Reporter) -> None:
    if name.startswith(b":"):
        report("http.pseudo-header", f"a header is named {shown(name)}")
    elif not _token(name):
        report("http.header-name", f"a header is named {shown(name)}")
    if name != name.lower():
        report("http.header-name-case", f"a header is named {shown(name)}")
    if _is_no_value(value):
        report("http.header-value", f"the value of the header {shown(name)} has one")
    if name.lower() == b"transfer-encoding":
        report("http.transfer-encoding", "it is among the headers")


def _reads_once(value: object) -> bool:
    return _is_iterator(value) or any(map(_is_iterator, _items(value)))


def _as_list(value: object) -> list[object]:
    return [_items(item) if _is_iterator(item) else item for item in _items(value)]


def _is_iterator(value: object) -> bool:
    return isinstance(value, Iterator)


def _items(value: object) -> list[object]:
    return items_of(value) or []
