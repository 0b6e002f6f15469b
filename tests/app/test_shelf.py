"""The demo's shelf."""

from __future__ import annotations

import asyncio

import pytest

from app.errors import OutOfStockError, UnknownItemError
from app.shelf import ItemRepository


def test_new_items_get_new_ids() -> None:
    """Every article can be found under the id it was given."""
    items = ItemRepository()

    made = [items.create(name, price_cents=100, stock=1) for name in ("Chair", "Table")]

    assert [items.get(item.id) for item in made] == made
    assert len({item.id for item in made}) == 2


@pytest.mark.parametrize("item_id", ["2", "", "1 "])
def test_unknown_item(item_id: str) -> None:
    """An id that was never given finds nothing."""
    with pytest.raises(UnknownItemError) as caught:
        ItemRepository().get(item_id)

    assert caught.value.status == 404
    assert caught.value.details == {"item_id": item_id}


def test_taking_leaves_the_rest() -> None:
    """What is taken is missing afterwards."""
    items = ItemRepository()

    assert items.take("1", 2).stock == 1
    assert items.get("1").stock == 1


def test_taking_too_much_takes_nothing() -> None:
    """The client is told what is left; what it wanted is for the logs."""
    items = ItemRepository()

    with pytest.raises(OutOfStockError) as caught:
        items.take("1", 4)

    assert items.get("1").stock == 3
    assert caught.value.error_code == "OUT_OF_STOCK"
    assert caught.value.details == {"item_id": "1", "available": 3}
    assert caught.value.context == {"requested": 4}


async def test_concurrent_orders_never_oversell() -> None:
    """Of ten who want one piece at once, three get one."""
    items = ItemRepository()

    async def take() -> bool:
        await asyncio.sleep(0)
        try:
            items.take("1", 1)
        except OutOfStockError:
            return False
        return True

    taken = await asyncio.gather(*(take() for _ in range(10)))

    assert sum(taken) == 3
    assert items.get("1").stock == 0
