"""Take secrets out of a raw query string: keys and their order stay, the values of sensitive keys go."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus

from asgi_stack.bounded_copy import REDACTED, TRUNCATED
from asgi_stack.redaction_names import NameMatcher
from asgi_stack.redaction_text import TextRedactor

__all__ = ["QueryRedactor"]

MAX_QUERY_BYTES: Final = 16_384
"""Twice what common proxies accept as a whole request line (nginx 8 KiB, Apache 8,190 bytes)."""

_MAX_ENCODINGS: Final = 3
"""`%2574oken` is `token` encoded twice; a key that is encoded more often than this reaches no handler as a name."""

_VALUE_HINTS: Final = rb"j[0-9a-z]{10}|:(?://|%2f%2f)|%3a(?://|%2f%2f)"
"""A JSON web token or a whole URL as a value, in lower-case bytes."""


class QueryRedactor:
    """Takes secrets out of query strings; immutable."""

    __slots__ = ("_names", "_text", "find_anything")

    def __init__(self, names: NameMatcher, text: TextRedactor) -> None:
        """Use the tests for names and for text inside values."""
        self.find_anything = re.compile(names.hints.encode() + b"|" + _VALUE_HINTS).search
        """Searches the lower-case query for anything that `redact` might replace."""
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
            name = _decode(key)
            shown = key if self._text.redact(name) == name else REDACTED
            if equals and self._names.is_sensitive_in_query(name):
                pieces.append(f"{shown}={REDACTED}")
                break
            pieces.append(shown + equals + self._redact_value(value))
        return ";".join(pieces)

    def _redact_value(self, value: str) -> str:
        decoded = _decode(value)
        return value if self._text.redact(decoded) == decoded else REDACTED


def _decode(part: str) -> str:
    for _ in range(_MAX_ENCODINGS):
        if "%" not in part and "+" not in part:
            break
        part = unquote_plus(part)
    return part
