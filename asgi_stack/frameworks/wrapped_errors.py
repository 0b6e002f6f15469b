"""Find the exception behind the one that a framework raises in its place, once a response has started.

Litestar and Starlette raise an error of their own then, which says nothing but that. What an application did wrong, and
where, is its cause: that is what belongs in the log and in the fingerprint.

Source: recorded from Starlette 1.10 (`wrap_app_handling_exceptions`) and Litestar 2.25 (`ExceptionHandlerMiddleware`).
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from asgi_stack.tracebacks import leaves_of

__all__ = ["original_of"]

_STAND_INS: Final = {
    "builtins.RuntimeError": "Caught handled exception, but response already started.",
    "litestar.exceptions.base_exceptions.LitestarException": "Exception caught after response started",
}
"""The text of what is raised, by its class."""


_MOST_STEPS: Final = 20
"""Mounted apps wrap what their own have wrapped; a chain of causes may also lead back to where it began."""


def original_of(error: Exception) -> Exception:
    """Give the exception that a framework's own stands for; any other exception as it is."""
    for _ in range(_MOST_STEPS):
        cause = error.__cause__
        if not isinstance(cause, Exception) or not _stands_in(error):
            break
        error = _only_one(cause)
    return error


def _stands_in(error: Exception) -> bool:
    cls = type(error)
    text = _STAND_INS.get(f"{cls.__module__}.{cls.__qualname__}")
    return text is not None and str(error) == text


def _only_one(error: Exception) -> Exception:
    """Take an exception out of the group that it is alone in: Litestar streams from within a task group."""
    leaves = list(islice(leaves_of(error), 2))
    only = leaves[0] if len(leaves) == 1 else error
    return only if isinstance(only, Exception) else error
