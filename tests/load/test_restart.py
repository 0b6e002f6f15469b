"""PostgreSQL goes away and comes back in the middle of a load that its pool can hardly carry."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from time import perf_counter
from typing import Final

import pytest

from tests.integration.servers import KINDS, ServerKind, serving
from tests.load.asking import ask, crash, idle_in_transaction

REQUESTS: Final = 200
SERVERS: Final = [kind for kind in KINDS if kind.name in {"uvicorn-httptools-uvloop", "hypercorn"}]


async def timed(port: int) -> tuple[int | None, float]:
    """Ask once, and give the status with the time at which it came."""
    answer = await ask(port, "GET", "/work")
    return None if answer is None else answer[0], perf_counter()


@pytest.mark.timeout(90)
@pytest.mark.parametrize("kind", SERVERS, ids=lambda kind: kind.name)
async def test_database_restarts_under_load(kind: ServerKind, empty_url: str, figure: Callable[[str], None]) -> None:
    """200 requests at once over a pool of 5: each gets 200 or 503, nothing stays in use, and all is well soon after."""
    with serving(
        kind,
        "tests.load.app_pool:app",
        ASGI_STACK_DATABASE__URL=empty_url,
        ASGI_STACK_DATABASE__POOL_SIZE="5",
        ASGI_STACK_DATABASE__MAX_OVERFLOW="0",
    ) as server:
        load = [asyncio.create_task(timed(server.port)) for _ in range(REQUESTS)]
        for first in asyncio.as_completed(load[: REQUESTS // 4]):
            await first
        crashed_at = perf_counter()
        back_at = await crash(empty_url)
        answers = await asyncio.gather(*load)
        after = [await ask(server.port, "GET", "/work") for _ in range(20)]
        pool = await ask(server.port, "GET", "/pool")
        idle = await idle_in_transaction(empty_url)

    statuses = Counter(status for status, _ in answers)
    recovery_s = max((at for status, at in answers if status == 503), default=back_at) - back_at
    figure(
        f"L5 {kind.name}: {dict(statuses)}, PostgreSQL was away for {(back_at - crashed_at) * 1000:.0f} ms, the last "
        f"503 came {recovery_s * 1000:.0f} ms after it was back; then "
        f"connections in use {pool and pool[1]}, idle in transaction {idle}"
    )

    assert set(statuses) == {200, 503}
    assert recovery_s < 1
    assert [answer and answer[0] for answer in after] == [200] * 20
    assert pool is not None
    assert str(pool[1]) == "0"
    assert idle == 0
