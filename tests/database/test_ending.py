"""Work that must end although its caller is cancelled."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from asgi_stack.database import ending
from asgi_stack.database.ending import run_to_its_end


async def test_error_of_the_work_is_raised() -> None:
    """Without a cancellation it is as if the work had been awaited."""

    async def work() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await run_to_its_end(work(), limit_s=1)


@pytest.mark.parametrize("cancellations", [1, 2, 5])
async def test_cancellations_wait_for_the_end(cancellations: int) -> None:
    """However many come, the work is done first, and then the caller is cancelled."""
    done = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.05)
        done.set()

    task = asyncio.create_task(run_to_its_end(work(), limit_s=5))
    for _ in range(cancellations):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert done.is_set()


async def test_work_is_cancelled_at_its_limit() -> None:
    """A rollback over a dead connection is given up."""
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled")

    began = asyncio.get_running_loop().time()
    await run_to_its_end(work(), limit_s=0.05)

    assert ended == ["cancelled"]
    assert asyncio.get_running_loop().time() - began < 1


async def test_work_that_will_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who ignores its cancellation holds nobody up."""
    monkeypatch.setattr(ending, "LAST_CHANCE_S", 0.05)
    stop = asyncio.Event()

    async def work() -> None:
        while not stop.is_set():
            with suppress(asyncio.CancelledError):
                await stop.wait()

    began = asyncio.get_running_loop().time()
    await run_to_its_end(work(), limit_s=0.05)

    assert asyncio.get_running_loop().time() - began < 1
    stop.set()
    await asyncio.sleep(0)
