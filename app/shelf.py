"""The shelf of the shops in each framework, in memory.

All requests of a process run on one event loop and no method here awaits, so nothing can come between a check and the
write after it: no lock is needed. With more than one process each has a shelf of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count

from app.errors import OutOfStockError, UnknownItemError


@dataclass(frozen=True, slots=True)
class Item:
    """An article on the shelf."""

    id: str
    name: str
    price_cents: int
    stock: int


class ItemRepository:
    """Keep articles by id; ids are numbers in order, written as text. One article is there from the start."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._items: dict[str, Item] = {}
        self.create("Lamp", price_cents=1990, stock=3)

    def get(self, item_id: str) -> Item:
        """Give an article, or raise UnknownItemError."""
        if item_id not in self._items:
            raise UnknownItemError(item_id)
        return self._items[item_id]

    def create(self, name: str, *, price_cents: int, stock: int) -> Item:
        """Put a new article on the shelf."""
        item = Item(str(next(self._ids)), name, price_cents, stock)
        self._items[item.id] = item
        return item

    def take(self, item_id: str, quantity: int) -> Item:
        """Take pieces off the shelf and give the article as it is afterwards.

        Raises:
            UnknownItemError: There is no such article.
            OutOfStockError: There are fewer pieces than wanted; none is taken.
        """
        item = self.get(item_id)
        if item.stock < quantity:
            raise OutOfStockError(item_id, available=item.stock, requested=quantity)
        self._items[item_id] = replace(item, stock=item.stock - quantity)
        return self._items[item_id]
