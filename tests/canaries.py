"""Values made anew in each run, so that no test can pass by knowing them."""

from __future__ import annotations

import secrets

__all__ = ["canary", "card_number"]


def canary() -> str:
    """Make a secret of letters and digits that stands nowhere else."""
    return f"cn{secrets.token_hex(8)}"


def card_number(length: int = 16) -> str:
    """Make a number of 13 to 19 digits with the right check digit, of the great payment networks (3 to 6)."""
    digits = [secrets.choice("3456"), *(secrets.choice("0123456789") for _ in range(length - 2))]
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return "".join(digits) + str(-total % 10)
