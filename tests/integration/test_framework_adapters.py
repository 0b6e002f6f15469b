"""The five shops with their adapters, on a real server: one shape for what the frameworks answer themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.frameworks.failures import CLOSED_TEXT, SECRET
from tests.integration.servers import Server, serving
from tests.integration.shops import SHOPS, UVICORN, Shop
from tests.integration.wire import one_request


@pytest.fixture(scope="module", params=SHOPS, ids=lambda shop: shop.name)
def shop(request: pytest.FixtureRequest) -> Shop:
    """Give each framework's shop."""
    assert isinstance(request.param, Shop)
    return request.param


@pytest.fixture(scope="module")
def shared_adapted(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the shop with its adapter."""
    database = tmp_path_factory.mktemp("adapted") / "shop.sqlite3"
    with serving(UVICORN, shop.targets["adapted"], SHOP_DATABASE=str(database)) as server:
        yield server


@pytest.fixture
def server(shared_adapted: Server) -> Iterator[Server]:
    """Give the server, and see that neither it nor the framework wrote a traceback of its own."""
    yield shared_adapted
    assert shared_adapted.take_noise() == []


@pytest.mark.parametrize(
    ("path", "status", "code", "level"),
    [
        ("/nothing", 404, "NOT_FOUND", "info"),
        ("/mounted/nothing", 404, "NOT_FOUND", "info"),
        ("/denied", 403, "FORBIDDEN", "warning"),
        ("/items", 405, "METHOD_NOT_ALLOWED", "warning"),
        ("/conflict", 409, "CONFLICT", "warning"),
        ("/sync/conflict", 409, "CONFLICT", "warning"),
        ("/items/nope", 404, "NOT_FOUND", "info"),
        ("/mounted/items/nope", 404, "NOT_FOUND", "info"),
        ("/boom", 500, "INTERNAL_ERROR", "error"),
        ("/sync/boom", 500, "INTERNAL_ERROR", "error"),
        ("/mounted/boom", 500, "INTERNAL_ERROR", "error"),
        ("/closed", 503, "SERVICE_UNAVAILABLE", "error"),
    ],
)
async def test_every_error_has_one_shape_and_one_line(
    server: Server, path: str, status: int, code: str, level: str
) -> None:
    """Status and code, the id in header and body, one error line and one request line."""
    sent = f"id{path.replace('/', '-')}"
    response = await one_request(server.port, path, headers={"x-correlation-id": sent})
    (error,) = await server.error_lines(sent)
    line = await server.request_line(sent)

    assert (response.status, response.json()["error_code"]) == (status, code)
    assert response.json()["correlation_id"] == response.value("x-correlation-id") == sent
    assert response.value("content-type") == "application/json"
    assert SECRET.encode() not in response.raw
    assert (error["level"], line["status_code"]) == (level, status)


async def test_wrong_method_names_the_right_ones(server: Server) -> None:
    """A 405 keeps the Allow that the framework gave it."""
    response = await one_request(server.port, "/items")

    assert "POST" in response.value("allow")


@pytest.mark.parametrize("body", [b'{"name": "", "price_cents": "cheap", "password": "hunter2"}', b"{"])
async def test_invalid_body_is_told_by_field(server: Server, shop: Shop, body: bytes) -> None:
    """Each fault has its place, a message and a kind, whoever validated; what was sent is never told."""
    headers = {"content-type": "application/json"}
    response = await one_request(server.port, "/items", headers=headers, body=body)
    told = response.json()

    assert response.status == (400 if shop.name == "litestar" else 422)
    if body != b"{" or shop.name != "litestar":
        assert told["error_code"] == "VALIDATION_ERROR"
        assert all({*fault} == {"loc", "msg", "type"} for fault in told["details"])
    if body != b"{":
        assert any("price_cents" in fault["loc"] for fault in told["details"])
    assert b"hunter2" not in response.body


@pytest.mark.parametrize("prefix", ["", "/sync", "/mounted"])
async def test_route_reaches_the_request_line(server: Server, prefix: str) -> None:
    """The template of the route, with the prefix of what it is mounted in, and not the path."""
    sent = f"route{prefix.replace('/', '-')}"
    await one_request(server.port, f"{prefix}/items/1", headers={"x-correlation-id": sent})
    line = await server.request_line(sent)

    assert re.fullmatch(prefix + r"/items/\{\w+(:\w+)?\}", str(line["route"]))


@pytest.mark.parametrize(("path", "status"), [("/handled", 500), ("/handled/miss", 404), ("/maintenance", 503)])
async def test_own_answers_stay(server: Server, path: str, status: int) -> None:
    """What the shop's own handlers and views say is not the framework's to change, nor the adapter's."""
    response = await one_request(server.port, path)

    assert (response.status, response.body) == (status, CLOSED_TEXT.encode())


async def test_browsers_keep_the_frameworks_pages(server: Server, shop: Shop) -> None:
    """Where a framework's errors are pages, a client that asks for pages gets them; where they are not, it does not."""
    headers = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    response = await one_request(server.port, "/nothing", headers=headers)
    kind = "text/html" if shop.name in ("django", "quart") else "application/json"

    assert (response.status, response.value("content-type").partition(";")[0]) == (404, kind)
