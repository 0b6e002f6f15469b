"""Read from a request's Accept header which of the two error formats its client wants.

Source: RFC 9110 section 12.5.1 (Accept) and 12.4.2 (quality values), RFC 9457 section 3 (problem details).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asgi_stack.types import Header

__all__ = ["accept_of", "asks_for_html", "prefers_problem_json"]

MAX_ACCEPT_BYTES: Final = 4096
"""A longer Accept is not read: browsers send about 150 bytes, and each range costs time."""

_NAME_LENGTH: Final = len(b"accept")
"""Rules nearly all names out, cheaper than lower-casing each."""

_PROBLEM: Final = b"application/problem+json"
_DEFAULT: Final = (b"application/json", b"application/*", b"*/*")
"""The ranges that match the default format, the most specific first: only the first that is there counts."""

_PAGES: Final = (b"text/html", b"application/xhtml+xml")

_READ: Final = frozenset({_PROBLEM, *_DEFAULT, *_PAGES})

_quoted: Final = re.compile(rb'"(?:[^"\\]|\\.?)*(?:"|\Z)', re.DOTALL)
"""A quoted string, or what is left when it never ends: it always matches, so the time stays linear."""

_is_weight: Final = re.compile(rb"0(?:\.[0-9]*)?|1(?:\.0*)?").fullmatch


def accept_of(headers: Iterable[Header]) -> bytes:
    """Give all Accept values of a request as one, which means the same (RFC 9110 section 5.2).

    Args:
        headers: Those of the scope; names are compared without case.
    """
    return b",".join([value for name, value in headers if len(name) == _NAME_LENGTH and name.lower() == b"accept"])


def prefers_problem_json(accept: str | bytes) -> bool:
    """Tell whether a client asks for `application/problem+json` rather than for `application/json`.

    It does when it names the type itself, with a weight above 0 and no less than that of `application/json`, whose
    weight comes from the most specific range that matches it: `application/json`, else `application/*`, else `*/*`,
    else 0. So a client that names both alike gets the problem, which it would have no other reason to name, and one
    that sends `*/*` alone gets the default.

    A parameter other than `q` narrows a range to something that is not served here, so that range does not count;
    `charset` alone has no meaning for JSON (RFC 8259 section 11). A range with a weight that is no number from 0 to 1
    does not count either; of two alike the higher one counts.

    Args:
        accept: The header's value, all of them joined by commas if there are several. One of more than 4,096 bytes
            is not read, and gives False.
    """
    if len(accept) > MAX_ACCEPT_BYTES:
        return False
    value = (accept.encode("latin-1", "replace") if isinstance(accept, str) else accept).lower()
    if b"problem+json" not in value:
        return False
    weights = _weights(value)
    wanted = weights.get(_PROBLEM, 0.0)
    return wanted > 0 and wanted >= next((weights[name] for name in _DEFAULT if name in weights), 0.0)


def asks_for_html(accept: str | bytes) -> bool:
    """Tell whether a client asks for pages, as browsers do: it names their type itself, with a weight above 0.

    Args:
        accept: As `prefers_problem_json` takes it.
    """
    if len(accept) > MAX_ACCEPT_BYTES:
        return False
    value = (accept.encode("latin-1", "replace") if isinstance(accept, str) else accept).lower()
    weights = _weights(value)
    return any(weights.get(name, 0.0) > 0 for name in _PAGES)


def _weights(accept: bytes) -> dict[bytes, float]:
    """Give the media ranges that count, with their weights."""
    found: dict[bytes, float] = {}
    for element in _quoted.sub(b'""', accept).split(b","):
        name, _, parameters = element.partition(b";")
        name = name.strip()
        if name in _READ and (weight := _weight_in(parameters)) is not None:
            found[name] = max(weight, found.get(name, 0.0))
    return found


def _weight_in(parameters: bytes) -> float | None:
    """Read the weight off a range's parameters; None where the range does not count."""
    weight = b"1"
    for parameter in parameters.split(b";"):
        key, _, value = parameter.partition(b"=")
        key = key.strip()
        # RFC 9110 section 12.5.1: a `q` is the weight wherever it stands.
        if key == b"q":
            weight = value.strip()
        elif key not in (b"", b"charset"):
            return None
    return float(weight) if _is_weight(weight) else None
