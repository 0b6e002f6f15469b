"""Take secrets out of a raw query string: keys and their order stay, the values of sensitive keys go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from asgi_stack.bounded_copy import REDACTED, TRUNCATED
from asgi_stack.redaction_names import NameMatcher
from asgi_stack.redaction_text import MAX_ENCODINGS, TextRedactor, decode_name

__all__ = ["QueryRedactor", "find_card"]

MAX_QUERY_BYTES: Final = 16_384
"""Twice what common proxies accept as a whole request line (nginx 8 KiB, Apache 8,190 bytes)."""

_VALUE_HINTS: Final = rb"j[0-9a-z]{10}|:(?://|%2f%2f)|%3a(?://|%2f%2f)|b(?:asic|earer)(?:%20|[ +])"
"""A JSON web token, a whole URL or credentials as a value, in lower-case bytes."""

find_card: Final = re.compile(rb"[2-9][0-9]{3}(?:%20|[ +-])?[0-9]{4}(?:(?:%20|[ +-])?[0-9]){4}").search
"""Searches a raw query for the first twelve digits of what may be a card number; each search alone is the cheaper."""


class QueryRedactor:
    """Takes secrets out of query strings; immutable."""

    __slots__ = ("_names", "_text", "find_anything")

    def __init__(self, names: NameMatcher, text: TextRedactor) -> None:
        """Use the tests for names and for text inside values."""
        self.find_anything = re.compile(names.hints.encode() + b"|" + _VALUE_HINTS).search
        """Searches the lower-case query for anything that `redact` might replace, but for card numbers."""
        self._names = names
        self._text = text

    def redact(self, raw: bytes) -> str:
        r"""Give the query with the values of sensitive keys replaced.

        Percent-encoding is left as it came; bytes that are no UTF-8 are shown as `\xff`.
        """
        shown = raw[:MAX_QUERY_BYTES].decode("utf-8", "backslashreplace")
        redacted = "&".join([self._redact_part(part) for part in shown.split("&")])
        return redacted + TRUNCATED if len(raw) > MAX_QUERY_BYTES else redacted

    def _redact_part(self, part: str) -> str:
        """Redact one pair, or several that semicolons part: a sensitive value then takes all up to the next `&`."""
        pieces: list[str] = []
        for piece in part.split(";"):
            key, equals, value = piece.partition("=")
            name = decode_name(key)
            shown = key if self._text.redact(name) == name else REDACTED
            if equals and self._names.is_sensitive_in_query(name):
                pieces.append(f"{shown}={REDACTED}")
                break
            pieces.append(shown + equals + self._redact_value(value))
        return ";".join(pieces)

    def _redact_value(self, value: str) -> str:
        is_shown = all(self._text.redact(reading) == reading for reading in _readings(value))
        return value if is_shown else REDACTED


def _readings(value: str) -> Iterator[str]:
    """Give a value as it came and as decoding makes it, step by step: once too often, and `%2B` has become a space."""
    for _ in range(MAX_ENCODINGS):
        yield value
        if "+" in value:
            yield value.replace("+", " ")
        if "%" not in value:
            return
        value = unquote(value)
    yield value
