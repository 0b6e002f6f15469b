"""Each layer alone in somebody else's stack: Starlette's middleware list, httpx as client, asgi-lifespan as server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from asgi_lifespan import LifespanManager
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from asgi_stack.context import RequestContext
from asgi_stack.logging import get_logger
from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.types import AnyASGIApp, Message
from tests.driver import LIFESPAN, exchange, http_scope, lifespan_scope
from tests.log_capture import LogLine, LogLines


def current_id() -> str | None:
    """Give the current correlation id."""
    record = RequestContext.current()
    return None if record is None else record.correlation_id


def in_thread(request: Request) -> Response:
    """Serve from Starlette's thread pool."""
    record = RequestContext.current()
    assert record is not None
    record.bind(thread=True)
    get_logger("app").info("in_thread")
    return PlainTextResponse(record.correlation_id)


async def item(request: Request) -> Response:
    """Serve JSON, with a background task that logs."""
    background = BackgroundTask(lambda: get_logger("app").info("background"))
    return JSONResponse({"id": request.path_params["id"]}, background=background)


async def stream(request: Request) -> Response:
    """Serve a stream whose pieces tell the id."""

    async def pieces() -> AsyncIterator[str]:
        for _ in range(3):
            await asyncio.sleep(0)
            yield f"{current_id()} "

    return StreamingResponse(pieces())


async def boom(request: Request) -> Response:
    """Fail."""
    raise ValueError("boom")


def make_app() -> Starlette:
    """Make an app with the context and logging layers in Starlette's own list."""
    routes = [Route("/items/{id}", item), Route("/thread", in_thread), Route("/stream", stream), Route("/boom", boom)]
    app = Starlette(routes=[*routes, Mount("/inner", routes=routes)])
    # Starlette puts the last one added outermost.
    app.add_middleware(RequestLoggingMiddleware, slow_after_s=60)
    app.add_middleware(RequestContextMiddleware)
    return app


async def get(app: AnyASGIApp, path: str) -> httpx.Response:
    """Ask an app over httpx with the id `chain-1`."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        return await client.get(path, headers={"X-Correlation-ID": "chain-1"})


def own(log_lines: LogLines) -> list[LogLine]:
    """Give the lines of the service, without those of its client."""
    return [line for line in log_lines() if line["logger"] != "httpx"]


class TestStarlette:
    """Both layers through `add_middleware`."""

    async def test_response_and_line(self, log_lines: LogLines) -> None:
        """The id comes back, and the line tells of the framework's route; a background task logs under the id."""
        response = await get(make_app(), "/items/7?page=1")

        background, line = own(log_lines)
        assert response.headers.get_list("x-correlation-id") == ["chain-1"]
        assert response.json() == {"id": "7"}
        assert (line["status_code"], line["route"], line["query"]) == (200, "/items/{id}", "page=1")
        assert background["correlation_id"] == line["correlation_id"] == "chain-1"

    @pytest.mark.parametrize("prefix", ["", "/inner"])
    async def test_threads_and_streams_have_the_id(self, prefix: str, log_lines: LogLines) -> None:
        """A blocking endpoint runs in a thread with the id, and so does every piece of a stream."""
        app = make_app()

        thread = await get(app, f"{prefix}/thread")
        streamed = await get(app, f"{prefix}/stream")

        assert thread.text == "chain-1"
        assert streamed.text == "chain-1 chain-1 chain-1 "
        assert [line["correlation_id"] for line in own(log_lines)] == ["chain-1"] * 3
        assert log_lines("request_completed")[0]["thread"] is True

    async def test_not_found_is_the_clients_error(self, log_lines: LogLines) -> None:
        """A 404 of the router carries the id and has its line."""
        response = await get(make_app(), "/nowhere")

        [line] = own(log_lines)
        assert (response.status_code, response.headers["x-correlation-id"]) == (404, "chain-1")
        assert (line["outcome"], line["route"]) == ("client_error", None)

    async def test_error_inside(self, log_lines: LogLines) -> None:
        """Starlette answers outside its list, without the id; around the app there is no such gap."""
        inside = await get(make_app(), "/boom")
        around = await get(RequestContextMiddleware(make_app()), "/boom")

        assert (inside.status_code, around.status_code) == (500, 500)
        assert "x-correlation-id" not in inside.headers
        assert around.headers.get_list("x-correlation-id") == ["chain-1"]
        assert [line["outcome"] for line in log_lines("request_completed")] == ["server_error"] * 2

    async def test_responses_are_those_of_the_bare_app(self) -> None:
        """But for the two headers nothing changes."""
        bare = Starlette(routes=[Route("/items/{id}", item)])
        scope = http_scope("/items/7", headers=[(b"host", b"service.example")])

        alone = await exchange(bare, {**scope})
        inside = await exchange(RequestContextMiddleware(RequestLoggingMiddleware(bare)), {**scope})

        assert inside.headers[:-2] == alone.headers
        assert inside.sent[1:] == alone.sent[1:]


class TestLifespan:
    """The lifespan layer around apps with a lifespan of their own, under other servers than ours."""

    async def test_lifespan_manager_around_starlette(self) -> None:
        """asgi-lifespan sends a scope without the key `asgi`; the state of both reaches requests."""
        entries: list[str] = []

        @asynccontextmanager
        async def resource() -> AsyncIterator[None]:
            entries.append("open")
            yield
            entries.append("close")

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[dict[str, str]]:
            entries.append("app starts")
            yield {"pool": "ready"}
            entries.append("app stops")

        async def pool(request: Request) -> Response:
            return PlainTextResponse(request.state.pool)

        app = LifespanMiddleware(Starlette(routes=[Route("/", pool)], lifespan=lifespan), resources=[resource])

        async with LifespanManager(app) as manager:
            response = await get(manager.app, "/")

        assert response.text == "ready"
        assert entries == ["open", "app starts", "app stops", "close"]

    async def test_starlette_that_fails_to_start(self, log_lines: LogLines) -> None:
        """One line has the traceback, which Starlette puts into its message too; the server is told the short of it."""
        entries: list[str] = []

        @asynccontextmanager
        async def resource() -> AsyncIterator[None]:
            yield
            entries.append("close")

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            raise ValueError("no disk")
            yield

        layer = LifespanMiddleware(Starlette(lifespan=lifespan), resources=[resource])
        result = await exchange(layer, lifespan_scope(), LIFESPAN)

        [message] = result.sent
        [line] = log_lines()
        assert message == {"type": "lifespan.startup.failed", "message": "The app failed in its startup: ValueError"}
        assert entries == ["close"]
        assert (line["phase"], line["exception_type"]) == ("startup", "ValueError")

    async def test_lifespan_manager_around_an_app_without(self) -> None:
        """An app that raises on a lifespan is started and stopped all the same."""

        async def app(scope: Message, receive: object, send: object) -> None:
            assert scope["type"] == "http"

        async with LifespanManager(LifespanMiddleware(app)):
            """Served."""
