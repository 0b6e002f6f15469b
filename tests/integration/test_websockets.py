"""Websockets on each server: ids, one line each, and errors before and after the handshake."""

from __future__ import annotations

import json

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.integration.apps import SECRET
from tests.integration.contract import SECURITY_HEADERS
from tests.integration.servers import Server


def dial(server: Server, path: str, correlation_id: str) -> connect:
    """Open a websocket that brings an id."""
    headers = {"X-Correlation-ID": correlation_id}
    return connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=headers, proxy=None)


def handshake_headers(websocket: ClientConnection) -> list[tuple[str, str]]:
    """Give what came with the 101, in lower case."""
    assert websocket.response is not None
    return [(name.lower(), value) for name, value in websocket.response.headers.raw_items()]


class TestEcho:
    """A websocket that works."""

    async def test_messages_go_both_ways_and_make_one_line(self, server: Server) -> None:
        """The accept response has the ids, messages pass unchanged, and the one line counts them."""
        async with dial(server, "/echo", "ws-1") as websocket:
            headers = handshake_headers(websocket)
            await websocket.send("text")
            await websocket.send(b"\x00\xff" * 50_000)
            echoed = [await websocket.recv(), await websocket.recv()]
        line = await server.request_line("ws-1")

        assert echoed == ["text", b"\x00\xff" * 50_000]
        assert [value for name, value in headers if name == "x-correlation-id"] == ["ws-1"]
        assert [value for name, value in headers if name == "x-request-id"] == [line["request_id"]]
        assert (line["type"], line["status_code"]) == ("websocket", 101)
        # hypercorn tells the app 1006 whenever it is the client that closes.
        expected = (1000, "ok") if server.kind.is_uvicorn else (1006, "client_disconnected")
        assert (line["close_code"], line["outcome"]) == expected
        assert (line["messages_in"], line["messages_out"]) == (2, 2)
        assert (line["bytes_in"], line["bytes_out"]) == (100_004, 100_004)
        assert await server.error_lines("ws-1") == []

    async def test_crashed_client_is_no_error(self, server: Server) -> None:
        """A client that goes without closing leaves one line, with what the server makes of such an end."""
        async with dial(server, "/echo", "ws-2") as websocket:
            await websocket.send("text")
            await websocket.recv()
            websocket.transport.abort()
        line = await server.request_line("ws-2")

        # uvicorn tells the app 1005, as if the client had closed without a code.
        expected = (1005, "ok") if server.kind.is_uvicorn else (1006, "client_disconnected")
        assert (line["close_code"], line["outcome"]) == expected
        assert (line["messages_in"], line["messages_out"]) == (1, 1)
        assert await server.error_lines("ws-2") == []


class TestDenied:
    """A websocket that is not accepted."""

    @pytest.mark.parametrize(
        ("path", "status", "error_code", "outcome"),
        [
            ("/boom-before", 500, "INTERNAL_ERROR", "server_error"),
            ("/nowhere", 404, "NOT_FOUND", "client_error"),
        ],
    )
    async def test_error_before_the_accept_is_a_denial_with_the_same_json(
        self, server: Server, path: str, status: int, error_code: str, outcome: str
    ) -> None:
        """The handshake is answered as a request would be: status, ids, headers and JSON; one error line, one line."""
        sent = f"ws-denied-{status}"
        with pytest.raises(InvalidStatus) as denied:
            await dial(server, path, sent).__aenter__()
        response = denied.value.response
        line = await server.request_line(sent)

        assert response.status_code == status
        assert response.body is not None
        body = json.loads(response.body)
        assert (body["error_code"], body["correlation_id"]) == (error_code, sent)
        assert body["request_id"] == line["request_id"]
        assert response.headers.get_all("x-correlation-id") == [sent]
        assert {name: response.headers.get_all(name) for name in SECURITY_HEADERS} == {
            name: [value] for name, value in SECURITY_HEADERS.items()
        }
        assert SECRET.encode() not in response.body
        assert (line["type"], line["status_code"], line["outcome"]) == ("websocket", status, outcome)
        assert [each["logger"] for each in await server.lines_of(sent)] == ["asgi_stack.errors", "asgi_stack.request"]

    async def test_close_instead_of_an_accept_is_a_403(self, server: Server) -> None:
        """An app that closes at once is no error; the server's 403 is the line's status."""
        with pytest.raises(InvalidStatus) as denied:
            await dial(server, "/deny", "ws-deny").__aenter__()
        line = await server.request_line("ws-deny")

        assert denied.value.response.status_code == 403
        assert (line["type"], line["status_code"], line["outcome"]) == ("websocket", 403, "client_error")
        assert await server.error_lines("ws-deny") == []


class TestFailing:
    """A websocket that breaks while it is open."""

    async def test_error_after_the_accept_closes_with_1011(self, server: Server) -> None:
        """The client is told that the server failed, not why; one error line, one line, and no traceback besides."""
        async with dial(server, "/boom-after", "ws-boom") as websocket:
            await websocket.send("last words")
            echoed = await websocket.recv()
            with pytest.raises(ConnectionClosedError) as closed:
                await websocket.recv()
        line = await server.request_line("ws-boom")
        (error,) = await server.error_lines("ws-boom")

        assert echoed == "last words"
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1011, "INTERNAL_ERROR")
        assert (line["status_code"], line["close_code"], line["outcome"]) == (101, 1011, "server_error")
        assert (line["messages_in"], line["messages_out"], line["level"]) == (1, 1, "error")
        assert error["exception_message"] == SECRET
