"""Five frameworks inside the stack, with no adapter, on real servers: every row of the truth table for each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, SECRET
from tests.integration.servers import LogLine, Server, ServerKind, serving
from tests.integration.shops import HYPERCORN, SHOPS, UVICORN, Shop
from tests.integration.wire import Response, connect, one_request

FAILING: Final = ("/boom", "/boom/text", "/boom/page", "/sync/boom", "/mounted/boom")
"""Every kind of handler: for JSON, text and pages, async and in a thread, and in a mounted app."""

MISSING: Final = ("/items/nope", "/sync/items/nope", "/mounted/items/nope")


@pytest.fixture(scope="module", params=SHOPS, ids=lambda shop: shop.name)
def shop(request: pytest.FixtureRequest) -> Shop:
    """Give each framework's shop."""
    assert isinstance(request.param, Shop)
    return request.param


@pytest.fixture(scope="module", params=[UVICORN, HYPERCORN], ids=lambda kind: kind.name)
def server_kind(request: pytest.FixtureRequest) -> ServerKind:
    """Give each kind of server."""
    assert isinstance(request.param, ServerKind)
    return request.param


@pytest.fixture(scope="module")
def shared_shop(shop: Shop, server_kind: ServerKind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the shop."""
    database = tmp_path_factory.mktemp("shop") / "shop.sqlite3"
    with serving(server_kind, shop.targets["app"], SHOP_DATABASE=str(database)) as server:
        yield server


@pytest.fixture(scope="module")
def shared_paged(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the shop that has an error page of its own."""
    database = tmp_path_factory.mktemp("paged") / "shop.sqlite3"
    with serving(UVICORN, shop.targets["paged"], SHOP_DATABASE=str(database)) as server:
        yield server


@pytest.fixture(scope="module")
def gated(shop: Shop) -> Iterator[Server]:
    """Serve the shop behind a gate that fails before the framework is asked."""
    with serving(UVICORN, f"tests.integration.gated_shops:{shop.name}") as server:
        yield server
        assert server.take_noise() == []


@pytest.fixture
def server(shared_shop: Server) -> Iterator[Server]:
    """Give the server, and see that neither it nor the framework wrote a traceback of its own."""
    yield shared_shop
    assert shared_shop.take_noise() == []


@pytest.fixture
def paged(shared_paged: Server) -> Iterator[Server]:
    """As `server`."""
    yield shared_paged
    assert shared_paged.take_noise() == []


def id_of(path: str) -> str:
    """Make a correlation id of a path."""
    return f"id{path.replace('/', '-')}"


async def get(server: Server, path: str, body: bytes | None = None) -> tuple[Response, LogLine, list[LogLine]]:
    """Request a path; give the response, its one request line, and its error lines."""
    response = await one_request(server.port, path, headers={"x-correlation-id": id_of(path)}, body=body)
    return response, await server.request_line(id_of(path)), await server.error_lines(id_of(path))


def assert_stack_answered(response: Response, path: str, status: int, code: str) -> None:
    """See that a response is the stack's: its shape, its status, and the id in header and body."""
    assert (response.status, response.json()["error_code"]) == (status, code)
    assert response.json()["correlation_id"] == response.value("x-correlation-id") == id_of(path)
    assert response.value("x-content-type-options") == "nosniff"
    assert response.value("cache-control") == "no-store"
    assert SECRET.encode() not in response.raw


@pytest.mark.parametrize("path", FAILING)
async def test_bug_is_a_500_with_one_line(server: Server, path: str) -> None:
    """The original exception and where it came from are in one error line; the connection stays open."""
    async with connect(server.port) as connection:
        response = await connection.request(path, headers={"x-correlation-id": id_of(path)})
        again = await connection.request("/")
    (error,) = await server.error_lines(id_of(path))
    line = await server.request_line(id_of(path))

    assert_stack_answered(response, path, 500, "INTERNAL_ERROR")
    assert again.status == 200
    assert (error["event"], error["level"], error["exception_message"]) == ("request_failed", "error", SECRET)
    assert "in fail" in str(error["stack_trace"])
    assert (line["status_code"], line["outcome"]) == (500, "server_error")


@pytest.mark.parametrize("path", ["/conflict", "/sync/conflict"])
async def test_app_error_has_its_own_status(server: Server, path: str) -> None:
    """A ConflictError out of a handler is a 409 with its details, and one warning."""
    response, line, (error,) = await get(server, path)

    assert_stack_answered(response, path, 409, "CONFLICT")
    assert response.json()["details"] == {"version": 2}
    assert (error["level"], line["level"]) == ("warning", "info")


@pytest.mark.parametrize("path", MISSING)
async def test_missing_item_is_a_404(server: Server, path: str) -> None:
    """So is an AppError that a repository raised."""
    response, line, (error,) = await get(server, path)

    assert_stack_answered(response, path, 404, "NOT_FOUND")
    assert (error["level"], line["outcome"]) == ("info", "client_error")


async def test_invalid_body_is_a_client_error(server: Server) -> None:
    """However the framework validates, the client is told, and there is no error of the server's."""
    response, line, errors = await get(server, "/items", b'{"name": 3}')

    assert response.status in (400, 422)
    assert line["outcome"] == "client_error"
    assert [error["level"] for error in errors] in ([], ["warning"])


async def test_refusal_in_default_words_keeps_its_status(server: Server, shop: Shop) -> None:
    """A 503 that says nothing more gets the stack's body, and keeps its Retry-After."""
    response, line, (error,) = await get(server, "/closed")

    assert_stack_answered(response, "/closed", 503, "SERVICE_UNAVAILABLE")
    assert response.value("retry-after") == "7"
    assert (error["event"], error["level"]) == (shop.closed_event, "error")
    assert line["status_code"] == 503


async def test_default_500_without_an_exception_is_unexplained(server: Server) -> None:
    """Nobody knows why: that is what the one error line says."""
    response, _, (error,) = await get(server, "/unexplained")

    assert_stack_answered(response, "/unexplained", 500, "INTERNAL_ERROR")
    assert (error["event"], error["level"]) == ("unexplained_error_response", "error")


async def test_own_words_without_an_exception_are_untouched(server: Server) -> None:
    """A deliberate 503 of the shop's is no error, only a status."""
    response, line, errors = await get(server, "/maintenance")

    assert (response.status, response.body) == (503, CLOSED_TEXT.encode())
    assert (line["status_code"], errors) == (503, [])


async def test_answer_of_an_own_handler_is_untouched(server: Server, shop: Shop) -> None:
    """A 500 that the shop's handler chose leaves as it is, with a warning at most."""
    response, _, errors = await get(server, "/handled")

    assert (response.status, response.body) == (500, CLOSED_TEXT.encode())
    assert tuple(error["level"] for error in errors) == shop.handled_lines


async def test_miss_of_an_own_handler_is_untouched(server: Server) -> None:
    """A 404 that the shop's handler chose is the shop's, and no error."""
    response, line, errors = await get(server, "/handled/miss")

    assert (response.status, response.body) == (404, CLOSED_TEXT.encode())
    assert (line["outcome"], errors) == ("client_error", [])


@pytest.mark.parametrize("path", ["/boom", "/sync/boom"])
async def test_own_error_page_is_untouched(paged: Server, shop: Shop, path: str) -> None:
    """A custom page for a 500 leaves as it is; the exception is in the log all the same."""
    response, line, (error,) = await get(paged, path)

    assert (response.status, response.body) == (500, OWN_PAGE.encode())
    assert (error["level"], error["exception_message"]) == (shop.paged_level, SECRET)
    assert line["outcome"] == "server_error"


async def test_broken_stream_is_cut(server: Server) -> None:
    """What came is kept, nothing is appended, and the one error line says that the response had started."""
    response, line, (error,) = await get(server, "/stream/boom")

    assert (response.status, response.is_complete, response.body) == (200, False, b"one\n")
    assert (error["level"], error["exception_message"]) == ("error", SECRET)
    assert error["response_started"] is True
    assert (line["status_code"], line["outcome"]) == (200, "incomplete")


async def test_failure_after_the_response(server: Server, shop: Shop) -> None:
    """The client has its answer, and the log has the exception, once, with the request's ids.

    Quart runs background work in a task of its own, and so writes that line itself.
    """
    if not shop.has_background:
        assert (await get(server, "/notify/boom", b""))[0].status == 404
        return
    response, line, _ = await get(server, "/notify/boom", b"")
    told = [found for found in server.find(correlation_id=id_of("/notify/boom")) if "stack_trace" in found]

    assert (response.status, response.json()) == (202, {"status": "accepted"})
    assert [(error["level"], SECRET in str(error["stack_trace"])) for error in told] == [("error", True)]
    assert line["status_code"] == 202


async def test_work_after_the_response_has_its_ids(server: Server, shop: Shop) -> None:
    """A line that a background task writes is the request's."""
    if not shop.has_background:
        return
    await get(server, "/notify", b"")

    assert len(server.find(event="notification_delivered", correlation_id=id_of("/notify"))) == 1


async def test_websocket_works(server: Server, shop: Shop) -> None:
    """Messages pass, and one line tells of them."""
    if not shop.has_sockets:
        return
    async with connect_websocket(
        f"ws://127.0.0.1:{server.port}/echo", additional_headers={"x-correlation-id": "echo"}, proxy=None
    ) as websocket:
        await websocket.send("hello")
        assert await websocket.recv() == "hello"
    line = await server.request_line("echo")

    assert (line["type"], line["status_code"], line["messages_in"]) == ("websocket", 101, 1)
    assert await server.error_lines("echo") == []


async def test_websocket_that_fails_has_one_error_line(server: Server, shop: Shop) -> None:
    """Before the accept and after it the exception is in the log, once."""
    if not shop.has_sockets:
        return
    for path, correlation_id in (("/echo/boom", "ws-boom"), ("/echo/denied", "ws-denied")):
        with pytest.raises((ConnectionClosed, InvalidHandshake)):
            async with connect_websocket(
                f"ws://127.0.0.1:{server.port}{path}",
                additional_headers={"x-correlation-id": correlation_id},
                proxy=None,
            ) as websocket:
                await websocket.recv()
        (error,) = await server.error_lines(correlation_id)

        assert (error["level"], error["exception_message"]) == ("error", SECRET)


@pytest.mark.parametrize(
    ("path", "code", "event"),
    [("/gate/boom", "INTERNAL_ERROR", "request_failed"), ("/gate/silent", "NO_RESPONSE", "no_response")],
)
async def test_nothing_was_sent(gated: Server, path: str, code: str, event: str) -> None:
    """A middleware around the framework that raises, or returns without a word, is answered for."""
    response, line, (error,) = await get(gated, path)

    assert_stack_answered(response, path, 500, code)
    assert (error["event"], error["level"], line["outcome"]) == (event, "error", "server_error")


def test_matrix_is_whole() -> None:
    """No framework of the demo is left out of this file."""
    folder = Path(__file__).parents[2] / "app" / "frameworks"
    names = {path.stem for path in folder.iterdir() if path.stem not in ("__init__", "__main__", "__pycache__")}

    assert names - {"failures"} == {shop.name for shop in SHOPS}
