"""Flush at the end of processes that `multiprocessing` starts: those it forks end without what atexit has.

It has a list of its own for them, which is emptied when a forked child begins. Its parts are imported where they are
used: a process that has not loaded it is no child of its, and forks none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

__all__ = ["flush_at_end_of_child", "flush_at_end_of_forked_child"]

_LAST: Final = -100
"""Finalizers of others, which may log, run before: the higher numbers come first."""

_armed_in: int | None = None
"""The process that flushes at its end already."""


def flush_at_end_of_child(flush: Callable[[], object]) -> None:
    """Flush when this process ends, if it is a child of multiprocessing."""
    if "multiprocessing.process" in sys.modules:
        from multiprocessing.process import parent_process  # noqa: PLC0415

        if parent_process() is not None:
            _arm(flush)


def flush_at_end_of_forked_child(flush: Callable[[], object]) -> None:
    """Flush when this process ends, if it turns out to be a child of multiprocessing; it was forked just now."""
    if "multiprocessing.util" in sys.modules:
        from multiprocessing.util import register_after_fork  # noqa: PLC0415

        register_after_fork(flush, _arm)


def _arm(flush: Callable[[], object]) -> None:
    global _armed_in  # noqa: PLW0603 - the end of a process is one for all sinks
    if _armed_in != os.getpid():
        from multiprocessing.util import Finalize  # noqa: PLC0415

        _armed_in = os.getpid()
        Finalize(None, flush, exitpriority=_LAST)
