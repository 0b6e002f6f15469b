"""Connections that carry many requests, long bodies and streams."""

from __future__ import annotations

import hashlib
import os
from typing import Final

import pytest

from tests.integration.apps import FIRST_CHUNK, LAST_CHUNK
from tests.integration.contract import assert_error, assert_headers
from tests.integration.servers import KINDS, Server, ServerKind, serving, with_flags
from tests.integration.wire import Response, connect, one_request, render_request

BIG: Final = 300_000
OTHER_LOOPS: Final = (
    with_flags(KINDS[0], "--loop", "uvloop", name="uvicorn-h11-uvloop"),
    with_flags(KINDS[-1], "--worker-class", "uvloop", name="hypercorn-uvloop"),
)


class TestKeepAlive:
    """Several requests, one after the other."""

    async def test_each_request_of_a_connection_has_its_own_ids(self, server: Server) -> None:
        """Requests with and without an id of their own, failing and not, share a connection and nothing else."""
        async with connect(server.port) as connection:
            first = await connection.request("/", headers={"x-correlation-id": "alive-1"})
            failed = await connection.request("/boom", headers={"x-correlation-id": "alive-2"})
            new = [await connection.request("/") for _ in range(3)]
            silent = await connection.request("/silent", headers={"x-correlation-id": "alive-3"})

        everything = [first, failed, *new, silent]
        assert_headers(first, "alive-1")
        assert_error(failed, 500, "INTERNAL_ERROR", "alive-2")
        assert_error(silent, 500, "NO_RESPONSE", "alive-3")
        assert len({each.value("x-correlation-id") for each in everything}) == 6
        assert len({each.value("x-request-id") for each in everything}) == 6
        for each in new:
            line = await server.request_line(each.value("x-correlation-id"))
            assert line["request_id"] == each.value("x-request-id") == each.json()["request_id"]

    async def test_pipelined_requests_are_answered_in_order_with_their_ids(self, server: Server) -> None:
        """Requests sent in one go get their responses in order, errors among them, each with its id."""
        paths = ["/", "/nowhere", "/boom", "/late", "/silent", "/"]
        sent = [f"pipe-{number}" for number in range(len(paths))]
        pipeline = b""
        async with connect(server.port) as connection:
            for path, correlation_id in zip(paths, sent, strict=True):
                pipeline += render_request(path, headers={"x-correlation-id": correlation_id})
            await connection.send(pipeline)
            responses = [await connection.response() for _ in paths]

        assert [response.status for response in responses] == [200, 404, 500, 200, 500, 200]
        assert [response.json()["correlation_id"] for response in responses] == sent
        for response, correlation_id in zip(responses, sent, strict=True):
            assert_headers(response, correlation_id)
            assert (await server.request_line(correlation_id))["request_id"] == response.value("x-request-id")

    async def test_no_context_leaks_to_the_next_request(self, server: Server) -> None:
        """After long bodies and in a pipeline, where servers hand on the context, each request sees its own ids."""
        await _assert_nothing_leaks(server)

    @pytest.mark.parametrize("other", OTHER_LOOPS, ids=lambda other: other.name)
    async def test_no_context_leaks_in_other_loops(self, other: ServerKind) -> None:
        """So it is with the pairs of loop and parser that no other test runs."""
        with serving(other, "tests.integration.apps:app") as server:
            await _assert_nothing_leaks(server)
            assert server.take_noise() == []

    async def test_generated_ids_do_not_leak_either(self, server: Server) -> None:
        """Requests that bring no id get a new one each, also right after a long body."""
        async with connect(server.port) as connection:
            responses = [await connection.request("/context", body=b"x" * BIG) for _ in range(3)]
            await connection.send(render_request("/context") * 3)
            responses += [await connection.response() for _ in range(3)]

        assert len({response.value("x-correlation-id") for response in responses}) == 6
        for response in responses:
            await _assert_own_ids(server, response, response.value("x-correlation-id"))


class TestBodies:
    """Long bodies, and those that come bit by bit."""

    async def test_long_body_goes_both_ways_unchanged(self, server: Server) -> None:
        """300 kB arrive at the app and come back byte for byte, and the line counts them."""
        body = os.urandom(BIG)
        response = await one_request(server.port, "/echo", headers={"x-correlation-id": "big-1"}, body=body)
        line = await server.request_line("big-1")

        assert response.body == body
        assert response.value("x-sha256") == hashlib.sha256(body).hexdigest()
        assert (line["bytes_in"], line["bytes_out"]) == (BIG, BIG)

    async def test_chunks_arrive_before_the_response_ends(self, server: Server) -> None:
        """No layer holds a stream back: the app ends it only once the client, having got a chunk, sends its body."""
        async with connect(server.port) as connection:
            request = render_request("/stream", headers={"x-correlation-id": "stream-1"}, body=b"go")
            await connection.send(request.removesuffix(b"go"))
            incoming = connection.incoming()
            first = await incoming.chunk()
            await connection.send(b"go")
            response = await incoming.rest()
        line = await server.request_line("stream-1")

        assert first == FIRST_CHUNK
        assert (response.body, response.is_complete) == (FIRST_CHUNK + LAST_CHUNK, True)
        assert_headers(response, "stream-1")
        assert (line["outcome"], line["bytes_in"], line["bytes_out"]) == ("ok", 2, len(FIRST_CHUNK + LAST_CHUNK))

    async def test_half_a_head_is_no_request(self, server: Server) -> None:
        """A client that leaves in the middle of its request's head leaves no line, and harms nobody."""
        before = len(server.find(event="request_completed"))
        async with connect(server.port) as connection:
            await connection.send(b"GET /nobody HTTP/1.1\r\nx-correlation-id: half-1\r\n")
            connection.reset()
        await server.settle()

        assert server.find(correlation_id="half-1") == []
        assert len(server.find(event="request_completed")) == before + 1


async def _assert_nothing_leaks(server: Server) -> None:
    posts = [f"leak-post-{number}" for number in range(6)]
    gets = [f"leak-get-{number}" for number in range(3)]
    responses: list[Response] = []
    async with connect(server.port) as connection:
        for each in posts:
            await connection.send(render_request("/context", headers={"x-correlation-id": each}, body=b"x" * BIG))
            responses.append(await connection.response())
        await connection.send(b"".join(render_request("/context", headers={"x-correlation-id": i}) for i in gets))
        responses += [await connection.response() for _ in gets]

    for response, correlation_id in zip(responses, posts + gets, strict=True):
        await _assert_own_ids(server, response, correlation_id)


async def _assert_own_ids(server: Server, response: Response, correlation_id: str) -> None:
    own = {"correlation_id": correlation_id, "request_id": response.value("x-request-id")}
    lines = await server.lines_of(correlation_id)
    assert_headers(response, correlation_id)
    assert (response.json()["before"], response.json()["after"]) == (own, own)
    assert sorted(str(line["event"]) for line in lines) == [
        "in_handler",
        "in_handler",
        "in_task",
        "in_thread",
        "request_completed",
    ]
    assert {line["request_id"] for line in lines} == {own["request_id"]}
    assert {line.get("own", correlation_id) for line in lines} == {correlation_id}
    if "run" in server.kind.name:
        # The command has uvicorn give each request a context of its own; by itself it hands on the app's variables.
        assert response.json()["inherited"] is None
