"""The values and statements by which a repository writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from pydantic import BaseModel as Schema
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite

from asgi_stack.database.base import BaseModel, Versioned, utc_now
from asgi_stack.database.queries import column_of

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["build_upsert", "values_to_set"]

_KEPT: Final = frozenset({"id", "created_at", "version"})
"""What an upsert leaves as it is, or counts by itself."""

Values: TypeAlias = "dict[InstrumentedAttribute[object], object]"


def values_to_set(model: type[BaseModel], data: Mapping[str, object] | Schema) -> Values:
    """Give the columns that an update sets.

    Raises:
        AttributeError: The model has no such column.
        TypeError: `data` is neither a mapping nor a pydantic model.
        ValueError: It would change the key.
    """
    given: object = data.model_dump(exclude_unset=True) if isinstance(data, Schema) else data
    if not isinstance(given, Mapping):
        raise TypeError(f"data must be a mapping or a pydantic model, not {type(given).__name__}")
    named = cast("Mapping[str, object]", given)
    if "id" in named:
        raise ValueError(f"the key of {model.__name__} cannot be changed")
    # The time also where nothing else changes: a statement needs something to set, and the caller did touch the object.
    values: Values = {model.updated_at: utc_now()}
    if issubclass(model, Versioned):
        values[model.version] = model.version + 1
    return values | {column_of(model, name): value for name, value in named.items()}


def build_upsert(dialect: str, obj: BaseModel, on: tuple[str, ...]) -> PostgresInsert | SqliteInsert:
    """Make the statement that writes an object or changes the row that has the same values in the columns `on`.

    Raises:
        AttributeError: The model has no such column.
        ValueError: `on` names no column.
    """
    model = type(obj)
    if not on:
        raise ValueError("on must name the columns of a unique constraint")
    target = [column_of(model, name) for name in on]
    columns = {attribute.key: attribute.columns[0] for attribute in inspect(model).column_attrs}
    given = {name: value for name, value in inspect(obj).dict.items() if name in columns}
    insert = postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
    statement = insert.values({columns[name]: value for name, value in given.items()})
    changed: dict[object, object] = {
        columns[name]: statement.excluded[columns[name].key] for name in given if name not in {*_KEPT, *on}
    }
    changed[columns["updated_at"]] = utc_now()
    if issubclass(model, Versioned):
        changed[columns["version"]] = columns["version"] + 1
    return statement.on_conflict_do_update(index_elements=target, set_=changed)
