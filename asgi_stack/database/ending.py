"""Bring work to its end although whoever waits for it is cancelled, and for no longer than it may take."""

from __future__ import annotations

from asyncio import CancelledError, create_task, get_running_loop, wait
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["LAST_CHANCE_S", "run_to_its_end"]

LAST_CHANCE_S: Final = 1.0
"""How long work that was cancelled at its limit may take to give up."""


async def run_to_its_end(work: Coroutine[object, object, None], *, limit_s: float) -> None:
    """Run work in a task of its own, cancel it at its limit, and only then pass a cancellation on.

    A rollback must not be cut off by the second cancellation of a server in a hurry: its connection would stay in
    its transaction until somebody else is given it.

    Args:
        work: What must end.
        limit_s: Seconds that it may take.

    Raises:
        CancelledError: The caller was cancelled meanwhile.
        Exception: What the work raised, unless the caller was cancelled.
    """
    task = create_task(work)
    loop = get_running_loop()
    deadline = loop.time() + limit_s
    cancelled: CancelledError | None = None
    while not task.done() and loop.time() < deadline + LAST_CHANCE_S:
        if loop.time() >= deadline:
            task.cancel()
        limit = deadline if loop.time() < deadline else deadline + LAST_CHANCE_S
        try:
            await wait({task}, timeout=limit - loop.time())
        except CancelledError as error:
            cancelled = error
    failure = task.exception() if task.done() and not task.cancelled() else None
    if cancelled is not None:
        raise cancelled
    if failure is not None:
        raise failure
