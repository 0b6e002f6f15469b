"""What the shop's clients send; whatever does not fit is answered with 422 and the fields' errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewItem(_Input):
    """An article to put on the shelf."""

    name: str = Field(min_length=1, max_length=100)
    price_cents: int = Field(default=0, ge=0, le=100_000_000)
    stock: int = Field(default=0, ge=0, le=1_000_000)


class ItemChange(_Input):
    """What is to change of an article, and the version that the client has seen."""

    version: int = Field(ge=1)
    name: str = Field(default="", min_length=1, max_length=100)
    price_cents: int = Field(default=0, ge=0, le=100_000_000)
    stock: int = Field(default=0, ge=0, le=1_000_000)


class NewReservation(_Input):
    """How many pieces somebody wants to have put aside."""

    quantity: int = Field(default=1, ge=1, le=1000)


class PageOptions(_Input):
    """Where a page of articles begins, and how many are on it."""

    after: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=50, ge=1, le=200)


class NewOrder(_Input):
    """How many pieces of an article somebody wants."""

    item_id: str = Field(min_length=1, max_length=36)
    quantity: int = Field(ge=1, le=1000)


class Notification(_Input):
    """A text for somebody, delivered after the answer."""

    recipient: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=2000)


class StreamOptions(_Input):
    """How many chunks `/stream` sends: bounded, since each holds the connection a little longer."""

    chunks: int = Field(default=5, ge=1, le=1000)
