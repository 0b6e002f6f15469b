"""How the shops fail on purpose, each of them alike."""

from __future__ import annotations

from typing import Final, NoReturn

from asgi_stack.exceptions import ConflictError

SECRET: Final = "CANARY-16180"  # noqa: S105 - it stands for one
"""In the message of an unknown exception: no client may ever see it."""

CLOSED_TEXT: Final = "Back at ten"
"""What a handler of the shop's own says."""

PAGE: Final = "<!doctype html><title>Shop</title><h1>Shop</h1>"

OWN_PAGE: Final = "<!doctype html><title>Sorry</title><h1>Sorry</h1>"
"""The custom error page for a 500."""


def fail() -> NoReturn:
    """Fail as a bug does."""
    raise RuntimeError(SECRET)


def conflict() -> NoReturn:
    """Fail as the stack's users do."""
    raise ConflictError("It changed", details={"version": 2})
