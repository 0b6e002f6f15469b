"""Requests that end badly: after their start, after their end, or because the client left."""

from __future__ import annotations

import pytest

from tests.integration.apps import FIRST_CHUNK, SECRET
from tests.integration.contract import assert_headers
from tests.integration.servers import Server
from tests.integration.wire import connect, one_request, render_request


class TestAfterTheStart:
    """Errors that come too late to be answered."""

    @pytest.mark.parametrize(("path", "body"), [("/boom-after-start", b""), ("/boom-after-chunk", FIRST_CHUNK)])
    async def test_error_in_a_response_cuts_it(self, server: Server, path: str, body: bytes) -> None:
        """What has left stays as it is, nothing is appended, and the missing end tells the client."""
        sent = f"cut{path.replace('/', '-')}"
        async with connect(server.port) as connection:
            response = await connection.request(path, headers={"x-correlation-id": sent})
            closed = await connection.is_closed_by_server()
        line = await server.request_line(sent)
        (error,) = await server.error_lines(sent)

        assert (response.status, response.body, response.is_complete) == (200, body, False)
        assert response.raw.count(b"HTTP/1.1") == 1
        assert SECRET.encode() not in response.raw
        assert closed
        assert_headers(response, sent)
        assert (line["outcome"], line["status_code"], line["level"]) == ("incomplete", 200, "error")
        assert (error["event"], error["response_started"]) == ("request_failed", True)

    async def test_response_without_an_end_is_cut(self, server: Server) -> None:
        """An app that returns in the middle of its body has failed, though it raised nothing."""
        async with connect(server.port) as connection:
            response = await connection.request("/short", headers={"x-correlation-id": "short-1"})
        line = await server.request_line("short-1")
        (error,) = await server.error_lines("short-1")

        assert (response.body, response.is_complete) == (FIRST_CHUNK, False)
        assert (line["outcome"], error["event"]) == ("incomplete", "incomplete_response")

    async def test_late_error_changes_nothing_for_the_client(self, server: Server) -> None:
        """An error after the whole response is logged, marked as late; the connection serves the next request."""
        async with connect(server.port) as connection:
            response = await connection.request("/late", headers={"x-correlation-id": "late-1"})
            after = await connection.request("/", headers={"x-correlation-id": "late-2"})
        line = await server.request_line("late-1")
        (error,) = await server.error_lines("late-1")

        assert (response.status, response.is_complete) == (200, True)
        assert response.json()["correlation_id"] == "late-1"
        assert_headers(after, "late-2")
        assert (line["outcome"], line["late_error"], line["level"]) == ("ok", True, "info")
        assert (error["late_error"], error["level"]) == (True, "error")
        assert "late_error" not in await server.request_line("late-2")


class TestClientLeaves:
    """A client that leaves is no error of the service."""

    async def test_leaving_before_the_response_is_no_error(self, server: Server) -> None:
        """A client that crashes while the app works leaves one line that says so."""
        async with connect(server.port) as connection:
            request = render_request("/hold", headers={"x-correlation-id": "left-1"}, body=b"rest")
            await connection.send(request.removesuffix(b"rest"))
            await server.until_logged("held", "left-1")
            connection.reset()
            line = await server.request_line("left-1")

        assert (line["outcome"], line["status_code"], line["level"]) == ("client_disconnected", None, "info")
        assert await server.error_lines("left-1") == []

    async def test_closing_in_the_middle_of_a_body_is_no_error(self, server: Server) -> None:
        """A client that closes politely after half of its body leaves one line that counts the half."""
        async with connect(server.port) as connection:
            request = render_request("/hold", headers={"x-correlation-id": "left-2"}, body=b"x" * 300_000)
            await connection.send(request[:-200_000])
            await server.until_logged("held", "left-2")
        line = await server.request_line("left-2")

        assert (line["outcome"], line["status_code"]) == ("client_disconnected", None)
        assert line["bytes_in"] in range(100_001)
        assert await server.error_lines("left-2") == []

    async def test_leaving_in_the_middle_of_a_stream_is_no_error(self, server: Server) -> None:
        """A client that crashes while it is sent a stream leaves one line with what was sent."""
        async with connect(server.port) as connection:
            request = render_request("/stream", headers={"x-correlation-id": "left-3"}, body=b"rest")
            await connection.send(request.removesuffix(b"rest"))
            first = await connection.incoming().chunk()
            connection.reset()
            line = await server.request_line("left-3")

        assert first == FIRST_CHUNK
        assert (line["outcome"], line["status_code"], line["bytes_out"]) == ("client_disconnected", 200, len(first))
        assert await server.error_lines("left-3") == []


class TestCancelled:
    """What only the server may do."""

    async def test_cancellation_is_not_swallowed_and_no_error_of_the_app(self, server: Server) -> None:
        """The server gets the cancellation and answers as it does; the line tells of it, and no error line exists."""
        response = await one_request(server.port, "/cancelled", headers={"x-correlation-id": "cancel-1"})
        line = await server.request_line("cancel-1")

        assert response.status == 500
        assert (line["outcome"], line["level"], line["status_code"]) == ("cancelled", "info", None)
        assert await server.error_lines("cancel-1") == []
