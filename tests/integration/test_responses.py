"""What clients get and what the log says, request by request, from each server."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.apps import SECRET
from tests.integration.contract import assert_error, assert_headers
from tests.integration.servers import Server
from tests.integration.wire import connect, one_request, render_request


class TestOutcomes:
    """One path, one status, one line."""

    async def test_success_has_ids_headers_and_the_apps_own_body(self, server: Server) -> None:
        """A 200 keeps the app's JSON, whose ids are those of the headers, and is one line of the outcome ok."""
        response = await one_request(server.port, "/", headers={"x-correlation-id": "ok-1", "user-agent": "tests/1"})
        line = await server.request_line("ok-1")

        assert_headers(response, "ok-1")
        assert response.json() == {"correlation_id": "ok-1", "request_id": response.value("x-request-id")}
        assert line["request_id"] == response.value("x-request-id")
        assert (line["status_code"], line["outcome"], line["level"]) == (200, "ok", "info")
        assert (line["method"], line["path"], line["user_agent"]) == ("GET", "/", "tests/1")
        assert (line["bytes_in"], line["bytes_out"]) == (0, len(response.body))
        assert line["client"] == "127.0.0.1"
        assert await server.error_lines("ok-1") == []

    @pytest.mark.parametrize(
        ("path", "status", "error_code", "level", "outcome"),
        [
            ("/nowhere", 404, "NOT_FOUND", "info", "client_error"),
            ("/conflict", 409, "CONFLICT", "warning", "client_error"),
            ("/boom", 500, "INTERNAL_ERROR", "error", "server_error"),
            ("/silent", 500, "NO_RESPONSE", "error", "server_error"),
        ],
    )
    async def test_error_is_one_json_one_error_line_and_one_request_line(
        self, server: Server, path: str, status: int, error_code: str, level: str, outcome: str
    ) -> None:
        """Every error has the same JSON and headers, and both of its lines carry its id."""
        sent = f"error-{status}-{error_code}"
        response = await one_request(server.port, path, headers={"x-correlation-id": sent})
        line = await server.request_line(sent)

        assert_error(response, status, error_code, sent)
        assert (line["status_code"], line["outcome"]) == (status, outcome)
        assert [error["level"] for error in await server.error_lines(sent)] == [level]
        assert len(await server.lines_of(sent)) == 2

    async def test_unknown_exception_is_told_to_the_log_alone(self, server: Server) -> None:
        """The error line has the exception, its message and its traceback, of which the client gets nothing."""
        response = await one_request(server.port, "/boom", headers={"x-correlation-id": "told-1"})
        (error,) = await server.error_lines("told-1")

        assert response.json()["message"] == "Internal server error"
        assert (error["exception_type"], error["exception_message"]) == ("RuntimeError", SECRET)
        assert "in boom" in str(error["stack_trace"])

    async def test_head_of_an_error_has_its_headers_and_no_body(self, server: Server) -> None:
        """HEAD gets the headers of the GET, content-length too, and not one byte more; the connection goes on."""
        async with connect(server.port) as connection:
            await connection.send(render_request("/boom", method="HEAD", headers={"x-correlation-id": "head-1"}))
            response = await connection.response("HEAD")
            after = await connection.request("/", headers={"x-correlation-id": "head-2"})

        assert_headers(response, "head-1")
        assert (response.status, response.body) == (500, b"")
        assert response.raw.endswith(b"\r\n\r\n")
        assert int(response.value("content-length")) > 0
        assert_headers(after, "head-2")


class TestIds:
    """Where ids come from."""

    async def test_both_inbound_ids_are_kept(self, server: Server) -> None:
        """Valid ids of both kinds come back and stand in the line."""
        sent = {"X-Correlation-ID": "chain.1", "X-Request-ID": "hop_1"}
        response = await one_request(server.port, "/", headers=sent)
        line = await server.request_line("chain.1")

        assert (response.value("x-correlation-id"), response.value("x-request-id")) == ("chain.1", "hop_1")
        assert line["request_id"] == "hop_1"

    async def test_request_without_ids_gets_two_new_ones(self, server: Server) -> None:
        """Without inbound ids both are canonical UUIDs of version 4, and differ."""
        response = await one_request(server.port, "/")
        correlation_id, request_id = response.value("x-correlation-id"), response.value("x-request-id")
        line = await server.request_line(correlation_id)

        assert correlation_id != request_id
        assert all(str(uuid.UUID(each, version=4)) == each for each in (correlation_id, request_id))
        assert line["request_id"] == request_id

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            ("a=1 tenant=victim", "characters"),
            ("x" * 129, "too_long"),
            ("", "empty"),
            ("one\r\nX-Correlation-ID: two", "repeated"),
        ],
        ids=["characters", "too_long", "empty", "repeated"],
    )
    async def test_invalid_id_is_replaced_with_one_warning(self, server: Server, header: str, reason: str) -> None:
        """What is no valid id is never echoed or logged: a new one takes its place, and one warning says why."""
        response = await one_request(server.port, "/", headers={"X-Correlation-ID": header})
        correlation_id = response.value("x-correlation-id")
        lines = await server.lines_of(correlation_id)

        assert str(uuid.UUID(correlation_id, version=4)) == correlation_id
        assert [line["event"] for line in lines if line["level"] == "warning"] == ["invalid_id_replaced"]
        assert f'"{reason}"' in str(lines).replace("'", '"')
        assert not header or header not in "".join(server.output)
        assert len(lines) == 2
