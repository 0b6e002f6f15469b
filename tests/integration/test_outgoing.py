"""One chain of calls through two services on two ports: the ids of the first are those of the second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

import httpx
import pytest

from asgi_stack import RequestContext, httpx_event_hooks
from tests.integration.servers import Server, ServerKind, serving
from tests.integration.wire import one_request

CONCURRENT: Final = 10


@pytest.fixture(scope="module")
def calling(kind: ServerKind) -> Iterator[Server]:
    """Serve the service that calls."""
    with serving(kind, "tests.integration.calling_app:app") as server:
        yield server


async def test_ids_go_through_both_services(calling: Server, server: Server) -> None:
    """The client's id stands in the lines of both, for calls that are awaited and calls that block a thread."""
    sent = [f"chain-{number}" for number in range(CONCURRENT)]

    responses = await asyncio.gather(
        *(
            one_request(calling.port, f"/?port={server.port}", headers={"x-correlation-id": correlation_id})
            for correlation_id in sent
        )
    )

    for response, correlation_id in zip(responses, sent, strict=True):
        found, request_id = response.json(), response.value("x-request-id")
        own = {"correlation_id": correlation_id, "request_id": request_id}
        await server.until_logged("request_completed", correlation_id, count=2)
        here, there = await calling.request_line(correlation_id), server.find(correlation_id=correlation_id)
        assert found == {"here": own, "async": own, "sync": own}
        assert here["request_id"] == request_id
        assert [(line["event"], line["request_id"]) for line in there] == [("request_completed", request_id)] * 2


async def test_outside_a_request_the_other_service_makes_its_own_ids(server: Server) -> None:
    """A client with the hooks sends no ids outside a request or job; inside a job it sends those of the job."""
    url = f"http://127.0.0.1:{server.port}/"
    async with httpx.AsyncClient(event_hooks=httpx_event_hooks(), trust_env=False) as client:
        outside = [(await client.get(url)).json()["correlation_id"] for _ in range(2)]
        with RequestContext.scope() as job:
            inside = (await client.get(url)).json()

    assert len(set(outside)) == 2
    assert [len(correlation_id) for correlation_id in outside] == [36, 36]
    assert inside == {"correlation_id": job.correlation_id, "request_id": job.request_id}
    for correlation_id in [*outside, job.correlation_id]:
        assert (await server.request_line(correlation_id))["outcome"] == "ok"
