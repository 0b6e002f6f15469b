"""Rows 7 to 12: errors before, in and after a response, and responses that never were one."""

from __future__ import annotations

import pytest

from tests.driver import exchange, http_scope
from tests.faults import app_responses
from tests.faults.standard import (
    ask,
    assert_every_header,
    assert_hidden,
    assert_std,
    fresh_id,
    reports_of,
    secret,
    stacked,
)
from tests.integration.apps import FIRST_CHUNK
from tests.integration.servers import Server
from tests.integration.wire import connect
from tests.log_capture import LogLines


async def test_row_07_handler_raises(server: Server) -> None:
    """The client gets the standard error, the log one traceback, a reporter one report, and none the password."""
    canary, correlation_id = secret(), fresh_id(7)
    asked = await ask(server, "/secret-error", correlation_id, canary=canary)
    (error,) = asked.errors
    (report,) = asked.reports

    body = assert_std(asked.response, correlation_id)
    assert body["message"] == "Internal server error"
    assert (error["event"], error["level"], error["exception_type"]) == ("request_failed", "error", "ValueError")
    assert error["exception_message"] == "password=[REDACTED]"
    assert "app_errors.py" in str(error["stack_trace"])
    assert (asked.line["status_code"], asked.line["outcome"]) == (500, "server_error")
    assert (report["request_id"], report["fingerprint"]) == (asked.line["request_id"], error["fingerprint"])
    assert_hidden(server, asked.response, canary)


@pytest.mark.parametrize(("path", "body"), [("/boom-after-start", b""), ("/boom-after-chunk", FIRST_CHUNK)])
async def test_row_08_raise_after_the_start(server: Server, path: str, body: bytes) -> None:
    """What has left stays, nothing is appended, the connection is cut; the lines tell the status that was sent."""
    correlation_id = fresh_id(8)
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        closed = await connection.is_closed_by_server()
    line = await server.request_line(correlation_id)
    (error,) = await server.error_lines(correlation_id)

    assert (response.status, response.body, response.is_complete, closed) == (200, body, False, True)
    assert response.raw.count(b"HTTP/1.1 ") == 1
    assert b"error_code" not in response.raw
    assert (error["event"], error["response_started"]) == ("request_failed", True)
    assert (line["status_code"], line["outcome"], line["level"]) == (200, "incomplete", "error")


async def test_row_09_raise_after_the_last_body(server: Server) -> None:
    """The response stays whole and the connection open; the error has its line and its report with the id."""
    correlation_id = fresh_id(9)
    async with connect(server.port) as connection:
        response = await connection.request("/late", headers={"x-correlation-id": correlation_id})
        after = await connection.request("/late", headers={"x-correlation-id": fresh_id(9)})
    line = await server.request_line(correlation_id)
    (error,) = await server.error_lines(correlation_id)

    assert (response.status, response.is_complete, after.status) == (200, True, 200)
    assert response.json()["correlation_id"] == correlation_id
    assert (error["event"], error["late_error"]) == ("request_failed", True)
    assert (line["outcome"], line["late_error"]) == ("ok", True)
    assert [report["request_id"] for report in reports_of(server, correlation_id)] == [line["request_id"]]


async def test_row_10_return_without_a_response(server: Server) -> None:
    """A silent app is answered for, with one error line and no hang."""
    correlation_id = fresh_id(10)
    asked = await ask(server, "/silent", correlation_id)

    assert_std(asked.response, correlation_id, error_code="NO_RESPONSE")
    assert [(error["event"], error["level"]) for error in asked.errors] == [("no_response", "error")]
    assert asked.line["outcome"] == "server_error"


@pytest.mark.parametrize(("path", "body"), [("/start-only", b""), ("/short", FIRST_CHUNK)])
async def test_row_11_start_without_an_end(server: Server, path: str, body: bytes) -> None:
    """A response that the app never ends is cut, not taken for a success; one error line says so."""
    correlation_id = fresh_id(11)
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        closed = await connection.is_closed_by_server()
    line = await server.request_line(correlation_id)

    assert (response.status, response.body, response.is_complete, closed) == (200, body, False, True)
    assert [error["event"] for error in await server.error_lines(correlation_id)] == ["incomplete_response"]
    assert (line["outcome"], line["level"], line["status_code"]) == ("incomplete", "error", 200)


@pytest.mark.parametrize("path", ["/body-first", "/unknown-first"])
async def test_row_12_message_that_may_not_come_first(server: Server, path: str) -> None:
    """A body before its start, or a message that no server knows, is the app's error and answered as one."""
    correlation_id = fresh_id(12)
    asked = await ask(server, path, correlation_id)

    assert_std(asked.response, correlation_id)
    assert [error["level"] for error in asked.errors] == ["error"]
    assert asked.line["outcome"] == "server_error"


@pytest.mark.parametrize("path", ["/start-twice", "/start-twice-after-body", "/unknown-later"])
async def test_row_12_message_that_may_not_come_later(server: Server, path: str) -> None:
    """A second start, or a message that no server knows, ends a response that has begun by cutting it."""
    correlation_id = fresh_id(12)
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        closed = await connection.is_closed_by_server()
    line = await server.request_line(correlation_id)
    (error,) = await server.error_lines(correlation_id)

    assert (response.status, response.is_complete, closed) == (200, False, True)
    assert b"HTTP/1.1 503" not in response.raw
    assert_every_header(response)
    assert (error["event"], error["response_started"]) == ("request_failed", True)
    assert (line["status_code"], line["outcome"]) == (200, "incomplete")


async def test_row_12_second_start_never_reaches_the_server(log_lines: LogLines) -> None:
    """The stack itself refuses a second start: the server sees the first alone, and the app gets the error."""
    answer = await exchange(stacked(app_responses.start_twice), http_scope())
    (error,) = log_lines("request_failed")

    assert [message["type"] for message in answer.sent] == ["http.response.start"]
    assert answer.status == 200
    assert type(answer.raised).__name__ == "ProtocolError"
    assert error["exception_type"].endswith("ProtocolError")


async def test_row_12_body_before_the_start_never_reaches_the_server(log_lines: LogLines) -> None:
    """The stack itself refuses a body that has no start, and answers with the standard error."""
    answer = await exchange(stacked(app_responses.body_first), http_scope())
    (error,) = log_lines("request_failed")

    assert [message["type"] for message in answer.sent] == ["http.response.start", "http.response.body"]
    assert_std(answer, error["correlation_id"])
    assert error["exception_type"].endswith("ProtocolError")
