"""What servers write by themselves, with and without our log: their access lines, and their tracebacks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.integration.servers import KINDS, ServerKind, launched, serving, with_flags
from tests.integration.wire import one_request

SERVERS: Final = tuple(kind for kind in KINDS if kind.name != "asgi-stack-run")

IMPORTS: Final = "from asgi_stack import Pipeline, RequestContextMiddleware, configure_structlog\n"
FAILING: Final = "async def app(scope, receive, send):\n    assert scope['type'] == 'http', 'no lifespan'\n    1 / 0\n"
ANSWERING: Final = """
async def app(scope, receive, send):
    assert scope["type"] == "http", "no lifespan"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
"""
STACK: Final = "application = Pipeline().use(RequestContextMiddleware).build(app)\n"
OUR_LOG: Final = "configure_structlog()\n"

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a module where servers find it, and give its target."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write_module(*parts: str) -> str:
        (tmp_path / "web.py").write_text("".join(parts))
        return "web:application"

    return write_module


@pytest.mark.parametrize("server_kind", SERVERS, ids=lambda kind: kind.name)
class TestTracebacks:
    """A stack without an error layer: the server tells of what the app raises."""

    async def test_traceback_of_the_server_carries_the_ids(self, server_kind: ServerKind, write: Write) -> None:
        """Without any log of ours, below the server's own traceback stands whose request it was."""
        with launched(server_kind, write(IMPORTS, FAILING, STACK)) as server:
            server.wait_until_serving()
            response = await one_request(server.port, "/", headers={"x-correlation-id": "bare-1"})
            await server.until(lambda: any("correlation_id=bare-1 request_id=" in text for text in server.output))
            server.stop()

        assert response.status == 500
        raised = next(place for place, text in enumerate(server.output) if text.startswith("ZeroDivisionError"))
        assert server.output[raised + 1].startswith("correlation_id=bare-1 request_id=")
        assert server.lines == []

    async def test_so_it_does_in_our_log(self, server_kind: ServerKind, write: Write) -> None:
        """With our log the server's traceback is one line, which ends with the ids."""
        with serving(server_kind, write(IMPORTS, OUR_LOG, FAILING, STACK)) as server:
            await one_request(server.port, "/", headers={"x-correlation-id": "ours-1"})
            await server.until(lambda: server.find(exception_type="ZeroDivisionError"))

        (line,) = server.find(exception_type="ZeroDivisionError")
        assert line["logger"] == ("uvicorn.error" if server_kind.is_uvicorn else "hypercorn.error")
        assert str(line["stack_trace"]).splitlines()[-1].startswith("correlation_id=ours-1 request_id=")


@pytest.mark.parametrize("server_kind", SERVERS, ids=lambda kind: kind.name)
class TestAccessLines:
    """A stack without a request line, as in `uvicorn web:application`."""

    async def test_access_line_is_there_in_our_form(self, server_kind: ServerKind, write: Write) -> None:
        """After `configure_structlog()` the server still writes one access line for each request, as JSON."""
        kind = server_kind if server_kind.is_uvicorn else with_flags(server_kind, "--access-logfile", "-")
        logger = "uvicorn.access" if server_kind.is_uvicorn else "hypercorn.access"
        with serving(kind, write(IMPORTS, OUR_LOG, ANSWERING, STACK)) as server:
            for _ in range(2):
                assert (await one_request(server.port, "/asked")).status == 204
            await server.until(lambda: len(server.find(logger=logger)) == 2)

        assert all("/asked" in str(line["event"]) for line in server.find(logger=logger))
        assert server.stray == []

    async def test_server_that_was_told_to_write_none_writes_none(self, server_kind: ServerKind, write: Write) -> None:
        """`--no-access-log` of uvicorn, and hypercorn's default, hold."""
        kind = with_flags(server_kind, "--no-access-log") if server_kind.is_uvicorn else server_kind
        with serving(kind, write(IMPORTS, OUR_LOG, ANSWERING, STACK)) as server:
            assert (await one_request(server.port, "/asked")).status == 204

        assert not any("/asked" in text for text in server.output)
