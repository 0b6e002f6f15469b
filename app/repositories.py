"""The shop's shelf, in its database."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from app.errors import OutOfStockError, UnknownItemError
from app.tables import Item, Reservation
from asgi_stack.database import BaseRepository

__all__ = ["ItemRepository", "ReservationRepository"]


class ReservationRepository(BaseRepository[Reservation]):
    """Who has reserved what."""


class ItemRepository(BaseRepository[Item]):
    """Articles and what is left of them."""

    async def get(self, item_id: UUID) -> Item:
        """Give an article, or raise UnknownItemError."""
        item = await self.get_by_id(item_id)
        if item is None:
            raise UnknownItemError(str(item_id))
        return item

    async def reserve(self, item_id: UUID, reservation: Reservation) -> Item:
        """Take pieces off the shelf for somebody, and give the article as it is afterwards.

        The check and the change are one statement: however many ask at once, none of the pieces goes twice.

        Raises:
            UnknownItemError: There is no such article.
            OutOfStockError: There are fewer pieces than wanted; none is taken.
        """
        quantity = reservation.quantity
        taken = await self.session.execute(
            update(Item)
            .where(Item.id == item_id, Item.stock >= quantity)
            .values(stock=Item.stock - quantity, version=Item.version + 1)
            .returning(Item.id)
        )
        if taken.first() is None:
            left = await self.get(item_id)
            raise OutOfStockError(str(item_id), available=left.stock, requested=quantity)
        self.session.add(reservation)
        item = await self.get(item_id)
        await self.session.refresh(item)
        return item
