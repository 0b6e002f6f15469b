"""The stack around apps as teams have them already: their state, overrides, test clients, Sentry and OpenTelemetry."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, Final

import pytest
from fastapi import Depends, FastAPI, Request
from litestar import Litestar, get
from litestar.testing import TestClient as LitestarTestClient
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from quart import Quart
from starlette.testclient import TestClient

from app.frameworks.failures import SECRET, conflict, fail
from asgi_stack import RequestContext, wrap
from asgi_stack.testing import ASGIClient
from tests.integration.servers import Server, serving
from tests.integration.shops import UVICORN
from tests.integration.wire import one_request
from tests.log_capture import LogLines

ID: Final = {"x-correlation-id": "adopted"}
SENTRY_APP: Final = "tests.integration.sentry_app"


def price() -> int:
    """Look a price up where only production can."""
    raise ConnectionError


def shop() -> FastAPI:
    """Make an app with a lifespan, state and a dependency."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> Any:  # noqa: ANN401 - as FastAPI's documentation writes it
        api.state.catalogue = ["Lamp"]
        yield
        api.state.catalogue = None

    api = FastAPI(lifespan=lifespan)

    @api.get("/catalogue")
    async def catalogue(request: Request) -> list[str]:
        found: list[str] = request.app.state.catalogue
        return found

    @api.get("/price")
    async def show_price(cents: Annotated[int, Depends(price)]) -> int:
        return cents

    @api.get("/boom")
    async def boom() -> None:
        fail()

    @api.get("/conflict")
    async def conflicting() -> None:
        conflict()

    return api


class TestFastAPI:
    """FastAPI's own objects, reached by the name they had before."""

    def test_state_and_lifespan_are_the_apps(self, log_lines: LogLines) -> None:
        """The lifespan runs through the stack, and `app.state` is what handlers and tests find."""
        api = shop()
        with TestClient(wrap(api, configure_logging=False)) as client:
            response = client.get("/catalogue", headers=ID)
            assert api.state.catalogue == ["Lamp"]

        assert (response.json(), response.headers["x-correlation-id"]) == (["Lamp"], "adopted")
        assert api.state.catalogue is None
        assert len(log_lines("request_completed")) == 1

    def test_dependency_overrides_count(self) -> None:
        """Set on the app itself, before or after it was wrapped."""
        api = shop()
        client = TestClient(wrap(api, configure_logging=False))
        api.dependency_overrides[price] = lambda: 1990

        assert client.get("/price").json() == 1990

    def test_client_sees_the_answer_not_the_exception(self) -> None:
        """With the stack a test client gets the 500 that a user would get."""
        response = TestClient(wrap(shop(), configure_logging=False)).get("/boom", headers=ID)

        assert (response.status_code, response.json()["correlation_id"]) == (500, "adopted")


def test_litestar_test_client_drives_the_wrapped_app() -> None:
    """Its client takes any ASGI app, and runs the lifespan."""

    @get("/")
    async def index() -> dict[str, str | None]:
        record = RequestContext.current()
        return {"id": None if record is None else record.correlation_id}

    application: Any = wrap(Litestar([index]), configure_logging=False)
    with LitestarTestClient(application) as client:
        assert client.get("/", headers=ID).json() == {"id": "adopted"}


async def test_quart_test_client_drives_the_wrapped_app() -> None:
    """Quart's client belongs to the Quart object, so its `asgi_app` is what is wrapped."""
    api = Quart(__name__)

    @api.get("/")
    async def index() -> dict[str, str | None]:
        record = RequestContext.current()
        return {"id": None if record is None else record.correlation_id}

    api.asgi_app = wrap(api.asgi_app, configure_logging=False)  # type: ignore[assignment, method-assign]
    response = await api.test_client().get("/", headers=ID)

    assert await response.get_json() == {"id": "adopted"}
    assert response.headers["x-correlation-id"] == "adopted"


