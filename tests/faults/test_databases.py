"""Rows 34 to 42: a database that refuses, is not there, goes away, or is asked for by too many."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from asgi_stack.testing.postgres import PostgresServer, postgres_server
from tests.database.projects import migrating, project_in
from tests.faults.stalling_proxy import wire_to
from tests.faults.standard import fresh_id, secret
from tests.integration.contract import assert_error
from tests.integration.servers import Server, ServerKind, launched, serving
from tests.integration.wire import Response, one_request
from tests.load.asking import crash, crash_proof, idle_in_transaction, query

APP: Final = "tests.faults.app_database:app"
REFUSED: Final = "postgresql://shop:{password}@127.0.0.1:1/shop"


@pytest.fixture(scope="module")
def own_postgres() -> Generator[PostgresServer]:
    """Start a PostgreSQL that may be crashed."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def url(own_postgres: PostgresServer) -> str:
    """Make an empty database."""
    return crash_proof(own_postgres.create_database(f"faults_{uuid4().hex[:8]}"))


@contextmanager
def shop(kind: ServerKind, url: str, **database: str) -> Iterator[Server]:
    """Serve the app with a database, its tables made at the start."""
    options = {f"ASGI_STACK_DATABASE__{name.upper()}": value for name, value in database.items()}
    with serving(kind, APP, ASGI_STACK_DATABASE__URL=url, ASGI_STACK_DATABASE__MIGRATE_AT_START="true", **options) as s:
        yield s


async def get(server: Server, path: str, correlation_id: str = "") -> Response:
    """Ask for a path."""
    return await one_request(server.port, path, headers={"x-correlation-id": correlation_id or fresh_id(34)})


async def checked_out(server: Server) -> bytes:
    """Say how many connections the server's pool has in use."""
    return (await get(server, "/state")).body


async def until_well(server: Server) -> None:
    """Ask until the database is there again, for a second."""
    async with asyncio.timeout(1):
        while (await get(server, "/names")).status != 200:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.05)


def lines_until(process: subprocess.Popen[str], word: str) -> str:
    """Read what a process writes, up to the line with a word."""
    assert process.stdout is not None
    read = ""
    while word not in read:
        line = process.stdout.readline()
        assert line, f"ended after {read}"
        read += line
    return read


async def test_row_34_constraints_and_casts(kind: ServerKind, url: str) -> None:
    """A taken name is 409, a failed cast 500; the log has the constraint, and nobody has the values."""
    hidden = secret()
    conflict, cast = fresh_id(34), fresh_id(34)
    with shop(kind, url) as server:
        await get(server, f"/add?token={hidden}")
        taken = await get(server, f"/add?token={hidden}", conflict)
        failed = await get(server, f"/cast?token={hidden}", cast)
        (line,) = await server.error_lines(conflict)
        lines = [line for line in server.output if '"request_completed"' not in line]

    assert_error(taken, 409, "CONFLICT", conflict)
    assert_error(failed, 500, "INTERNAL_ERROR", cast)
    assert "uq_items_name" in str(line)
    assert hidden not in "".join(lines) + repr((taken.body, failed.body))


@pytest.mark.parametrize(
    "address",
    ["postgresql://shop:{password}@127.0.0.1:port/shop", REFUSED, "postgresql://shop:{password}@nowhere.invalid/shop"],
    ids=["bad port", "refused", "unknown host"],
)
def test_row_35_bad_addresses(kind: ServerKind, address: str) -> None:
    """The server does not start, says why, and keeps the password to itself."""
    password = f"50%25{secret()}"
    with launched(
        kind,
        APP,
        ASGI_STACK_DATABASE__URL=address.format(password=password),
        ASGI_STACK_DATABASE__STARTUP_TIMEOUT_S="0.3",
    ) as server:
        server.wait()

    assert not server.port
    assert any(word in server.transcript() for word in ("cannot be read", "cannot connect", "ServiceUnavailable"))
    assert password.removeprefix("50%25") not in server.transcript()


async def test_row_36_down_at_the_start(kind: ServerKind) -> None:
    """Required: the start fails within its time, a line a step. Optional: alive, not ready, 503 for who needs it."""
    address = REFUSED.format(password="hunter2")
    began = time.monotonic()
    with launched(kind, APP, ASGI_STACK_DATABASE__URL=address, ASGI_STACK_DATABASE__STARTUP_TIMEOUT_S="0.8") as server:
        server.wait()
    steps = server.find(event="database_not_ready")
    with serving(kind, APP, ASGI_STACK_DATABASE__URL=address, ASGI_STACK_DATABASE__REQUIRED="false") as optional:
        live, ready, needy, other = [
            await get(optional, path) for path in ("/health/live", "/health/ready", "/names", "/")
        ]

    assert time.monotonic() - began < 15
    assert [step["attempt"] for step in steps] == list(range(1, len(steps) + 1))
    assert 2 <= len(steps) <= 4
    assert [answer.status for answer in (live, ready, needy, other)] == [200, 503, 503, 200]
    assert needy.value("retry-after") == "1"


async def test_row_37_restarted_under_load(kind: ServerKind, url: str) -> None:
    """What is in flight is a 503, and a second after PostgreSQL is back nothing fails any more."""
    with shop(kind, url) as server:
        flying = [asyncio.create_task(get(server, "/sleep?s=0.6")) for _ in range(5)]
        await asyncio.sleep(0.3)
        await crash(url)
        await until_well(server)
        answers = await asyncio.gather(*flying)
        after = [await get(server, "/names") for _ in range(20)]
        used, idle = await checked_out(server), await idle_in_transaction(url)

    assert {answer.status for answer in answers} <= {200, 503}
    assert 503 in {answer.status for answer in answers}
    assert {answer.status for answer in after} == {200}
    assert (used, idle) == (b"0", 0)


