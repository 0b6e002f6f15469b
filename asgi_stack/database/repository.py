"""Read and write the objects of one model, each method by as few statements as it can be.

```python
class ItemRepository(BaseRepository[Item]):
    async def in_stock(self) -> list[Item]:
        return await self.query().where(Item.stock > 0).order_by(Item.name).all()
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar, cast, get_args, get_origin

from sqlalchemy import delete, exists, select, update

from asgi_stack.database.base import BaseModel, Versioned
from asgi_stack.database.errors import app_errors
from asgi_stack.database.queries import Page, Query, check_number
from asgi_stack.database.writing import build_upsert, values_to_set
from asgi_stack.exceptions import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from pydantic import BaseModel as Schema
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["BaseRepository"]

T = TypeVar("T", bound=BaseModel)

_CREATED_AT_ONCE: Final = 1000
"""To write 10,000 objects in one go would keep the event loop busy for half a second."""


class BaseRepository(Generic[T]):
    """All that services usually do with the rows of a table.

    It never commits: whoever opened the session does, so that several repositories share one transaction. What the
    database refuses is raised as an AppError; after that the session has to be rolled back, which the end of
    `Database.session()` does. What may fail and be survived belongs into `async with session.begin_nested()`.

    Args:
        session: The session to read and write in.
        model: The model; None takes it from the class: `class ItemRepository(BaseRepository[Item])`.

    Raises:
        TypeError: There is no model in either place.
    """

    _own_model: ClassVar[type[BaseModel] | None] = None

    def __init_subclass__(cls, **keywords: object) -> None:
        """Find the model that a subclass names in its brackets."""
        super().__init_subclass__(**keywords)
        for base in vars(cls).get("__orig_bases__", ()):
            named = get_args(base)[0] if isinstance(get_origin(base), type) and get_args(base) else None
            if isinstance(named, type) and issubclass(named, BaseModel):
                cls._own_model = named

    def __init__(self, session: AsyncSession, model: type[T] | None = None) -> None:
        found = model or self._own_model
        if found is None:
            name = type(self).__name__
            raise TypeError(f"{name} has no model: write class {name}(BaseRepository[Item]), or {name}(session, Item)")
        self.session = session
        self.model = cast("type[T]", found)

    async def get_by_id(self, id: UUID) -> T | None:  # noqa: A002 - the column's name
        """Give the object of this key, or None; one that the session has already costs no statement."""
        with app_errors():
            return await self.session.get(self.model, id)

    async def get_all(self, skip: int = 0, limit: int = 100) -> list[T]:
        """Give objects in the order of created_at and id.

        The database reads all that it skips: `page` does not.

        Args:
            skip: How many to leave out at the beginning, 0 or more.
            limit: How many to give at most, 0 or more.

        Raises:
            ValidationError: Either is no such number.
        """
        check_number("skip", skip)
        statement = self.query().limit(limit).statement().offset(skip)
        with app_errors():
            return list(await self.session.scalars(statement))

    async def create(self, obj: T) -> T:
        """Write a new object and give it back, with its key and times.

        Raises:
            ConflictError: A unique value is taken, or a foreign key refers to nothing.
        """
        with app_errors():
            self.session.add(obj)
            await self.session.flush()
        return obj

    async def create_many(self, objs: Iterable[T]) -> list[T]:
        """Write new objects, 1,000 by each statement, and give them back; one that is refused refuses them all.

        Raises:
            ConflictError: As in `create`.
        """
        made = list(objs)
        with app_errors():
            for first in range(0, len(made), _CREATED_AT_ONCE):
                batch = made[first : first + _CREATED_AT_ONCE]
                self.session.add_all(batch)
                await self.session.flush()
        return made

    async def update(self, id: UUID, data: Mapping[str, object] | Schema, version: int | None = None) -> T | None:  # noqa: A002
        """Change columns of one object by one statement, and give it as it is then; None if there is no such object.

        Args:
            id: Its key.
            data: New values by column, or a pydantic model, of which only the fields that were set count.
            version: The version that the caller has seen, for a model that is `Versioned`; None changes any version.

        Raises:
            AttributeError: The model has no such column.
            ConflictError: The object has another version by now, or the database refuses a value as in `create`.
            TypeError: `version` is given, and the model is not `Versioned`.
            ValueError: `data` would change the key.
        """
        values = values_to_set(self.model, data)
        statement = update(self.model).where(self.model.id == id)
        if version is not None:
            statement = statement.where(_version_of(self.model) == version)
        with app_errors():
            await self.session.flush()
            changed = statement.values(values).returning(self.model).execution_options(populate_existing=True)
            obj: T | None = (await self.session.scalars(changed)).one_or_none()
        if obj is None and version is not None and await self.exists(id):
            raise ConflictError(
                "Somebody else has changed this in between", context={"id": str(id), "expected_version": version}
            )
        return obj

    async def delete(self, id: UUID) -> bool:  # noqa: A002
        """Delete one object by one statement, and tell whether it was there.

        What belongs to it goes the way that its foreign keys say (`ondelete`): relationships are not loaded.

        Raises:
            ConflictError: Something still refers to it.
        """
        with app_errors():
            result = await self.session.execute(delete(self.model).where(self.model.id == id).returning(self.model.id))
            return result.first() is not None

    async def exists(self, id: UUID) -> bool:  # noqa: A002
        """Tell whether there is an object of this key; no row is loaded."""
        with app_errors():
            return bool(await self.session.scalar(select(exists().where(self.model.id == id))))

    async def count(self) -> int:
        """Count the objects in the database; no row is loaded."""
        return await self.query().count()

    async def filter_by(self, **conditions: object) -> list[T]:
        """Give all objects whose columns equal these values, in the order of created_at and id; None is NULL.

        Raises:
            AttributeError: The model has no such column.
        """
        return await self.query().where(**conditions).all()

    async def find_one_by(self, **conditions: object) -> T | None:
        """Give the first object whose columns equal these values, or None.

        Raises:
            AttributeError: The model has no such column.
        """
        return await self.query().where(**conditions).first()

    def query(self) -> Query[T]:
        """Begin a question with criteria, an order and a limit of its own."""
        return Query(self.session, self.model)

    async def page(self, after: str | None = None, limit: int = 50) -> Page[T]:
        """Give a page in the order of creation; a late one costs what the first one costs. See `Query.page`.

        Raises:
            ValidationError: `after` is no cursor, or `limit` is not from 1 to 1,000.
        """
        return await self.query().page(after, limit)

    async def upsert(self, obj: T, on: str | Iterable[str]) -> T:
        """Write a new object, or change the one that has the same values in some columns: one statement, no race.

        Args:
            obj: What to write. Of an existing row all columns change that are set on it, except key and created_at.
            on: The column, or columns together, that a unique constraint is on.

        Returns:
            The object as it is in the database then, which is not `obj`.

        Raises:
            AttributeError: The model has no such column.
            AppError: There is no unique constraint on just these columns.
        """
        statement = build_upsert(self.session.get_bind().dialect.name, obj, (on,) if isinstance(on, str) else tuple(on))
        with app_errors():
            await self.session.flush()
            written = statement.returning(self.model).execution_options(populate_existing=True)
            return (await self.session.scalars(written)).one()


def _version_of(model: type[BaseModel]) -> InstrumentedAttribute[int]:
    if not issubclass(model, Versioned):
        raise TypeError(f"{model.__name__} has no version: make it class {model.__name__}(Versioned, BaseModel)")
    return model.version
