"""Queries that are built step by step, and pages that cost the same however far they are in."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, Generic, Self, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import func, inspect, select

from asgi_stack.database.base import BaseModel
from asgi_stack.database.errors import app_errors
from asgi_stack.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.sql.elements import SQLCoreOperations

__all__ = ["MOST_OF_A_PAGE", "Order", "Page", "Query", "check_number", "column_of", "matching"]

T = TypeVar("T", bound=BaseModel)

Order: TypeAlias = "SQLCoreOperations[object]"
"""A column to order by, or what `asc()` and `desc()` make of one."""

MOST_OF_A_PAGE: Final = 1000
"""A page that is longer is a stream's work."""

_STREAMED_AT_ONCE: Final = 500
_BYTES_OF_UUID: Final = 16
_MOST_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some objects in the order of their keys, and where the next ones begin.

    Attributes:
        items: At most as many as were asked for.
        next_cursor: What to hand on as `after` to get the next page: 22 URL-safe characters. None: this is the last.
    """

    items: list[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A question about one model; each step gives a new one, and nothing is asked before the last.

    Attributes:
        session: The session that will ask.
        model: The class of the objects.
        criteria: What they must fulfil.
        order: What they are ordered by; nothing is by created_at and id.
        most: How many there are at most; None: all.
    """

    session: AsyncSession
    model: type[T]
    criteria: tuple[ColumnElement[bool], ...] = ()
    order: tuple[Order, ...] = ()
    most: int | None = None

    def where(self, *criteria: ColumnElement[bool], **conditions: object) -> Self:
        """Ask for those that fulfil SQLAlchemy's criteria (`Item.stock > 0`) and equal the conditions; None is NULL.

        Raises:
            AttributeError: The model has no such column.
        """
        return replace(self, criteria=(*self.criteria, *criteria, *matching(self.model, conditions)))

    def order_by(self, *columns: Order) -> Self:
        """Order by these (`Item.name`, `Item.stock.desc()`), after what was given before."""
        return replace(self, order=(*self.order, *columns))

    def limit(self, count: int) -> Self:
        """Ask for this many at most.

        Raises:
            ValidationError: It is no whole number, or below 0.
        """
        return replace(self, most=check_number("limit", count))

    async def all(self) -> list[T]:
        """Give all of them."""
        with app_errors():
            return list(await self.session.scalars(self.statement()))

    async def first(self) -> T | None:
        """Give the first, or None; of an empty limit there is none."""
        most = 1 if self.most is None else min(1, self.most)
        with app_errors():
            return (await self.session.scalars(replace(self, most=most).statement())).first()

    async def count(self) -> int:
        """Count them in the database; no object is loaded."""
        if self.most is None:
            statement = select(func.count()).select_from(self.model).where(*self.criteria)
        else:
            limited = select(self.model.id).where(*self.criteria).limit(self.most)
            statement = select(func.count()).select_from(limited.subquery())
        with app_errors():
            return await self.session.scalar(statement) or 0

    async def stream(self) -> AsyncGenerator[T]:
        """Give one after the other, with 500 at a time in memory; the session is busy until the last one.

        PostgreSQL keeps a cursor for it. A loop that may end early belongs under `contextlib.aclosing`.
        """
        statement = self.statement().execution_options(yield_per=_STREAMED_AT_ONCE)
        with app_errors():
            result = await self.session.stream_scalars(statement)
            try:
                async for item in result:
                    yield item
            finally:
                await result.close()

    async def page(self, after: str | None = None, limit: int = 50) -> Page[T]:
        """Give a page in the order of `id`, which is that of creation: one statement, on the key's index.

        An order and a limit that were given before do not count here.

        Args:
            after: The `next_cursor` of the page before; None begins.
            limit: 1 to 1,000 objects.

        Raises:
            ValidationError: `after` is no cursor, or `limit` no such number: `details` name it.
        """
        check_number("limit", limit, least=1, most=MOST_OF_A_PAGE)
        criteria = self.criteria if after is None else (*self.criteria, self.model.id > _read_cursor(after))
        # One more than is wanted tells whether there are more.
        question = replace(self, criteria=criteria, order=(self.model.id,), most=limit + 1)
        items = await question.all()
        is_last = len(items) <= limit
        return Page(items[:limit], None if is_last else _write_cursor(items[limit - 1].id))

    def statement(self) -> Select[T]:
        """Give the question as SQLAlchemy's, to go on with there."""
        order = self.order or (self.model.created_at, self.model.id)
        return select(self.model).where(*self.criteria).order_by(*order).limit(self.most)


def matching(model: type[BaseModel], conditions: dict[str, object]) -> list[ColumnElement[bool]]:
    """Turn keywords into criteria.

    Raises:
        AttributeError: The model has no such column.
    """
    return [column_of(model, name) == value for name, value in conditions.items()]


def column_of(model: type[BaseModel], name: str) -> InstrumentedAttribute[object]:
    """Give a column by its name.

    Raises:
        AttributeError: The model has none of the name.
    """
    columns = inspect(model).column_attrs
    if name in columns:
        attribute: InstrumentedAttribute[object] = getattr(model, name)
        return attribute
    near = get_close_matches(name, columns.keys(), n=1)
    raise AttributeError(f"{model.__name__} has no column {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")


def check_number(name: str, value: object, *, least: int = 0, most: int = _MOST_NUMBER) -> int:
    """Give the value back, if it is a whole number between the two.

    Raises:
        ValidationError: It is not; such numbers come from clients.
    """
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    above = f"at least {least}" if most == _MOST_NUMBER else f"from {least} to {most}"
    raise _invalid(name, f"should be a whole number, {above}")


def _invalid(name: str, message: str) -> ValidationError:
    return ValidationError(details=[{"loc": [name], "msg": message, "type": "value_error"}])


def _write_cursor(key: UUID) -> str:
    return urlsafe_b64encode(key.bytes).rstrip(b"=").decode()


def _read_cursor(cursor: object) -> UUID:
    try:
        raw = urlsafe_b64decode(f"{cursor}==".encode("ascii"))
    except ValueError:
        raw = b""
    if len(raw) != _BYTES_OF_UUID or _write_cursor(UUID(bytes=raw)) != cursor:
        raise _invalid("after", "should be the next_cursor of another page")
    return UUID(bytes=raw)
