"""Models for the tests of the database: a shelf of items, and orders of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from asgi_stack.database import BaseModel, BaseRepository, Versioned

__all__ = ["Item", "ItemRepository", "Order", "OrderRepository"]


class Item(Versioned, BaseModel):
    """Something on the shelf."""

    __tablename__ = "shelf_items"
    __table_args__ = (CheckConstraint("stock >= 0", name="stock_not_negative"),)

    name: Mapped[str] = mapped_column(unique=True)
    stock: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None]
    sold_at: Mapped[datetime | None]


class Order(BaseModel):
    """Somebody wants an item."""

    __tablename__ = "shelf_orders"

    item_id: Mapped[UUID] = mapped_column(ForeignKey("shelf_items.id"))


class ItemRepository(BaseRepository[Item]):
    """Items."""


class OrderRepository(BaseRepository[Order]):
    """Orders."""
