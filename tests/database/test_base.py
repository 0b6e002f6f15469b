"""What models inherit."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.schema import CreateTable

from asgi_stack.database import BaseModel, Database
from tests.database.conftest import TABLES
from tests.database.models import Item


def test_constraints_have_names() -> None:
    """Each constraint is called after its table and columns, the same on every database."""
    dialect = create_engine("postgresql+asyncpg://").dialect
    ddl = "\n".join(str(CreateTable(table).compile(dialect=dialect)) for table in TABLES.sorted_tables)

    assert "CONSTRAINT pk_shelf_items PRIMARY KEY" in ddl
    assert "CONSTRAINT uq_shelf_items_name UNIQUE" in ddl
    assert "CONSTRAINT ck_shelf_items_stock_not_negative CHECK" in ddl
    assert "CONSTRAINT fk_shelf_orders_item_id_shelf_items FOREIGN KEY" in ddl


def test_columns_are_in_a_readable_order() -> None:
    """The key comes first, the times come last."""
    assert [column.name for column in Item.__table__.columns] == [
        "id",
        "name",
        "stock",
        "note",
        "sold_at",
        "created_at",
        "updated_at",
        "version",
    ]


def test_repr_shows_the_key_alone() -> None:
    """Other columns may hold what does not belong into a log."""
    assert repr(Item(name="secret")) == "<Item (new)>"


async def test_repr_after_writing(database: Database) -> None:
    """What is written shows its key, also when its session is over."""
    async with database.session() as session:
        session.add(item := Item(name="secret"))

    assert repr(item) == f"<Item {item.id}>"
    assert isinstance(item, BaseModel)
