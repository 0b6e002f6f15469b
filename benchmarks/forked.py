"""Run each piece of work in a child process of its own, all of them copies of one parent that has imported everything.

What the parent did until then is in the count of every child alike, so it cancels out where two are subtracted; and
the imports, which take valgrind longer than thousands of requests, are done once.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import TextIO

__all__ = ["run_in_children"]


def run_in_children(works: Mapping[str, Callable[[], object]], told: TextIO) -> None:
    """Run one after the other, and tell the process of each: a line with its id, a space and the name.

    Args:
        works: What to run, by names without a newline.
        told: Where the lines go.

    Raises:
        ChildProcessError: A child failed; its traceback is on standard error.
    """
    for name, work in works.items():
        child = os.fork()
        if child == 0:
            _work_and_exit(work)
        _, status = os.waitpid(child, 0)
        if status != 0:
            raise ChildProcessError(f"{name}: failed with exit code {os.waitstatus_to_exitcode(status)}")
        told.write(f"{child} {name}\n")
        told.flush()


def _work_and_exit(work: Callable[[], object]) -> None:
    """Never come back: neither the parent's `finally` nor its atexit handlers are the child's."""
    try:
        work()
    except BaseException:  # noqa: BLE001 - whatever it is, the parent's loop must not go on in the child
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
