"""Rows 29 and 30: requests that no browser sends, and secrets where a URL may hold them."""

from __future__ import annotations

from typing import Final

import pytest

from asgi_stack.types import Scope
from tests.driver import exchange, http_scope
from tests.faults.apps import show_scope
from tests.faults.standard import ask, assert_every_header, assert_hidden, assert_std, fresh_id, secret, stacked
from tests.integration.apps import boom
from tests.integration.servers import Server
from tests.integration.wire import HOST, Response, connect
from tests.log_capture import LogLines

ODD_REQUESTS: Final = {
    "forged-path": b"GET /%ff%0d%0aERROR%20forged HTTP/1.1\r\nhost: {host}\r\n",
    "bytes-in-path": b"GET /caf\xe9\xff HTTP/1.1\r\nhost: {host}\r\n",
    "bytes-in-query": b"GET /odd?a=\xff HTTP/1.1\r\nhost: {host}\r\n",
    "escapes-in-query": b"GET /odd?a=%ff%0d%0aERROR&%zz=% HTTP/1.1\r\nhost: {host}\r\n",
    "bytes-in-header": b"GET /odd HTTP/1.1\r\nhost: {host}\r\nx-odd: \xff\xfe\r\n",
    "no-host": b"GET /odd HTTP/1.1\r\n",
    "http-1.0": b"GET /odd HTTP/1.0\r\n",
}
MISSING: Final = ("client", "scheme", "raw_path", "server", "state", "root_path", "asgi")

SENSITIVE_QUERY: Final = (
    "?token={0}&password={0}&sig={0}&code={0}&X-Amz-Signature={0}&%74oken={0}&%2574oken={0}&TOKEN={0}&token={0}2&page=3"
)


async def send_raw(server: Server, head: bytes, correlation_id: str) -> Response:
    """Send a request as bytes."""
    async with connect(server.port) as connection:
        head = head.replace(b"{host}", HOST.encode())
        await connection.send(head + b"x-correlation-id: " + correlation_id.encode() + b"\r\n\r\n")
        return await connection.response()


@pytest.mark.parametrize("request_name", ODD_REQUESTS)
async def test_row_29_odd_request(server: Server, bare: Server, request_name: str) -> None:
    """An odd request is answered as without the stack, and its line is one physical line."""
    head, correlation_id = ODD_REQUESTS[request_name], fresh_id(29)
    response = await send_raw(server, head, correlation_id)
    without_stack = await send_raw(bare, head, correlation_id)
    await server.settle()
    lines = server.find(correlation_id=correlation_id)

    assert (response.status, response.body) == (without_stack.status, without_stack.body)
    if response.status == 200:
        # Else the server refused it by itself, and no app has seen it.
        assert_every_header(response)
        assert [line["event"] for line in lines] == ["request_completed"]
    assert not [text for text in server.output if text.startswith("ERROR")]


def odd_scope() -> Scope:
    """Give a scope in which nothing that may be missing is there, and the rest is odd."""
    scope = http_scope(
        "/\udcff\r\nERROR forged\u2028\x1b[31m",
        headers=[(b"x-odd", b"\xff"), (b"user-agent", b"\xff\r\nERROR")],
        query_string=b"a=\xff&b=\r\nERROR",
    )
    return {key: value for key, value in scope.items() if key not in MISSING}


@pytest.mark.parametrize("form", ["json", "console"])
async def test_row_29_scope_with_nothing_but_what_must_be_there(log_lines: LogLines, form: str) -> None:
    """Missing and odd values cost neither the response nor the line, which stays one physical line in both forms."""
    log_lines.configure(format=form)
    answer = await exchange(stacked(show_scope), odd_scope())
    without_stack = await exchange(show_scope, odd_scope())
    written = log_lines.stream.getvalue().decode()

    assert (answer.status, answer.body) == (without_stack.status, without_stack.body) == (200, without_stack.body)
    assert (written.count("\n"), written.count("request_completed")) == (1, 1)
    assert "\r" not in written
    assert "\x1b[31m" not in written


async def test_row_29_failing_request_with_an_odd_scope(log_lines: LogLines) -> None:
    """An error in such a request is answered and logged as any other."""
    answer = await exchange(stacked(boom), odd_scope())
    (error,) = log_lines("request_failed")

    assert_std(answer, error["correlation_id"])
    assert log_lines.stream.getvalue().count(b"\n") == 2


@pytest.mark.parametrize("path", ["/odd", "/boom"])
async def test_row_30_secrets_in_the_query(server: Server, path: str) -> None:
    """Keys stay and sensitive values go, however a key is written, on good and on failing requests."""
    canary, correlation_id = f"CANARY{secret()[7:]}", fresh_id(30)
    async with connect(server.port) as connection:
        head = f"GET {path}{SENSITIVE_QUERY.format(canary)} HTTP/1.1\r\nhost: {HOST}\r\n"
        await connection.send(f"{head}x-correlation-id: {correlation_id}\r\n\r\n".encode())
        response = await connection.response()
    line = await server.request_line(correlation_id)

    assert response.status == (200 if path == "/odd" else 500)
    assert canary not in server.transcript()
    for key in ("token=[REDACTED]", "password=[REDACTED]", "sig=[REDACTED]", "code=[REDACTED]", "TOKEN=[REDACTED]"):
        assert key in str(line["query"])
    assert "page=3" in str(line["query"])


async def test_row_30_secrets_in_other_urls(server: Server) -> None:
    """The password of a URL in a header, and the query of one, are hidden, and so is a fragment."""
    user, query, fragment = secret(), secret(), secret()
    headers = {
        "referer": f"https://user:{user}@example.com/?token={query}",
        "user-agent": f"bot (+https://bot:{user}@example.com/?token={query})",
    }
    asked = await ask(server, f"/boom?page=1#token={fragment}", fresh_id(30), headers=headers)

    assert asked.response.status == 500
    assert_hidden(server, asked.response, user, query, fragment)
