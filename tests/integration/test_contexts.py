"""Where a request's code may run under a real framework on real servers, and whose request it then is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.servers import Server, ServerKind, serving
from tests.integration.wire import one_request

CONCURRENT: Final = 10


@pytest.fixture(scope="module")
def shared_contexts(kind: ServerKind) -> Iterator[Server]:
    """Serve the app."""
    with serving(kind, "tests.integration.context_app:app") as server:
        yield server


@pytest.fixture
def server(shared_contexts: Server) -> Iterator[Server]:
    """Give the server, and see that it wrote nothing but the stack's and the app's lines."""
    yield shared_contexts
    assert shared_contexts.take_noise() == []


@pytest.mark.parametrize("mount", ["", "/wrapped", "/layered"])
@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("/thread", {"thread"}),
        ("/group", {"inner", "outer"}),
        ("/background", {"afterwards", "thread_afterwards"}),
    ],
)
async def test_code_of_a_request_has_its_ids_wherever_it_runs(
    server: Server, mount: str, path: str, places: set[str]
) -> None:
    """Each of ten requests at once has its own ids in every place, and what was bound there in its one line."""
    sent = [f"where{mount}{path}-{number}".replace("/", ".") for number in range(CONCURRENT)]
    expected = places | ({"layer"} if mount == "/layered" else set())

    responses = await asyncio.gather(
        *(one_request(server.port, mount + path, headers={"x-correlation-id": each}) for each in sent)
    )

    for response, correlation_id in zip(responses, sent, strict=True):
        lines = await server.lines_of(correlation_id)
        assert response.json() == {"correlation_id": correlation_id, "request_id": response.value("x-request-id")}
        assert {line["request_id"] for line in lines} == {response.value("x-request-id")}
        assert {line["place"] for line in lines if line["event"] == "at_work"} == expected
        assert len(lines) == len(expected) + 1
        line = await server.request_line(correlation_id)
        assert (line["outcome"], {place for place in expected if line.get(place)}) == ("ok", expected)


@pytest.mark.parametrize("mount", ["", "/wrapped", "/layered"])
async def test_failure_in_a_wrapped_app_of_a_wrapped_app_is_told_once(server: Server, mount: str) -> None:
    """A stack in a stack makes one response, one error line and one request line, under one id."""
    sent = f"nested{mount}".replace("/", ".")
    response = await one_request(server.port, f"{mount}/boom", headers={"x-correlation-id": sent})
    line = await server.request_line(sent)
    (error,) = await server.error_lines(sent)

    assert (response.status, response.json()["correlation_id"]) == (500, sent)
    assert (line["outcome"], line["status_code"]) == ("server_error", 500)
    assert line["request_id"] == error["request_id"] == response.value("x-request-id")
