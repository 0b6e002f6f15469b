"""Rows 49 and 50: which request a piece of code belongs to, on shared connections and in shared threads."""

from __future__ import annotations

import asyncio
from typing import Final

from tests.faults.standard import fresh_id
from tests.integration.servers import Server
from tests.integration.wire import Response, connect, one_request, render_request

BIG: Final = b"x" * 300_000
CONCURRENT: Final = 10


async def test_row_49_kept_alive_connection(server: Server) -> None:
    """After long bodies and in a pipeline, each request has its own ids, in the app and in every line."""
    posts, gets = [fresh_id(49) for _ in range(6)], [fresh_id(49) for _ in range(3)]
    responses: list[Response] = []
    async with connect(server.port) as connection:
        for correlation_id in posts:
            await connection.send(render_request("/context", headers={"x-correlation-id": correlation_id}, body=BIG))
            responses.append(await connection.response())
        pipeline = [render_request("/context", headers={"x-correlation-id": each}) for each in gets]
        await connection.send(b"".join(pipeline))
        responses += [await connection.response() for _ in gets]

    for response, correlation_id in zip(responses, posts + gets, strict=True):
        own = {"correlation_id": correlation_id, "request_id": response.value("x-request-id")}
        lines = await server.lines_of(correlation_id)
        assert response.value("x-correlation-id") == correlation_id
        assert response.json()["before"] == response.json()["after"] == own
        assert {line["request_id"] for line in lines} == {own["request_id"]}
        assert {line.get("own", correlation_id) for line in lines} == {correlation_id}
        assert len(lines) == 5


async def test_row_49_ids_are_made_for_each_request(server: Server) -> None:
    """Requests without ids get new ones each, also where servers hand on the context of the request before."""
    async with connect(server.port) as connection:
        responses = [await connection.request("/context", body=BIG) for _ in range(3)]
        await connection.send(render_request("/context") * 3)
        responses += [await connection.response() for _ in range(3)]

    ids = [response.value("x-correlation-id") for response in responses]
    assert len(set(ids)) == len({response.value("x-request-id") for response in responses}) == len(ids)
    assert [response.json()["before"]["correlation_id"] for response in responses] == ids


async def test_row_50_id_is_present_wherever_the_request_runs(server: Server) -> None:
    """Threads, tasks, groups, executors and what runs after the response have the id; a shared thread loses it."""
    sent = [fresh_id(50) for _ in range(CONCURRENT)]
    responses = await asyncio.gather(
        *(one_request(server.port, "/everywhere", headers={"x-correlation-id": each}) for each in sent)
    )

    for response, correlation_id in zip(responses, sent, strict=True):
        found = response.json()
        assert found.pop("left in the thread") is None
        assert found == dict.fromkeys(["handler", "thread", "task", "group", "executor"], correlation_id)
        lines = await server.lines_of(correlation_id)
        assert [line["event"] for line in lines] == ["in_background", "request_completed"]
