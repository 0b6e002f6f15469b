"""Starts that servers choke on, on real servers: the client has a whole answer, and the connection goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.bad_starts import BLANKS, CHUNKED, REFUSED, SECRET
from tests.integration.servers import Server, ServerKind, serving
from tests.integration.wire import connect, one_request


@pytest.fixture(scope="module")
def shared_bad_starts(kind: ServerKind) -> Iterator[Server]:
    """Serve the app."""
    with serving(kind, "tests.integration.bad_starts:app") as server:
        yield server


@pytest.fixture
def server(shared_bad_starts: Server) -> Iterator[Server]:
    """Give the server, and see that it wrote nothing but the stack's lines, and no value of a header."""
    yield shared_bad_starts
    assert shared_bad_starts.take_noise() == []
    assert SECRET.decode() not in shared_bad_starts.transcript()


@pytest.mark.parametrize("path", REFUSED)
async def test_start_that_breaks_a_rule_is_a_500(server: Server, path: str) -> None:
    """One error line names the breach, and the connection stays open for the next request."""
    correlation_id = f"bad{path.replace('/', '-')}"
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        again = await connection.request("/")
    (error,) = await server.error_lines(correlation_id)

    assert (response.status, response.is_complete, again.status) == (500, True, 200)
    assert response.json()["correlation_id"] == correlation_id
    assert error["exception_type"] == "asgi_stack.response_checks.ProtocolError"


async def test_blanks_around_a_value_are_no_part_of_it(server: Server) -> None:
    """They would close the connection on one server and be ignored on others."""
    response = await one_request(server.port, BLANKS)

    assert (response.status, response.value("x-name"), response.body) == (200, "a b", b"body")


async def test_chunks_of_a_response_without_a_body_never_reach_the_next_one(server: Server) -> None:
    """A 204 that says it comes in chunks ends with its head."""
    async with connect(server.port) as connection:
        first = await connection.request(CHUNKED)
        second = await connection.request("/")

    assert (first.status, first.body, first.values("transfer-encoding")) == (204, b"", [])
    assert first.raw.endswith(b"\r\n\r\n")
    assert b"\r\n\r\n0" not in first.raw
    assert (second.status, second.body) == (200, b"body")
