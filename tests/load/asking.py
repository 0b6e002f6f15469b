"""Ask a server from many places at once, also while it dies, and ask PostgreSQL about it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from tests.integration.wire import connect, render_request

__all__ = ["ask", "crash", "crash_proof", "idle_in_transaction", "query"]

CRASH_TIMEOUT_S: Final = 30.0


async def ask(
    port: int, method: str, path: str, payload: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, object]] | None:
    """Make one request on a connection of its own; None when it is cut before the whole answer is there."""
    body = None if payload is None else json.dumps(payload).encode()
    try:
        async with connect(port) as connection:
            await connection.send(render_request(path, method=method, headers=headers, body=body))
            response = await connection.response()
    except OSError:
        return None
    if not response.is_complete:
        return None
    return response.status, json.loads(response.body) if response.body else {}


async def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """Ask PostgreSQL, outside of any server under test."""
    connection = await asyncpg.connect(url, ssl=False)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def idle_in_transaction(url: str) -> int:
    """Count the connections to a database that wait within a transaction."""
    name = urlsplit(url).path.removeprefix("/")
    states = await query(url, "SELECT datname, state FROM pg_stat_activity")
    return sum(state == "idle in transaction" for datname, state in states if datname == name)


def crash_proof(url: str) -> str:
    """Let a database keep what it has committed through a crash, which the tests' PostgreSQL does not; give its URL."""
    name = urlsplit(url).path.removeprefix("/")
    asyncio.run(query(url, f"ALTER DATABASE {name} SET synchronous_commit = on"))
    return url


async def crash(url: str) -> float:
    """Kill a process that PostgreSQL cannot do without, and give the time at which it takes connections again.

    It cuts all connections, recovers, and refuses everybody meanwhile.
    """
    pid = (await query(url, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))[0][0]
    os.kill(int(str(pid)), signal.SIGKILL)
    was_away = False
    async with asyncio.timeout(CRASH_TIMEOUT_S):
        while not (is_there := await _answers(url)) or not was_away:
            was_away = was_away or not is_there
            await asyncio.sleep(0.005)
    return perf_counter()


async def _answers(url: str) -> bool:
    try:
        await query(url, "SELECT 1")
    except (OSError, asyncpg.PostgresError):
        return False
    return True
