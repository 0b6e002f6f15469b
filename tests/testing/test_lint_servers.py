"""Real servers around lints: neither they nor the stack are accused, whatever a client does."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import connect as dial
from websockets.exceptions import InvalidStatus

from tests.integration.servers import KINDS, Server, ServerKind, serving
from tests.integration.wire import connect, one_request, render_request

CHOSEN = {"uvicorn-h11-asyncio", "uvicorn-httptools-uvloop", "hypercorn"}
"""Each parser and each server once; the other kinds differ in what no message shows."""

every_kind = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind.name in CHOSEN], ids=lambda kind: kind.name
)


def at_the_end(server: Server) -> Iterator[str]:
    """Give what the app said of its lints once its lifespan was over."""
    return (line for line in server.output if line.startswith("violations:"))


async def ask(server: Server, path: str, *, method: str = "GET") -> int:
    """Make a request without a body and give its status."""
    async with connect(server.port) as connection:
        await connection.send(render_request(path, method=method))
        return (await connection.response(method)).status


async def leave(server: Server, path: str) -> None:
    """Send half of a request's body, wait until the app has it, and go."""
    async with connect(server.port) as connection:
        await connection.send(render_request(path, method="POST", headers={"content-length": "9"}) + b"abc")
        await server.until(lambda: any(line["event"] == "held" for line in server.lines))


async def talk(server: Server, path: str) -> None:
    """Echo a text and bytes over a websocket, and close it; then do so again and break off."""
    async with dial(f"ws://127.0.0.1:{server.port}{path}", proxy=None) as websocket:
        for message in ("text", b"\xff" * 100_000):
            await websocket.send(message)
            assert await websocket.recv() == message
    async with dial(f"ws://127.0.0.1:{server.port}{path}", proxy=None) as websocket:
        await websocket.send("text")
        await websocket.recv()
        websocket.transport.abort()


async def be_refused(server: Server, path: str) -> int:
    """Ask for a websocket that is not accepted, and give the status."""
    with pytest.raises(InvalidStatus) as caught:
        await dial(f"ws://127.0.0.1:{server.port}{path}", proxy=None)
    return caught.value.response.status_code


@every_kind
async def test_service_with_every_fate(kind: ServerKind) -> None:
    """Streams, errors, disconnects, refusals and crashes keep every rule on both sides of the stack."""
    with serving(kind, "tests.testing.lint_served:service") as server:
        statuses = [
            await ask(server, path) for path in ("/", "/boom", "/silent", "/late", "/conflict", "/context?a=%ff")
        ]
        head = await ask(server, "/boom", method="HEAD")
        large = await one_request(server.port, "/echo", body=b"x" * 300_000)
        cut = await one_request(server.port, "/boom-after-chunk")
        await leave(server, "/stream")
        await talk(server, "/echo")
        refused = [await be_refused(server, path) for path in ("/deny", "/boom-before", "/nowhere")]
        found = await one_request(server.port, "/violations")

    assert (statuses, head) == ([200, 500, 500, 200, 409, 200], 500)
    assert (len(large.body), cut.is_complete) == (300_000, False)
    assert refused == [403, 500, 404]
    assert found.body == b"[]"
    assert list(at_the_end(server)) == ["violations: []"]


@every_kind
async def test_demo(kind: ServerKind) -> None:
    """The demo keeps every rule, and so does what the stack makes of its answers."""
    item = json.dumps({"name": "Lamp", "stock": 1}).encode()

    with serving(kind, "tests.testing.lint_served:demo") as server:
        statuses = [await ask(server, path) for path in ("/", "/items", "/nowhere", "/boom", "/stream?chunks=3")]
        placed = await one_request(server.port, "/items", body=item)
        await talk(server, "/echo")
        found = await one_request(server.port, "/violations")

    assert (statuses, placed.status) == ([200, 200, 404, 500, 200], 201)
    assert found.body == b"[]"
    assert list(at_the_end(server)) == ["violations: []"]