class Envelopes:
    """What came to a Sentry server on loopback: the events, parsed."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def taken(self) -> list[dict[str, Any]]:
        """Give the events since the last call."""
        events, self.events = self.events, []
        return events

    def take(self, body: bytes) -> None:
        """Read one envelope: a header, then pairs of a header and an item, each on a line."""
        lines = body.split(b"\n")
        for header, item in zip(lines[1::2], lines[2::2], strict=False):
            if json.loads(header).get("type") == "event":
                self.events.append(json.loads(item))


@contextmanager
def sentry_server() -> Iterator[tuple[str, Envelopes]]:
    """Run a server that takes envelopes; give its DSN and what comes."""
    envelopes = Envelopes()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            envelopes.take(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://key@127.0.0.1:{server.server_port}/1", envelopes
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def sentry() -> Iterator[tuple[Server, Envelopes]]:
    """Serve an app whose Sentry talks to a server on loopback."""
    with sentry_server() as (dsn, envelopes), serving(UVICORN, f"{SENTRY_APP}:app", SHOP_SENTRY_DSN=dsn) as server:
        yield server, envelopes


class TestSentry:
    """A Sentry set-up that was there before the stack, in a server of its own: the SDK changes a whole process."""

    async def test_bug_is_one_event_and_one_line(self, sentry: tuple[Server, Envelopes]) -> None:
        """Sentry's integration sees the exception inside; the stack's line about it makes no second event."""
        server, envelopes = sentry
        response = await one_request(server.port, "/boom", headers={"x-correlation-id": "bug"})
        lines = await server.error_lines("bug")
        await flushed(server)

        assert response.status == 500
        assert [event["exception"]["values"][-1]["value"] for event in envelopes.taken()] == [SECRET]
        assert len(lines) == 1

    @pytest.mark.parametrize(("path", "count"), [("/conflict", 1), ("/adapted/conflict", 0)])
    async def test_adapter_keeps_expected_errors_out(
        self, sentry: tuple[Server, Envelopes], path: str, count: int
    ) -> None:
        """Without an adapter an AppError leaves FastAPI as an exception, which Sentry takes for a bug; with it, not."""
        server, envelopes = sentry
        response = await one_request(server.port, path)
        await flushed(server)

        assert (response.status, len(envelopes.taken())) == (409, count)


async def flushed(server: Server) -> None:
    """Have the app's Sentry send what it has."""
    assert (await one_request(server.port, "/flush")).status == 200


class TestOpenTelemetry:
    """Tracing that was there before the stack."""

    @pytest.fixture
    def exporter(self) -> InMemorySpanExporter:
        """Keep spans in memory."""
        return InMemorySpanExporter()

    @pytest.fixture
    def provider(self, exporter: InMemorySpanExporter) -> TracerProvider:
        """Give the provider that a team has."""
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return provider

    async def test_instrumented_app_goes_on(
        self, exporter: InMemorySpanExporter, provider: TracerProvider, log_lines: LogLines
    ) -> None:
        """`FastAPIInstrumentor` inside the stack: one server span a request, named by its route."""
        api = shop()
        FastAPIInstrumentor.instrument_app(api, tracer_provider=provider, exclude_spans=["receive", "send"])
        await ASGIClient(wrap(api, configure_logging=False)).get("/conflict", headers=ID)

        assert [span.name for span in exporter.get_finished_spans()] == ["GET /conflict"]
        assert len(log_lines("request_failed")) == 1

    async def test_middleware_outside_goes_on(self, exporter: InMemorySpanExporter, provider: TracerProvider) -> None:
        """`OpenTelemetryMiddleware` outside the stack sees the status that leaves."""
        traced: Any = OpenTelemetryMiddleware(wrap(shop(), configure_logging=False), tracer_provider=provider)
        response = await ASGIClient(traced).get("/conflict")
        (span,) = [span for span in exporter.get_finished_spans() if span.parent is None]

        assert response.status == 409
        assert 409 in (span.attributes or {}).values()
