"""Shorten a log record that is too long, so that it stays whole JSON and keeps what tells most.

The largest values give first: all above a common size are cut down to it, and the others stay as they are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from asgi_stack.bounded_copy import TRUNCATED
from asgi_stack.encoding import encode_copied, json_copy

__all__ = ["MAX_RECORD_BYTES", "MORE", "cut_record"]

MAX_RECORD_BYTES: Final = 65_535
"""64 KiB with the newline."""

MORE: Final = "..."
"""The key that tells in an object that others were left out."""

FIRST_KEYS: Final = (
    *("timestamp", "time", "level", "severity", "logger", "event", "message", "@type", "serviceContext"),
    *("correlation_id", "request_id", "trace_id", "span_id", "logging.googleapis.com/trace"),
    *("logging.googleapis.com/spanId", "logging.googleapis.com/trace_sampled"),
    *("logging.googleapis.com/sourceLocation", "logging.googleapis.com/labels"),
    *("exception_type", "fingerprint", "error_code", "exception_message", "stack_trace"),
    *("method", "path", "route", "status_code", "outcome", "duration_ms", "httpRequest", "context"),
)
"""What stays in a record of so many fields that there is no room for all."""

MIN_VALUE_BYTES: Final = 256
"""No value is cut below this: of too many values the last ones are left out instead."""

MAX_KEY_CHARS: Final = 1024
MAX_DEPTH: Final = 10
"""Levels of containers that are looked into, as each is encoded once more; what is too large below is left out."""

MIN_ITEM_BYTES: Final = 2
"""A digit and a comma."""

_BRACES_BYTES: Final = 2
_KEY_BYTES: Final = len('"":,')
_NOTE: Final[dict[str, object]] = {"truncated": True}
_NOTE_BYTES: Final = len(',"truncated":true')
_MORE_BYTES: Final = len(f',"{MORE}":"{TRUNCATED}"')
_RANKS: Final = {key: rank for rank, key in enumerate(FIRST_KEYS)}

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"


class _NoRoom:
    """Stands for a value that is left out."""


_NO_ROOM: Final = _NoRoom()


def cut_record(record: Mapping[str, object], max_bytes: int = MAX_RECORD_BYTES) -> dict[str, object]:
    """Copy a record, shortened so that it takes so many bytes as JSON, with `truncated` in it.

    Args:
        record: Any values; the bounds of `json_copy` hold for them.
        max_bytes: 1,024 or more.

    Of a text the middle is left out, of a list its end, of an object what there is no room for.
    """
    ranked = sorted(record, key=lambda key: _RANKS.get(key, len(_RANKS)))
    copied = cast("dict[str, Json]", json_copy({key: record[key] for key in ranked if key != "truncated"}))
    kept = _cut_object(copied, max_bytes - _NOTE_BYTES, depth=0)
    return {key: kept[key] for key in record if key in kept} | kept | _NOTE


def _cut(value: Json, max_bytes: int, depth: int) -> Json:
    """Shorten a value that takes more than so many bytes."""
    if isinstance(value, str):
        return _cut_text(value, max_bytes)
    if depth > MAX_DEPTH:
        return TRUNCATED
    if isinstance(value, dict):
        kept = _cut_object(value, max_bytes - _MORE_BYTES, depth)
        return kept if len(kept) == len(value) else kept | {MORE: TRUNCATED}
    # Nothing else takes so much.
    return _cut_list(cast("list[Json]", value), max_bytes - _MORE_BYTES, depth)


def _cut_text(text: str, max_bytes: int) -> str:
    """Leave out the middle: messages tell most at their beginning, stack traces at their end."""
    has_end = not text.endswith(TRUNCATED)

    def shortened(kept: int) -> str:
        tail = kept // 2 if has_end else 0
        return f"{text[: kept - tail]}{TRUNCATED}{text[len(text) - tail :]}"

    lengths = range(min(len(text), max_bytes))
    fitting = bisect_right(lengths, max_bytes, key=lambda kept: len(encode_copied(shortened(kept))))
    return shortened(max(fitting - 1, 0))


def _cut_object(value: dict[str, Json], max_bytes: int, depth: int) -> dict[str, Json]:
    keys = [key for key in value if len(key) <= MAX_KEY_CHARS][: max_bytes // MIN_ITEM_BYTES]
    costs = [len(encode_copied(key)) + _KEY_BYTES - 2 for key in keys]
    kept = _fit([value[key] for key in keys], costs, max_bytes - _BRACES_BYTES, depth)
    return {key: item for key, item in zip(keys, kept, strict=True) if not isinstance(item, _NoRoom)}


def _cut_list(value: list[Json], max_bytes: int, depth: int) -> list[Json]:
    items = value[: max_bytes // MIN_ITEM_BYTES]
    kept = _fit(items, [1] * len(items), max_bytes - _BRACES_BYTES, depth)
    shown: list[Json] = [item for item in kept if not isinstance(item, _NoRoom)]
    return shown if len(shown) == len(value) else [*shown, TRUNCATED]


def _fit(values: Sequence[Json], costs: Sequence[int], max_bytes: int, depth: int) -> list[Json | _NoRoom]:
    """Shorten the largest values until all take so many bytes, each with what it costs besides; else leave some out."""
    sizes = [len(encode_copied(value)) for value in values]
    common = max(_common_size(sizes, max_bytes - sum(costs)), MIN_VALUE_BYTES)
    kept: list[Json | _NoRoom] = []
    for value, size, cost in zip(values, sizes, costs, strict=True):
        item = value if size <= common else _cut(value, common, depth + 1)
        taken = cost + (size if item is value else len(encode_copied(item)))
        kept.append(item if taken <= max_bytes else _NO_ROOM)
        max_bytes -= taken if taken <= max_bytes else 0
    return kept


def _common_size(sizes: Sequence[int], room: int) -> int:
    """Give the size down to which the larger values must be cut so that all have room."""
    waiting = len(sizes)
    for size in sorted(sizes):
        if size * waiting > room:
            return room // waiting
        room -= size
        waiting -= 1
    return max(sizes, default=0)
