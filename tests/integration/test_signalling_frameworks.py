"""Quart and Django inside the stack, on real servers: why they failed is in the log, and only once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.django_app import SECRET as DJANGO_SECRET
from tests.integration.quart_app import SECRET as QUART_SECRET
from tests.integration.servers import KINDS, Server, serving
from tests.integration.wire import connect, one_request

SECRETS = {"quart_app": QUART_SECRET, "django_app": DJANGO_SECRET}
REFUSALS = {
    "quart_app": ("/closed", 503, b"<p>Back at ten</p>"),
    "django_app": ("/missing", 404, b"<h1>Not Found</h1>"),
}
SERVERS = {kind.name: kind for kind in KINDS if kind.name in ("uvicorn-httptools-uvloop", "hypercorn")}


@pytest.fixture(scope="module", params=sorted(SERVERS))
def server_name(request: pytest.FixtureRequest) -> str:
    """Name each server."""
    return str(request.param)


@pytest.fixture(scope="module", params=sorted(SECRETS))
def app_name(request: pytest.FixtureRequest) -> str:
    """Name each app."""
    return str(request.param)


@pytest.fixture(scope="module")
def shared_framework(server_name: str, app_name: str) -> Iterator[Server]:
    """Serve the app."""
    with serving(SERVERS[server_name], f"tests.integration.{app_name}:app") as server:
        yield server


@pytest.fixture
def server(shared_framework: Server) -> Iterator[Server]:
    """Give the server, and see that neither it nor the framework wrote a traceback of its own."""
    yield shared_framework
    assert shared_framework.take_noise() == []


@pytest.mark.parametrize("path", ["/boom", "/thread"])
async def test_unknown_exception_is_told_once(server: Server, app_name: str, path: str) -> None:
    """The stack's 500 without a word of the exception, one error line with it, and the connection stays open."""
    correlation_id = f"boom{path.replace('/', '-')}"
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        again = await connection.request("/")
    (error,) = await server.error_lines(correlation_id)

    assert (response.status, again.status) == (500, 200)
    assert response.json()["correlation_id"] == correlation_id
    assert SECRETS[app_name].encode() not in response.raw
    assert (error["event"], error["exception_message"]) == ("request_failed", SECRETS[app_name])


async def test_app_error_has_its_own_status(server: Server) -> None:
    """A ConflictError out of a view is a 409 with its own words, and one warning."""
    response = await one_request(server.port, "/conflict", headers={"x-correlation-id": "conflict"})
    (error,) = await server.error_lines("conflict")

    assert (response.status, response.json()["details"]) == (409, {"version": 2})
    assert error["level"] == "warning"


async def test_deliberate_answer_is_no_error(server: Server, app_name: str) -> None:
    """Quart's abort(503) with a text and Django's Http404 leave as the framework wrote them."""
    path, status, words = REFUSALS[app_name]
    response = await one_request(server.port, path, headers={"x-correlation-id": "refused"})

    assert response.status == status
    assert words in response.body
    assert await server.error_lines("refused") == []
