"""A real framework inside the stack, on real servers: its own 500 pages make way, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import Server, ServerKind, serving
from tests.integration.starlette_app import OWN_PAGE, SECRET
from tests.integration.wire import connect, one_request


@pytest.fixture(scope="module")
def shared_starlette(kind: ServerKind) -> Iterator[Server]:
    """Serve the Starlette app."""
    with serving(kind, "tests.integration.starlette_app:app") as server:
        yield server


@pytest.fixture
def server(shared_starlette: Server) -> Iterator[Server]:
    """Give the server, and see that it wrote nothing but the stack's lines."""
    yield shared_starlette
    assert shared_starlette.take_noise() == []


class TestDefaultPages:
    """What Starlette answers by default is answered by the stack."""

    @pytest.mark.parametrize("path", ["/boom", "/thread", "/mounted/boom"])
    async def test_unknown_exception_is_the_stacks_500(self, server: Server, path: str) -> None:
        """One ErrorResponse, one error line with the original, and the connection stays open."""
        correlation_id = f"boom{path.replace('/', '-')}"
        async with connect(server.port) as connection:
            response = await connection.request(path, headers={"x-correlation-id": correlation_id})
            again = await connection.request("/")
        (error,) = await server.error_lines(correlation_id)
        line = await server.request_line(correlation_id)

        assert (response.status, again.status) == (500, 200)
        assert response.json()["correlation_id"] == response.value("x-correlation-id") == correlation_id
        assert SECRET.encode() not in response.raw
        assert response.value("cache-control") == "no-store"
        assert (error["exception_type"], error["exception_message"]) == ("RuntimeError", SECRET)
        assert "late_error" not in error
        assert (line["status_code"], line["outcome"]) == (500, "server_error")
        assert "late_error" not in line

    async def test_app_error_has_its_own_status(self, server: Server) -> None:
        """A ConflictError out of an endpoint is a 409 with its own words, and a warning."""
        response = await one_request(server.port, "/conflict", headers={"x-correlation-id": "conflict"})
        (error,) = await server.error_lines("conflict")

        assert (response.status, response.json()["details"]) == (409, {"version": 2})
        assert error["level"] == "warning"

    async def test_default_words_of_a_503_keep_its_headers(self, server: Server) -> None:
        """An HTTPException without a detail of its own is told in the stack's form."""
        response = await one_request(server.port, "/closed")

        assert (response.status, response.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
        assert response.value("retry-after") == "7"


class TestOwnPages:
    """What the app answers on purpose leaves as it is."""

    async def test_deliberate_page_is_no_error(self, server: Server) -> None:
        """A 503 of the app's own is on the request line alone."""
        response = await one_request(server.port, "/maintenance", headers={"x-correlation-id": "maintenance"})

        assert (response.status, response.body) == (503, OWN_PAGE)
        assert await server.error_lines("maintenance") == []

    async def test_handled_exception_is_a_warning(self, server: Server) -> None:
        """A handler of the app's own that answers with a 500 has its way, and the log knows what it was given."""
        response = await one_request(server.port, "/handled", headers={"x-correlation-id": "handled"})
        (error,) = await server.error_lines("handled")

        assert (response.status, response.body) == (500, OWN_PAGE)
        assert (error["level"], error["exception_type"]) == ("warning", "LookupError")

    @pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/", 200)])
    async def test_everything_else_passes(self, server: Server, path: str, status: int) -> None:
        """Starlette's own 404 and 200 are byte for byte its own."""
        response = await one_request(server.port, path)

        assert (response.status, response.body) == (status, b"Not Found" if status == 404 else b"ok")
        assert response.value("content-type") == "text/plain; charset=utf-8"


class TestTooLate:
    """What fails once the response has started."""

    async def test_stream_is_cut(self, server: Server) -> None:
        """A body that fails in its middle never looks complete."""
        response = await one_request(server.port, "/stream", headers={"x-correlation-id": "stream"})
        (error,) = await server.error_lines("stream")

        assert (response.body, response.is_complete) == (b"first,", False)
        assert (error["response_started"], error["exception_type"]) == (True, "RuntimeError")

    async def test_background_task_is_late(self, server: Server) -> None:
        """The client has its answer, and the log the error."""
        response = await one_request(server.port, "/background", headers={"x-correlation-id": "background"})
        (error,) = await server.error_lines("background")

        assert (response.status, response.body) == (200, b"ok")
        assert error["late_error"] is True
