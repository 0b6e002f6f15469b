"""Say a status in words, the same on every Python."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

__all__ = ["FIRST_SERVER_ERROR", "phrase_of"]

FIRST_SERVER_ERROR: Final = 500
"""From here on the server failed, and not the client (RFC 9110 section 15.6)."""

_PHRASES: Final[Mapping[int, str]] = {
    **{status.value: status.phrase for status in HTTPStatus},
    # As RFC 9110 section 15.5 has them; the standard library does only from Python 3.13 on.
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


def phrase_of(status: int) -> str:
    """Give a status in words; an unknown one counts as the first of its class (RFC 9110 section 15), 499 as 400."""
    return _PHRASES.get(status) or _PHRASES.get(status // 100 * 100, "Unknown")
