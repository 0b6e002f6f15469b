"""What a database's driver says of an error, without a word of what was in the rows, the parameters or the SQL.

A driver's message may quote a value, PostgreSQL's DETAIL holds the row, and SQLAlchemy adds the statement. The engine
of a `Database` clears all of that where the error arises, so that nothing in the chain has it when somebody logs it.

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html and https://www.sqlite.org/rescode.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy.exc import StatementError

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

__all__ = ["DriverFacts", "clear_values", "facts_of"]

_NAMES_ALONE: Final = frozenset({"28000", "28P01", "3D000", "3F000", "42501", "42703", "42883", "42P01", "42P07"})
"""States whose messages name users, tables, columns and types, and no value: those that a developer has to read."""

_NAMES_ALONE_IN_SQLITE: Final = ("no such table: ", "no such column: ", "unable to open database file")

_CONSTRAINT_FAILED: Final = " constraint failed: "

_WITH_VALUES: Final = ("message", "detail", "hint", "context", "query", "internal_query", "where")
"""Attributes of asyncpg's errors that may hold a value or the statement."""

_NOTED: Final = "_asgi_stack_facts"
"""The attribute in which a cleared error keeps what is known of it."""

_MOST_LINKS: Final = 10


class DriverFacts(NamedTuple):
    """What may be told of a driver's error.

    Attributes:
        name: The class of the driver's own error: `UniqueViolationError`.
        code: PostgreSQL's SQLSTATE or SQLite's name of the result: `23505`, `SQLITE_CONSTRAINT_UNIQUE`; else empty.
        constraint: The constraint; SQLite tells its columns instead: `items.name`. Else empty.
        table: The table, where PostgreSQL tells it; else empty.
        column: The column, where PostgreSQL tells it; else empty.
        message: The driver's words where they have nothing but names in them; else empty.
    """

    name: str
    code: str = ""
    constraint: str = ""
    table: str = ""
    column: str = ""
    message: str = ""

    def __str__(self) -> str:
        known = {"code": self.code, "constraint": self.constraint, "table": self.table, "column": self.column}
        told = " ".join(f"{name}={value}" for name, value in known.items() if value)
        return f"{self.name}{f' ({told})' if told else ''}{f': {self.message}' if self.message else ''}"


def facts_of(error: BaseException) -> DriverFacts:
    """Read an error of SQLAlchemy's, of its adapter's or of a driver's."""
    for link in _own_chain(error):
        noted = vars(link).get(_NOTED)
        if isinstance(noted, DriverFacts):
            return noted
        if isinstance(getattr(link, "sqlite_errorname", None), str):
            return _facts_of_sqlite(link)
        if type(link).__module__.startswith("asyncpg."):
            return _facts_of_postgres(link)
    return DriverFacts(type(error).__name__)


def clear_values(context: ExceptionContext) -> None:
    """Rewrite an error as SQLAlchemy is about to raise it, and all that it was made of; for `handle_error`."""
    facts = facts_of(context.original_exception)
    for error in (context.sqlalchemy_exception, *_own_chain(context.original_exception)):
        if error is not None:
            _clear(error, facts)


def _own_chain(error: BaseException) -> list[BaseException]:
    """Give an error and its causes; not its contexts, which the user's own code may have been busy with."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain and len(chain) < _MOST_LINKS:
        chain.append(link)
        link = link.__cause__
    return chain


def _clear(error: BaseException, facts: DriverFacts) -> None:
    vars(error)[_NOTED] = facts
    error.args = (str(facts),)
    if isinstance(error, StatementError):
        error.statement = error.params = None
        error.detail.clear()
    for name in _WITH_VALUES:
        if isinstance(getattr(error, name, None), str):
            setattr(error, name, None)


def _facts_of_postgres(error: BaseException) -> DriverFacts:
    code = str(getattr(error, "sqlstate", None) or "")
    return DriverFacts(
        name=type(error).__name__,
        code=code,
        constraint=getattr(error, "constraint_name", None) or "",
        table=getattr(error, "table_name", None) or "",
        column=getattr(error, "column_name", None) or "",
        message=str(error.args[0]) if code in _NAMES_ALONE and error.args else "",
    )


def _facts_of_sqlite(error: BaseException) -> DriverFacts:
    text = str(error.args[0]) if error.args else ""
    _, failed, columns = text.partition(_CONSTRAINT_FAILED)
    return DriverFacts(
        name=type(error).__name__,
        code=str(getattr(error, "sqlite_errorname", "")),
        constraint=columns if failed and "CHECK" not in text else "",
        message=text if text.startswith(_NAMES_ALONE_IN_SQLITE) else "",
    )
