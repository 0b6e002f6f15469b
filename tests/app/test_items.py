"""What the demo does with its items, inside the default stack."""

from __future__ import annotations

import pytest

from asgi_stack.types import ASGIApp
from tests.app.asking import get, json_of, post, send_to


async def lamp_in(shop: ASGIApp, *, stock: int = 3) -> dict[str, object]:
    """Put a lamp on the shelf and give it as it is shown."""
    seen = await post(shop, "/items", {"name": "Lamp", "stock": stock})
    assert seen.status == 201
    return json_of(seen)


async def test_created_item_is_where_its_location_says(shop: ASGIApp) -> None:
    """201 has the new article and its address."""
    seen = await post(shop, "/items", {"name": "Chair", "stock": 4, "price_cents": 4500})

    assert seen.status == 201
    [location] = seen.values("location")
    shown = json_of(seen)
    assert json_of(await get(shop, location)) == shown
    assert {**shown, "id": ""} == {"id": "", "name": "Chair", "price_cents": 4500, "stock": 4, "version": 1}


async def test_second_item_of_a_name_is_a_conflict(shop: ASGIApp) -> None:
    """409, and the first one is as it was."""
    lamp = await lamp_in(shop)
    seen = await post(shop, "/items", {"name": "Lamp", "stock": 9})

    assert (seen.status, json_of(seen)["error_code"]) == (409, "CONFLICT")
    assert json_of(await get(shop, f"/items/{lamp['id']}")) == lamp


async def test_pages_follow_each_other(shop: ASGIApp) -> None:
    """Each page says where the next one begins; the last one says that there is none."""
    for number in range(5):
        await post(shop, "/items", {"name": f"Lamp {number}", "stock": 1})
    names: list[str] = []
    after: object = ""
    while after is not None:
        page = json_of(await get(shop, "/items", query=f"limit=2&after={after}" if after else "limit=2"))
        assert isinstance(page["items"], list)
        names += [item["name"] for item in page["items"]]
        after = page["next"]

    assert names == [f"Lamp {number}" for number in range(5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "other=1", "after=nonsense"])
async def test_page_that_is_none(shop: ASGIApp, query: str) -> None:
    """What no page can be is answered with 422."""
    assert (await get(shop, "/items", query=query)).status == 422


async def test_change_knows_its_version(shop: ASGIApp) -> None:
    """Who has seen the newest version may change it; whoever comes second gets 409."""
    lamp = await lamp_in(shop)
    first = await send_to(shop, "PATCH", f"/items/{lamp['id']}", {"version": 1, "stock": 7})
    second = await send_to(shop, "PATCH", f"/items/{lamp['id']}", {"version": 1, "stock": 8})

    assert (first.status, json_of(first)) == (200, {**lamp, "stock": 7, "version": 2})
    assert (second.status, json_of(second)["error_code"]) == (409, "CONFLICT")


async def test_deleted_item_is_gone(shop: ASGIApp) -> None:
    """204 without a body, then 404."""
    lamp = await lamp_in(shop)
    await send_to(shop, "POST", f"/items/{lamp['id']}/reserve", {})
    first, second = [await get(shop, f"/items/{lamp['id']}", method="DELETE") for _ in range(2)]

    assert (first.status, first.body) == (204, b"")
    assert (second.status, json_of(second)["error_code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("item_id", ["1", "0194f7a0-0000-7000-8000-000000000000"], ids=["no UUID", "unknown"])
async def test_item_that_is_not_there(shop: ASGIApp, method: str, item_id: str) -> None:
    """Nobody's id is a 404 that names it, whatever is to be done with it."""
    payload = {"version": 1} if method == "PATCH" else {}
    seen = await send_to(shop, method, f"/items/{item_id}{'/reserve' if method == 'POST' else ''}", payload)

    assert (seen.status, json_of(seen)["details"]) == (404, {"item_id": item_id})


async def test_reservation_takes_from_the_stock(shop: ASGIApp) -> None:
    """It is answered with what is left."""
    lamp = await lamp_in(shop)
    seen = await post(shop, f"/items/{lamp['id']}/reserve", {"quantity": 2})

    assert (seen.status, json_of(seen)["stock"]) == (201, 1)


async def test_reservation_over_the_stock_breaks_a_rule(shop: ASGIApp) -> None:
    """The client is told what is left, nothing is taken, and the error's context stays inside."""
    lamp = await lamp_in(shop)
    seen = await post(shop, f"/items/{lamp['id']}/reserve", {"quantity": 5})

    content = json_of(seen)
    assert (seen.status, content["error_code"]) == (422, "OUT_OF_STOCK")
    assert content["details"] == {"item_id": lamp["id"], "available": 3}
    assert "requested" not in seen.body.decode()
    assert json_of(await get(shop, f"/items/{lamp['id']}"))["stock"] == 3


async def test_reservation_that_is_repeated_counts_once(shop: ASGIApp) -> None:
    """Who asks again with the same key gets 200 and takes nothing more."""
    lamp = await lamp_in(shop)
    keyed = [(b"idempotency-key", b"wish-1")]
    seen = [
        await send_to(shop, "POST", f"/items/{lamp['id']}/reserve", {"quantity": 2}, headers=keyed) for _ in range(2)
    ]

    assert [exchange.status for exchange in seen] == [201, 200]
    assert [json_of(exchange)["stock"] for exchange in seen] == [1, 1]
