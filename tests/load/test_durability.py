"""What a client was told of is there afterwards, however the workers die."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from tests.integration.servers import KINDS, launched, with_flags
from tests.load.asking import ask, idle_in_transaction, query

WORKERS: Final = with_flags(next(kind for kind in KINDS if kind.name == "asgi-stack-run"), "--workers", "2")
CLIENTS: Final = 8
KILLS: Final = 24
STOCK: Final = 10_000


class Ledger:
    """What the clients know, outside of every process that may die."""

    def __init__(self) -> None:
        self.created: set[str] = set()
        self.reserved: set[str] = set()
        self.kills: Counter[str] = Counter()
        self.repeats = 0


async def create(port: int, ledger: Ledger, name: str, *, dies: bool) -> None:
    """Create an item, again and again until there is an answer; 409 after a cut answer means that it is there."""
    headers = {"x-die": "1"} if dies else {}
    while (answer := await ask(port, "POST", "/items", {"name": name, "stock": 1}, headers)) is None:
        ledger.kills["create"] += bool(headers)
        ledger.repeats += 1
        headers = {}
        await asyncio.sleep(0.05)
    assert answer[0] in {201, 409, 503}, answer
    if answer[0] != 503:
        ledger.created.add(name)


async def reserve(port: int, ledger: Ledger, path: str, key: str, *, dies: bool) -> None:
    """Reserve one piece, under one key until there is an answer."""
    headers = {"idempotency-key": key, **({"x-die": "1"} if dies else {})}
    while (answer := await ask(port, "POST", f"{path}/reserve", {"quantity": 1}, headers)) is None:
        ledger.kills["reserve"] += "x-die" in headers
        ledger.repeats += 1
        headers = {"idempotency-key": key}
        await asyncio.sleep(0.05)
    assert answer[0] in {200, 201, 409, 503}, answer
    if answer[0] in {200, 201}:
        ledger.reserved.add(key)


async def client(port: int, ledger: Ledger, path: str, number: int) -> None:
    """Write until enough workers have died."""
    turn = 0
    while ledger.kills.total() < KILLS:
        turn += 1
        # One client at a time kills: what the others have in flight there dies with it.
        dies = number == 0
        if turn % 2:
            await create(port, ledger, f"item {number}/{turn}", dies=dies)
        else:
            await reserve(port, ledger, path, f"wish {number}/{turn}", dies=dies)


@pytest.mark.timeout(150)
async def test_acknowledged_work_survives_killed_workers(empty_url: str, figure: Callable[[str], None]) -> None:
    """SIGKILL between commit and answer loses no item that was told of, and counts no reservation twice."""
    ledger = Ledger()
    with launched(
        WORKERS,
        "tests.load.app_killing:app",
        ASGI_STACK_DATABASE__URL=empty_url,
        ASGI_STACK_LOG__FORMAT="json",
    ) as server:
        server.wait_until_serving()
        made = None
        while made is None:
            made = await ask(server.port, "POST", "/items", {"name": "the one", "stock": STOCK})
        path = f"/items/{made[1]['id']}"
        async with asyncio.timeout(120):
            await asyncio.gather(*(client(server.port, ledger, path, number) for number in range(CLIENTS)))
        server.stop()  # its exit code is that of a worker which was just starting
        idle = await idle_in_transaction(empty_url)

    names = {str(row[0]) for row in await query(empty_url, "SELECT name FROM items")}
    keys = [str(row[0]) for row in await query(empty_url, "SELECT request_key FROM reservations")]
    stock = (await query(empty_url, "SELECT stock FROM items WHERE name = 'the one'"))[0][0]
    figure(
        f"durability: {ledger.kills.total()} workers killed between commit and answer, {ledger.repeats} requests "
        f"repeated; {len(ledger.created)} items told of, 0 lost; {len(ledger.reserved)} reservations, 0 counted twice"
    )

    assert ledger.kills["create"] >= 10
    assert ledger.kills["reserve"] >= 10
    assert ledger.created - names == set()
    assert ledger.reserved - set(keys) == set()
    assert len(keys) == len(set(keys))
    assert stock == STOCK - len(keys)
    assert idle == 0
