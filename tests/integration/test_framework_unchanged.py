"""What the five shops answer on purpose is byte for byte the same inside the stack, with headers on top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.servers import Server, serving
from tests.integration.shops import SHOPS, UVICORN, Shop
from tests.integration.wire import Response, one_request

PATHS: Final = (
    "/",
    "/items/1",
    "/sync/items/1",
    "/mounted/items/1",
    "/numbers/7",
    "/numbers/seven",
    "/text",
    "/page",
    "/moved",
    "/stream",
    "/denied",
    "/nothing",
    "/mounted/nothing",
    "/items",
    "/handled",
    "/handled/miss",
    "/maintenance",
)
REPLACED: Final = frozenset({"content-security-policy", "date", "server", "x-content-type-options", "x-frame-options"})
"""Headers that the server or the security layer writes, whatever the app says, or that Django writes too."""


@pytest.fixture(scope="module", params=SHOPS, ids=lambda shop: shop.name)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Serve a shop bare and wrapped."""
    shop: Shop = request.param
    folder = tmp_path_factory.mktemp("unchanged")
    with (
        serving(UVICORN, shop.targets["bare"], SHOP_DATABASE=str(folder / "bare.sqlite3")) as bare,
        serving(UVICORN, shop.targets["app"], SHOP_DATABASE=str(folder / "app.sqlite3")) as wrapped,
    ):
        yield bare, wrapped


def headers_of(response: Response) -> list[tuple[bytes, bytes]]:
    """Give the headers that are the app's, in their order; Quart's Allow comes from a set, and so in any."""
    return [
        (name, b", ".join(sorted(value.split(b", "))) if name == b"allow" else value)
        for name, value in response.headers
        if name.decode() not in REPLACED
    ]


@pytest.mark.parametrize("path", PATHS)
async def test_answer_is_the_same(pair: tuple[Server, Server], path: str) -> None:
    """Status, body, and all the app's own headers in their order."""
    bare, wrapped = [await one_request(server.port, path) for server in pair]
    added = [name for name, _ in wrapped.headers]

    assert (wrapped.status, wrapped.body) == (bare.status, bare.body)
    assert [header for header in headers_of(wrapped) if header in headers_of(bare)] == headers_of(bare)
    assert (added.count(b"x-correlation-id"), added.count(b"x-content-type-options")) == (1, 1)


async def test_created_item_is_the_same(pair: tuple[Server, Server]) -> None:
    """So is the answer to a POST, and to one that does not fit where the framework validates itself."""
    headers = {"content-type": "application/json"}
    for body in (b'{"name": "Chair", "price_cents": 4900}', b"{"):
        bare, wrapped = [await one_request(server.port, "/items", headers=headers, body=body) for server in pair]
        if bare.status == 500:  # an AppError that nobody outside of the bare app knows
            assert (wrapped.status, wrapped.json()["error_code"]) == (422, "VALIDATION_ERROR")
        else:
            assert (wrapped.status, wrapped.body) == (bare.status, bare.body)
