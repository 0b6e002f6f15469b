"""Row 46: websockets that fail before, in and after their handshake, and closes that no frame can carry."""

from __future__ import annotations

import json
from typing import Final

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from asgi_stack.types import ASGIApp, Scope
from tests.driver import exchange, websocket_scope
from tests.faults import app_websockets
from tests.faults.app_responses import SECRET_HEADER
from tests.faults.standard import assert_every_header, fresh_id, secret, stacked
from tests.integration.contract import SECURITY_HEADERS
from tests.integration.servers import Server
from tests.log_capture import LogLines

CONNECT: Final = {"type": "websocket.connect"}
DISCONNECT: Final = {"type": "websocket.disconnect", "code": 1006}


def dial(server: Server, path: str, correlation_id: str, canary: str) -> connect:
    """Open a websocket that brings an id and a secret."""
    headers = {"X-Correlation-ID": correlation_id, SECRET_HEADER: canary}
    return connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers=headers, proxy=None)


async def denied(server: Server, path: str, correlation_id: str, canary: str) -> InvalidStatus:
    """Open a websocket that is refused, and give the refusal."""
    with pytest.raises(InvalidStatus) as refusal:
        await dial(server, path, correlation_id, canary).__aenter__()
    return refusal.value


async def closed_with(server: Server, path: str, correlation_id: str, canary: str) -> tuple[int | None, str]:
    """Open a websocket, wait for its end, and give code and reason of the close frame."""
    async with dial(server, path, correlation_id, canary) as websocket:
        with pytest.raises(ConnectionClosed) as end:
            await websocket.recv()
    frame = end.value.rcvd
    return (frame.code, frame.reason) if frame else (None, "")


async def test_row_46_raise_before_the_accept(server: Server) -> None:
    """The handshake is denied with the standard error, its ids and headers; the secret stays inside."""
    canary, correlation_id = secret(), fresh_id(46)
    refusal = await denied(server, "/boom-before", correlation_id, canary)
    line = await server.request_line(correlation_id)
    (error,) = await server.error_lines(correlation_id)
    body = json.loads(refusal.response.body or b"")

    assert (refusal.response.status_code, body["error_code"]) == (500, "INTERNAL_ERROR")
    assert refusal.response.headers.get_all("x-correlation-id") == [body["correlation_id"]] == [correlation_id]
    assert {name: refusal.response.headers.get_all(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }
    assert (line["type"], line["status_code"], line["outcome"]) == ("websocket", 500, "server_error")
    assert error["event"] == "request_failed"
    assert canary not in server.transcript() + str(body)


async def test_row_46_raise_after_the_accept(server: Server) -> None:
    """An open websocket is closed with 1011, which the one line tells."""
    canary, correlation_id = secret(), fresh_id(46)
    code, reason = await closed_with(server, "/boom-after", correlation_id, canary)
    line = await server.request_line(correlation_id)

    assert (code, reason) == (1011, "INTERNAL_ERROR")
    assert (line["type"], line["close_code"], line["outcome"]) == ("websocket", 1011, "server_error")
    assert len(await server.error_lines(correlation_id)) == 1
    assert canary not in server.transcript()


async def test_row_46_raise_after_the_close(server: Server) -> None:
    """A close of the app's own leaves as it is; what is raised then has its error line."""
    canary, correlation_id = secret(), fresh_id(46)
    code, reason = await closed_with(server, "/boom-in-close", correlation_id, canary)
    line = await server.request_line(correlation_id)
    (error,) = await server.error_lines(correlation_id)

    assert (code, reason) == (4001, "done")
    assert (line["close_code"], line["late_error"]) == (4001, True)
    assert error["late_error"] is True
    assert canary not in server.transcript()


async def test_row_46_denial_of_the_app(server: Server) -> None:
    """A denial response of the app's own leaves unchanged, with ids and headers."""
    canary, correlation_id = secret(), fresh_id(46)
    refusal = await denied(server, "/denial", correlation_id, canary)
    line = await server.request_line(correlation_id)

    assert (refusal.response.status_code, refusal.response.body) == (418, b"a teapot")
    assert refusal.response.headers.get_all("x-correlation-id") == [correlation_id]
    assert refusal.response.headers.get_all("x-content-type-options") == ["nosniff"]
    assert (line["type"], line["status_code"], line["outcome"]) == ("websocket", 418, "client_error")
    assert canary not in server.transcript()


async def test_row_46_close_with_a_long_reason(server: Server) -> None:
    """A reason that does not fit into a close frame does not cost the close: the client gets the app's code."""
    correlation_id = fresh_id(46)
    code, reason = await closed_with(server, "/long-close", correlation_id, "")
    line = await server.request_line(correlation_id)

    assert code == 4002
    assert app_websockets.LONG_REASON.startswith(reason)
    assert (line["close_code"], line["outcome"]) == (4002, "ok")


async def test_row_46_close_with_an_invalid_code(server: Server) -> None:
    """A code that must not be sent ends the websocket all the same; a server's refusal is an error, and told as one."""
    correlation_id = fresh_id(46)
    code, _ = await closed_with(server, "/invalid-close", correlation_id, "")
    line = await server.request_line(correlation_id)
    errors = await server.error_lines(correlation_id)

    assert (line["type"], line["status_code"]) == ("websocket", 101)
    # uvicorn refuses the code, and hypercorn sends 1000 in its place.
    assert code == (1011 if server.kind.is_uvicorn else 1000)
    assert not errors or (line["close_code"], line["outcome"]) == (1011, "server_error")


@pytest.mark.parametrize("app", [app_websockets.boom_before, app_websockets.boom_after, app_websockets.boom_in_close])
@pytest.mark.parametrize("extensions", [{}, {"websocket.http.response": {}}], ids=["no-denial", "denial"])
async def test_row_46_no_http_message_on_a_websocket(
    log_lines: LogLines, app: ASGIApp, extensions: dict[str, object]
) -> None:
    """Whatever happens, the server gets websocket messages alone, and a denial only where it offers one."""
    scope: Scope = websocket_scope(extensions=extensions)
    answer = await exchange(stacked(app), scope, [CONNECT])
    kinds = [message["type"] for message in answer.sent]

    assert all(kind.startswith("websocket.") for kind in kinds)
    assert extensions or "websocket.http.response.start" not in kinds
    assert log_lines("request_completed")[0]["type"] == "websocket"
    if "websocket.http.response.start" in kinds:
        assert_every_header(answer)
