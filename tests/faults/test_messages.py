"""Rows 13 to 15 and 23: responses in odd forms, with values that no response may have, and without bodies."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect as dial

from tests.driver import exchange, http_scope
from tests.faults import app_responses
from tests.faults.standard import ask, assert_every_header, assert_hidden, assert_std, fresh_id, secret, stacked
from tests.integration.apps import boom
from tests.integration.contract import SECURITY_HEADERS
from tests.integration.servers import Server
from tests.integration.wire import connect, render_request
from tests.log_capture import LogLines


@pytest.mark.parametrize("form", ["constant", "none", *app_responses.FORMS])
async def test_row_13_odd_forms_of_headers(server: Server, form: str) -> None:
    """However an app writes its headers, they leave beside the stack's, each once, also at the next request."""
    asked = [await ask(server, f"/headers/{form}", fresh_id(13)) for _ in range(2)]

    for each in asked:
        assert (each.response.status, each.response.is_complete, each.errors) == (200, True, [])
        assert each.response.values("x-own") == ([] if form == "none" else ["1"])
        assert each.response.value("x-request-id") == each.line["request_id"]
        assert_every_header(each.response)


async def test_row_13_start_of_the_app_is_left_alone(log_lines: LogLines) -> None:
    """A start message and a list that the app keeps are the same after the request as before."""
    kept = [(b"x-own", b"1")]
    answer = await exchange(stacked(app_responses.constant_start), http_scope())

    assert len(answer.headers) > len(kept)
    assert kept == app_responses.APP_HEADERS
    assert app_responses.CONSTANT_START["headers"] is app_responses.APP_HEADERS
    assert app_responses.CONSTANT_START.keys() == {"type", "status", "headers"}


@pytest.mark.parametrize("kind_of_value", app_responses.VALUES)
async def test_row_14_header_that_would_split_the_response(server: Server, kind_of_value: str) -> None:
    """A line break or NUL in a header's value is stopped before it leaves; the log names the header, not the value."""
    canary, correlation_id = secret(), fresh_id(14)
    asked = await ask(server, f"/value/{kind_of_value}", correlation_id, canary=canary)
    (error,) = asked.errors

    assert_std(asked.response, correlation_id)
    assert asked.response.values("set-cookie") == asked.response.values("x-note") == []
    assert "x-note" in str(error["exception_message"])
    assert asked.line["outcome"] == "server_error"
    assert_hidden(server, asked.response, canary)


async def test_row_14_split_start_never_reaches_the_server(log_lines: LogLines) -> None:
    """The only start that the server sees is that of the standard error."""
    answer = await exchange(stacked(app_responses.value_with("crlf")), http_scope())
    (error,) = log_lines("request_failed")

    assert_std(answer, error["correlation_id"])
    assert answer.values("x-note") == []
    assert answer.raised is None


@pytest.mark.parametrize("status", app_responses.STATUSES)
async def test_row_15_status_that_is_none(server: Server, status: str) -> None:
    """A status that HTTP does not have, or a text, is the app's error and answered as one."""
    correlation_id = fresh_id(15)
    asked = await ask(server, f"/status/{status}", correlation_id)

    assert_std(asked.response, correlation_id)
    assert [error["level"] for error in asked.errors] == ["error"]
    assert (asked.line["status_code"], asked.line["outcome"]) == (500, "server_error")


@pytest.mark.parametrize("status", app_responses.STATUSES)
async def test_row_15_wrong_status_never_reaches_the_server(log_lines: LogLines, status: str) -> None:
    """The only start that the server sees is that of the standard error."""
    answer = await exchange(stacked(app_responses.status_of(status)), http_scope())
    (error,) = log_lines("request_failed")

    assert_std(answer, error["correlation_id"])


