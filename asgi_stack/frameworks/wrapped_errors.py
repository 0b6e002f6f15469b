"""Find the exception behind the one that a framework raises in its place.

Litestar and Starlette raise an error of their own once a response has started, which says nothing but that; Quart has a
task group of its own, which raises a group of one. What an application did wrong, and where, belongs in the log and in
the fingerprint.

Source: recorded from Starlette 1.10 (`wrap_app_handling_exceptions`), Litestar 2.25 (`ExceptionHandlerMiddleware`) and
Quart 0.23 (`ASGIHTTPConnection`).
"""

from __future__ import annotations

from asyncio import TaskGroup
from collections import deque
from itertools import islice
from traceback import walk_tb
from typing import Final

from asgi_stack.tracebacks import leaves_of

__all__ = ["original_of"]

_STAND_INS: Final = {
    "builtins.RuntimeError": "Caught handled exception, but response already started.",
    "litestar.exceptions.base_exceptions.LitestarException": "Exception caught after response started",
}
"""The text of what is raised, by its class."""


_FRAMEWORKS: Final = frozenset({"litestar", "quart", "starlette"})

_MOST_STEPS: Final = 20
"""Mounted apps wrap what their own have wrapped; a chain of causes may also lead back to where it began."""


def original_of(error: Exception) -> Exception:
    """Give the exception that a framework's own stands for; any other exception as it is."""
    for _ in range(_MOST_STEPS):
        cause = error.__cause__
        if isinstance(cause, Exception) and _stands_in(error):
            error = _only_one(cause)
        elif _is_of_task_group(error) and _only_one(error) is not error:
            error = _only_one(error)
        else:
            break
    return error


def _stands_in(error: Exception) -> bool:
    cls = type(error)
    text = _STAND_INS.get(f"{cls.__module__}.{cls.__qualname__}")
    return text is not None and str(error) == text


def _is_of_task_group(error: Exception) -> bool:
    """Tell whether a task group of a framework's own raised it, as Quart has one around each request since 0.23."""
    if type(error) is not ExceptionGroup:
        return False
    modules: deque[str] = deque(maxlen=2)
    for frame, _ in walk_tb(error.__traceback__):
        modules.append(str(frame.f_globals.get("__name__")))
    outer, inner = modules if modules.maxlen == len(modules) else ("", "")
    return outer.partition(".")[0] in _FRAMEWORKS and inner == TaskGroup.__module__


def _only_one(error: Exception) -> Exception:
    """Take an exception out of the group that it is alone in."""
    leaves = list(islice(leaves_of(error), 2))
    only = leaves[0] if len(leaves) == 1 else error
    return only if isinstance(only, Exception) else error
