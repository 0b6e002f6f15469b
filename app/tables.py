"""The demo's tables. Whoever changes them makes a migration: `alembic revision --autogenerate -m "what it does"`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from asgi_stack.database import BaseModel, Versioned

__all__ = ["BaseModel", "Item", "Reservation"]


class Item(Versioned, BaseModel):
    """An article on the shelf; its stock is what nobody has reserved."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
    )

    name: Mapped[str] = mapped_column(String(100), unique=True)
    price_cents: Mapped[int] = mapped_column(default=0)
    stock: Mapped[int]


class Reservation(BaseModel):
    """Some pieces of an article for somebody.

    The key is the client's own name for its wish: who repeats a request whose answer was lost reserves nothing twice.
    """

    __tablename__ = "reservations"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity_positive"),)

    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    quantity: Mapped[int]
    request_key: Mapped[str | None] = mapped_column(String(128), unique=True)
    correlation_id: Mapped[str | None] = mapped_column(String(128))
