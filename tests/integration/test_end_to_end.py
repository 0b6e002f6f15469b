"""One request through everything: its id in header, body, log, database row and error."""

from __future__ import annotations

import asyncpg
import pytest

from tests.database.opening import emptied
from tests.integration.contract import assert_error, assert_headers
from tests.integration.servers import KINDS, ServerKind, serving
from tests.integration.wire import connect

BOTH = [kind for kind in KINDS if kind.name in {"uvicorn-httptools-uvloop", "hypercorn"}]
SLOWEST_MS = 1000
"""Far above the few milliseconds that it takes: what is shown is that nothing waits for a timeout."""


@pytest.mark.parametrize("server_kind", BOTH, ids=lambda kind: kind.name)
async def test_one_id_is_found_everywhere(server_kind: ServerKind, database_url: str) -> None:
    """A reservation that succeeds and one that breaks a rule, each from the client to the database and back."""
    await emptied(database_url)
    with serving(server_kind, "app.main:app", ASGI_STACK_DATABASE__URL=database_url) as server:
        async with connect(server.port) as connection:
            made = await connection.request("/items", body=b'{"name": "Lamp", "stock": 1}')
            path = f"/items/{made.json()['id']}/reserve"
            done, refused = [
                await connection.request(path, headers={"x-correlation-id": sent}, body=b'{"quantity": 1}')
                for sent in ("e2e-done", "e2e-refused")
            ]
        line, refusal = await server.request_line("e2e-done"), await server.request_line("e2e-refused")
        (error,) = await server.error_lines("e2e-refused")
        database = await asyncpg.connect(database_url, ssl=False)
        rows = [tuple(row) for row in await database.fetch("SELECT correlation_id, quantity FROM reservations")]
        await database.close()

    assert_headers(done, "e2e-done")
    assert_error(refused, 422, "OUT_OF_STOCK", "e2e-refused")
    assert (done.status, done.json()["stock"]) == (201, 0)
    assert [(each["status_code"], each["route"]) for each in (line, refusal)] == [
        (201, "/items/{id}/reserve"),
        (422, "/items/{id}/reserve"),
    ]
    assert (error["error_code"], error["context"]) == ("OUT_OF_STOCK", {"requested": 1})
    assert error["request_id"] == refusal["request_id"] == refused.value("x-request-id")
    assert rows == [("e2e-done", 1)]
    assert float(str(line["duration_ms"])) < SLOWEST_MS
