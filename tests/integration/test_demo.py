"""The demo on each server: what its README promises, over real sockets."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from websockets.asyncio.client import connect as connect_websocket

from tests.integration.contract import assert_error, assert_headers
from tests.integration.servers import Server
from tests.integration.wire import connect, one_request, render_request


class TestAnswers:
    """One request to each route."""

    @pytest.mark.parametrize("path", ["/", "/items", "/items?limit=1"])
    async def test_route_answers_json(self, demo: Server, path: str) -> None:
        """A plain route answers 200 with JSON, ids and headers, and makes one line."""
        sent = f"demo{path.replace('/', '-').replace('?', '-').replace('=', '-')}"
        response = await one_request(demo.port, path, headers={"x-correlation-id": sent})
        line = await demo.request_line(sent)

        assert_headers(response, sent)
        assert (response.status, response.value("content-type")) == (200, "application/json")
        assert response.json()
        assert line["outcome"] == "ok"

    async def test_item_is_created_and_found(self, demo: Server) -> None:
        """What is posted gets an address, and its lines name the route's template."""
        async with connect(demo.port) as connection:
            new = json.dumps({"name": "Table", "price_cents": 12_000, "stock": 1}).encode()
            created = await connection.request("/items", headers={"x-correlation-id": "item-1"}, body=new)
            location = created.value("location")
            found = await connection.request(location, headers={"x-correlation-id": "item-2"})
        line = await demo.request_line("item-2")

        assert (created.status, found.status) == (201, 200)
        assert found.json() == created.json()
        assert (line["path"], line["route"]) == (location, "/items/{id}")

    @pytest.mark.parametrize(
        ("path", "body", "status", "error_code", "level"),
        [
            ("/items/99999", None, 404, "NOT_FOUND", "info"),
            ("/nowhere", None, 404, "NOT_FOUND", "info"),
            ("/notify", None, 405, "METHOD_NOT_ALLOWED", "info"),
            ("/items", b'{"name": ""}', 422, "VALIDATION_ERROR", "warning"),
            ("/items", b"no json", 422, "VALIDATION_ERROR", "warning"),
            (f"/items/{UUID(int=1)}/reserve", b'{"quantity": 1000}', 404, "NOT_FOUND", "info"),
            (f"/items/{UUID(int=1)}/reserve", b'{"quantity": 0}', 422, "VALIDATION_ERROR", "warning"),
            ("/boom", None, 500, "INTERNAL_ERROR", "error"),
        ],
    )
    async def test_error_is_one_json_one_error_line_and_one_request_line(
        self, demo: Server, path: str, body: bytes | None, status: int, error_code: str, level: str
    ) -> None:
        """Each error has the same form, and exactly two lines with its id."""
        sent = f"demo-error-{status}-{len(body or b'')}{path.replace('/', '-')}"
        response = await one_request(demo.port, path, headers={"x-correlation-id": sent}, body=body)
        lines = await demo.lines_of(sent)

        assert_error(response, status, error_code, sent)
        assert [(line["event"], line["level"]) for line in lines] == [
            ("request_failed", level),
            ("request_completed", "error" if status == 500 else "info"),
        ]

    async def test_too_long_body_is_refused_and_not_taken_for_a_request(self, demo: Server) -> None:
        """300 kB get a 413; whatever the server does with the unread rest, it is never read as the next request."""
        async with connect(demo.port) as connection:
            await connection.send(render_request("/items", headers={"x-correlation-id": "long-1"}, body=b"x" * 300_000))
            response = await connection.response()
        line = await demo.request_line("long-1")

        assert_error(response, 413, "PAYLOAD_TOO_LARGE", "long-1")
        assert line["outcome"] == "client_error"
        assert len(await demo.lines_of("long-1")) == 2


