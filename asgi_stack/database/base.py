"""What the tables of a service share: a time-ordered key, times with a zone, and names for constraints.

```python
class Item(BaseModel):
    __tablename__ = "items"
    name: Mapped[str] = mapped_column(unique=True)
```
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Dialect, MetaData, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from asgi_stack.database.ids import generate_uuid7

__all__ = ["NAMING_CONVENTION", "BaseModel", "UtcDateTime", "Versioned"]

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names that are the same on every database: a migration can drop what has one, and an error can name it."""


class UtcDateTime(TypeDecorator[datetime]):
    """A time with a zone, in and out as UTC; SQLite keeps none by itself.

    Raises:
        ValueError: A time without a zone is written: which instant it means is anybody's guess. SQLAlchemy wraps it.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Take a time with a zone to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give a time its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Give the present time; of the service and not of the database, so that it is known before the row is written."""
    return datetime.now(UTC)


class BaseModel(DeclarativeBase):
    """A table with `id`, `created_at` and `updated_at`.

    Attributes:
        id: A UUID of version 7 (RFC 9562): made by the service, in the order of creation, so that an index on it
            stays compact and pages can follow it.
        created_at: When the object was first written, UTC.
        updated_at: When its row was last written through SQLAlchemy, UTC.
    """

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy reads it under this name

    # First in the table, whatever columns a mixin or a subclass adds.
    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=generate_uuid7, sort_order=-100)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, sort_order=100)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now, sort_order=101)

    def __repr__(self) -> str:
        """Show the key alone: other columns may hold what does not belong into a log."""
        return f"<{type(self).__name__} {self.__dict__.get('id', '(new)')}>"


class Versioned:
    """A mixin that counts the changes of a row, for `BaseRepository.update(..., version=)`.

    Attributes:
        version: 1 when the row is written first, one more with each update by the repository.
    """

    version: Mapped[int] = mapped_column(default=1, sort_order=102)