@pytest.mark.parametrize("path", ["/body-with-204", "/body-with-304"])
async def test_row_23_no_body_where_none_may_be(server: Server, path: str) -> None:
    """The body that an app sends with a 204 or 304 is dropped with its length, and the connection goes on."""
    correlation_id = fresh_id(23)
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": correlation_id})
        after = await connection.request("/", headers={"x-correlation-id": fresh_id(23)})
    line = await server.request_line(correlation_id)

    assert (response.status, response.body) == (int(path[-3:]), b"")
    assert response.raw.endswith(b"\r\n\r\n")
    assert response.values("content-length") == []
    assert response.values("etag") == ['"1"']
    assert response.value("x-correlation-id") == correlation_id
    assert (after.status, after.is_complete) == (200, True)
    assert (line["outcome"], line["bytes_out"]) == ("ok", 0)


@pytest.mark.parametrize("status", [204, 304])
async def test_row_23_exception_without_a_body(server: Server, status: int) -> None:
    """An HTTP exception of 204 or 304 keeps its headers and gets no body."""
    correlation_id = fresh_id(23)
    asked = await ask(server, f"/http/{status}", correlation_id)

    assert (asked.response.status, asked.response.body) == (status, b"")
    assert asked.response.raw.endswith(b"\r\n\r\n")
    assert asked.response.values("content-length") == []
    assert asked.response.values("etag" if status == 304 else "x-note")
    assert asked.line["status_code"] == status


@pytest.mark.parametrize("path", ["/boom", "/silent", "/http/405"])
async def test_row_23_head_of_a_failing_route(server: Server, path: str) -> None:
    """HEAD gets what GET gets, length included, without one byte of the body; the connection goes on."""
    got = await ask(server, path, fresh_id(23).ljust(40, "x"))
    correlation_id = fresh_id(23).ljust(40, "x")
    async with connect(server.port) as connection:
        await connection.send(render_request(path, method="HEAD", headers={"x-correlation-id": correlation_id}))
        response = await connection.response("HEAD")
        after = await connection.request("/", headers={"x-correlation-id": fresh_id(23)})
    line = await server.request_line(correlation_id)

    assert (response.status, response.body) == (got.response.status, b"")
    assert response.raw.endswith(b"\r\n\r\n")
    # The timestamp may be shorter by some digits of the microseconds.
    assert abs(int(response.value("content-length")) - len(got.response.body)) <= 7
    for name in ("x-correlation-id", "x-request-id", "content-type", "cache-control"):
        assert response.value(name)
    assert_every_header(response)
    assert (after.status, line["bytes_out"]) == (200, 0)


async def test_row_23_server_gets_no_body_for_head(log_lines: LogLines) -> None:
    """The stack itself drops the body of its answer to HEAD, and keeps the length that GET would have."""
    answer = await exchange(stacked(boom), http_scope(method="HEAD"))

    assert (answer.status, answer.body) == (500, b"")
    assert int(answer.values("content-length")[0]) > 0


@pytest.mark.parametrize("status", [204, 304])
async def test_row_23_server_gets_no_body_it_would_refuse(log_lines: LogLines, status: int) -> None:
    """The stack itself drops the body of a 204 or 304, and what announces it."""
    answer = await exchange(stacked(app_responses.body_with(status)), http_scope())

    assert (answer.status, answer.body, answer.values("content-length")) == (status, b"", [])
    assert log_lines("request_completed")[0]["outcome"] == "ok"


async def test_row_23_websocket_is_one_line_of_101(server: Server) -> None:
    """An accepted websocket has the status 101, the ids, no security headers, and one line."""
    correlation_id = fresh_id(23)
    headers = {"X-Correlation-ID": correlation_id}
    async with dial(f"ws://127.0.0.1:{server.port}/echo", additional_headers=headers, proxy=None) as websocket:
        assert websocket.response is not None
        response = websocket.response
    line = await server.request_line(correlation_id)

    assert (response.status_code, line["status_code"], line["type"]) == (101, 101, "websocket")
    assert response.headers.get_all("x-correlation-id") == [correlation_id]
    assert [name for name in SECURITY_HEADERS if name in response.headers] == []