class TestDatabase:
    """What the demo does with its items."""

    async def test_item_from_its_start_to_its_end(self, demo: Server) -> None:
        """Created, refused twice, reserved until nothing is left, changed, deleted: each with its status."""

        async def ask(method: str, path: str, payload: object = None) -> tuple[int, dict[str, object]]:
            body = None if payload is None else json.dumps(payload).encode()
            async with connect(demo.port) as connection:
                await connection.send(render_request(path, method=method, body=body))
                response = await connection.response()
            return response.status, response.json() if response.body else {}

        status, item = await ask("POST", "/items", {"name": "Sofa", "stock": 1})
        again = await ask("POST", "/items", {"name": "Sofa", "stock": 5})
        path = f"/items/{item['id']}"
        reserved = [await ask("POST", f"{path}/reserve", {"quantity": 1}) for _ in range(2)]
        changed = [await ask("PATCH", path, {"version": 2, "stock": 4}) for _ in range(2)]
        deleted = [await ask("DELETE", path) for _ in range(2)]

        assert (status, again[0], again[1]["error_code"]) == (201, 409, "CONFLICT")
        assert [answer[0] for answer in reserved] == [201, 422]
        assert reserved[1][1]["error_code"] == "OUT_OF_STOCK"
        assert [answer[0] for answer in changed] == [200, 409]
        assert [answer[0] for answer in deleted] == [204, 404]

    async def test_probes(self, demo: Server) -> None:
        """Both are answered, readiness names its checks, and neither has a request line."""
        live = await one_request(demo.port, "/health/live", headers={"x-correlation-id": "probe-1"})
        ready = await one_request(demo.port, "/health/ready", headers={"x-correlation-id": "probe-2"})

        assert_headers(ready, "probe-2")
        assert live.json() == {"status": "ok"}
        assert {name: check["status"] for name, check in ready.json()["checks"].items()} == {
            "database": "ok",
            "migrations": "ok",
        }
        assert demo.find(event="request_completed", correlation_id="probe-2") == []


class TestConnections:
    """Many requests on one connection, streams and websockets."""

    async def test_pipelined_requests_have_their_own_ids(self, demo: Server) -> None:
        """Requests sent in one go are answered in order, each with its id."""
        paths = ["/", "/boom", "/items", "/nowhere"]
        sent = [f"demo-pipe-{number}" for number in range(len(paths))]
        pipeline = b""
        async with connect(demo.port) as connection:
            for path, correlation_id in zip(paths, sent, strict=True):
                pipeline += render_request(path, headers={"x-correlation-id": correlation_id})
            await connection.send(pipeline)
            responses = [await connection.response() for _ in paths]

        assert [response.status for response in responses] == [200, 500, 200, 404]
        for response, correlation_id in zip(responses, sent, strict=True):
            assert_headers(response, correlation_id)
            await demo.request_line(correlation_id)

    async def test_stream_arrives_chunk_by_chunk(self, demo: Server) -> None:
        """The first chunk is there while the app has not ended: no request line yet."""
        async with connect(demo.port) as connection:
            await connection.send(render_request("/stream?chunks=20", headers={"x-correlation-id": "demo-stream-1"}))
            incoming = connection.incoming()
            first = await incoming.chunk()
            lines_so_far = demo.find(event="request_completed", correlation_id="demo-stream-1")
            response = await incoming.rest()
        line = await demo.request_line("demo-stream-1")

        assert first == b"chunk 1\n"
        assert lines_so_far == []
        assert response.body == b"".join(b"chunk %d\n" % number for number in range(1, 21))
        assert (line["outcome"], line["bytes_out"]) == ("ok", len(response.body))

    async def test_leaving_the_stream_stops_it(self, demo: Server) -> None:
        """A client that leaves a long stream ends it at once, without an error."""
        async with connect(demo.port) as connection:
            await connection.send(render_request("/stream?chunks=1000", headers={"x-correlation-id": "demo-stream-2"}))
            await connection.incoming().chunk()
            connection.reset()
            line = await demo.request_line("demo-stream-2")

        assert (line["outcome"], line["level"]) == ("client_disconnected", "info")
        assert await demo.error_lines("demo-stream-2") == []

    async def test_work_after_the_response_is_logged_with_its_ids(self, demo: Server) -> None:
        """The client has its 202 before the work is done, and the work's line has the request's ids."""
        body = json.dumps({"recipient": "ada@example.org", "text": "hello"}).encode()
        response = await one_request(demo.port, "/notify", headers={"x-correlation-id": "demo-notify"}, body=body)
        events = [line["event"] for line in await demo.lines_of("demo-notify")]

        assert response.status == 202
        assert events == ["notification_delivered", "request_completed"]

    async def test_websocket_echoes(self, demo: Server) -> None:
        """The echo sends text back as text and bytes as bytes, and makes one line."""
        url = f"ws://127.0.0.1:{demo.port}/echo"
        async with connect_websocket(url, additional_headers={"X-Correlation-ID": "demo-ws"}, proxy=None) as websocket:
            await websocket.send("text")
            await websocket.send(b"bytes")
            echoed = [await websocket.recv(), await websocket.recv()]
        line = await demo.request_line("demo-ws")

        assert echoed == ["text", b"bytes"]
        assert (line["type"], line["route"], line["status_code"]) == ("websocket", "/echo", 101)
        assert (line["messages_in"], line["messages_out"]) == (2, 2)