async def test_row_38_black_hole(kind: ServerKind, url: str) -> None:
    """A wire that is dead is a 503 within the limit of a command and a second, and all is well when it is back."""
    port = urlsplit(url).port
    assert port is not None
    async with wire_to(port) as wire:
        address = url.replace(f":{port}/", f":{wire.port}/")
        starting = shop(kind, address, command_timeout_s="2", connect_timeout_s="1")
        # Aside, since the wire needs this loop while the server starts and stops.
        server = await asyncio.to_thread(starting.__enter__)
        try:
            before = await get(server, "/names")
            wire.die()
            began = time.monotonic()
            dead = await asyncio.gather(*(get(server, "/names") for _ in range(3)))
            took_s = time.monotonic() - began
            wire.come_back()
            await until_well(server)
            used = await checked_out(server)
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)

    assert before.status == 200
    assert {answer.status for answer in dead} == {503}
    assert took_s < 2 + 1
    assert used == b"0"


async def test_row_39_pool_exhausted(kind: ServerKind, url: str) -> None:
    """50 requests for two connections: those that wait too long are 503, on time, and say when to come again."""
    with shop(kind, url, pool_size="2", max_overflow="0", pool_timeout_s="0.5") as server:
        began = time.monotonic()
        answers = await asyncio.gather(*(get(server, "/sleep?s=0.3") for _ in range(50)))
        took_s = time.monotonic() - began
        used = await checked_out(server)

    statuses = Counter(answer.status for answer in answers)
    refused = [answer for answer in answers if answer.status == 503]
    assert set(statuses) == {200, 503}
    assert {answer.value("retry-after") for answer in refused} == {"1"}
    assert took_s < 0.5 + 0.3 + 1
    assert used == b"0"


async def test_row_40_cancelled_in_a_transaction(kind: ServerKind, url: str) -> None:
    """Nothing is written, no connection is lost, and none waits in a transaction."""
    sent = fresh_id(40)
    with shop(kind, url) as server:
        await get(server, "/cancel?name=Lamp", sent)
        line = await server.request_line(sent)
        names, used = (await get(server, "/names")).body, await checked_out(server)
        idle = await idle_in_transaction(url)
        server.take_noise()

    assert line["outcome"] == "cancelled"
    assert (names, used, idle) == (b"", b"0", 0)


async def test_row_41_failing_handler_and_commit(kind: ServerKind, url: str) -> None:
    """An error keeps nothing, a failed commit is no 200, and a handler that forgets to commit need not."""
    with shop(kind, url) as server:
        raised, lazy, again = [
            await get(server, path) for path in ("/raise?name=Chair", "/lazy?name=Lamp", "/lazy?name=Lamp")
        ]
        names = (await get(server, "/names")).body

    assert (raised.status, lazy.status, again.status) == (500, 200, 409)
    assert names == b"Lamp"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
async def test_row_42_many_processes_migrate(own_postgres: PostgresServer, tmp_path: Path, backend: str) -> None:
    """Eight at once, and the one that has the lock is killed while its DDL is open: one after it does all the work."""
    folder = project_in(tmp_path).parent
    url = f"sqlite:///{tmp_path}/things.sqlite3"
    if backend == "postgresql":
        url = own_postgres.create_database(f"faults_{uuid4().hex[:8]}")
    command = ("asgi_stack", "db", "upgrade")
    first = migrating(folder, url, *command, DDL_TAKES_S="60")
    await asyncio.to_thread(lines_until, first, "DDL of")
    others = [migrating(folder, url, *command, ASGI_STACK_LOG__FORMAT="json") for _ in range(7)]
    begun = await asyncio.gather(*(asyncio.to_thread(lines_until, other, "migration_lock_waiting") for other in others))
    killed_at = time.monotonic()
    first.kill()
    ends = await asyncio.gather(*(asyncio.to_thread(other.communicate) for other in others))
    took_s = time.monotonic() - killed_at
    await asyncio.to_thread(first.communicate)
    print(f"migrations, {backend}: all seven done {took_s:.2f} s after the kill")  # noqa: T201 - a figure

    outputs = [before + after for before, (after, _) in zip(begun, ends, strict=True)]
    assert [other.returncode for other in others] == [0] * 7
    assert sum("DDL of" in out for out in outputs) == 1
    if backend == "postgresql":
        assert await query(url, "SELECT version_num FROM alembic_version") == [("0001",)]


async def test_row_45_sigterm_with_queries_in_flight(kind: ServerKind, url: str) -> None:
    """What is being asked is answered, and the connections close after that, without a word about it."""
    with shop(kind, url) as server:
        flying = [asyncio.create_task(get(server, "/sleep?s=1")) for _ in range(5)]
        await asyncio.sleep(0.4)
        server.terminate()
        answers = await asyncio.gather(*flying)
        code = await asyncio.to_thread(server.wait)
        lines = len(server.find(event="request_completed", status_code=200))
        noise = server.take_noise()

    assert {answer.status for answer in answers} == {200}
    assert code in kind.exit_codes
    assert (lines, noise) == (5, [])
