"""Take payment card numbers out of a text: 13 to 19 digits with the right check digit, in one piece or in groups."""

from __future__ import annotations

import re
from typing import Final

from asgi_stack.bounded_copy import REDACTED

__all__ = ["MIN_CARD_DIGITS", "redact_cards"]

MIN_CARD_DIGITS: Final = 13
MAX_CARD_DIGITS: Final = 19
MIN_GROUP: Final = 4
MAX_GROUPS: Final = 5
"""ISO/IEC 7812-1 numbers, as cards print them: 4-4-4-4, 4-6-5, 4-4-4-4-3."""

_DIGITS: Final = re.compile(
    r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])"  # a UUID
    r"|(?<![0-9])[0-9]{1,12}\.[0-9]{13,}"  # a float
    r"|(?<![0-9])([0-9]+(?:[ -][0-9]++(?!\.[0-9]{13}))*+)",
)
"""Groups of digits with single spaces or dashes between them; the first two hold digits too, and are no cards."""

_CARD: Final = re.compile(r"[2-9](?:[ -]?[0-9]){12}")
_SEPARATOR: Final = re.compile(r"([ -])")
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
"""A digit doubled, and the digits of the result added: 7 gives 14 gives 5."""


def redact_cards(text: str) -> str:
    """Give the text with each card number replaced."""
    return _DIGITS.sub(_redact_run, text) if _has_digits(text) and _CARD.search(text) else text


def _has_digits(text: str) -> bool:
    """Tell whether there are as many digits as the shortest card number has: a count is cheaper than a search."""
    return len(text.encode("ascii", "replace").translate(None, _NO_DIGITS)) >= MIN_CARD_DIGITS


def _redact_run(match: re.Match[str]) -> str:
    """Replace the card numbers in a run of digit groups; which groups belong to a number is found by trying."""
    if match[1] is None:
        return match[0]
    parts = _SEPARATOR.split(match[1])
    groups, gaps = parts[::2], [*parts[1::2], ""]
    shown: list[str] = []
    hidden_to = 0  # numbers may overlap by chance: all groups that can belong to one go
    for index, group in enumerate(groups):
        taken = _groups_of_card(groups[index : index + MAX_GROUPS])
        if index >= hidden_to:
            shown.append(REDACTED if taken else group)
        hidden_to = max(hidden_to, index + taken)
        if index >= hidden_to - 1:
            shown.append(gaps[index])
    return "".join(shown)


def _groups_of_card(groups: list[str]) -> int:
    """Say how many groups, from the first on, are one card number: 13 to 19 digits that pass Luhn.

    Only the last group may have fewer than four digits, and none begins with 0 or 1: lists of small numbers and
    Unix timestamps would be taken for cards.
    """
    if groups[0] < "2":
        return 0
    digits, found = "", 0
    for taken, group in enumerate(groups, 1):
        digits += group
        if MIN_CARD_DIGITS <= len(digits) <= MAX_CARD_DIGITS and _passes_luhn(digits):
            found = taken
        if len(group) < MIN_GROUP or len(digits) > MAX_CARD_DIGITS:
            break
    return found


def _passes_luhn(digits: str) -> bool:
    """Check the last digit (ISO/IEC 7812-1, annex B): every second digit from the right counts double."""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0
