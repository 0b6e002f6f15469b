"""The one map from errors of databases, drivers and SQLAlchemy to AppErrors.

| what went wrong | error | status |
|---|---|---|
| a value that must be unique is taken | ConflictError | 409 |
| a row refers to one that is not there, or is still referred to | ConflictError | 409 |
| the object was changed or deleted by somebody else in between | ConflictError | 409 |
| refused, lost, exhausted or too slow; a deadlock; a lock that was not to be had | ServiceUnavailableError | 503 |
| everything else that the database or its driver raised | AppError | 500 |

Programming errors of SQLAlchemy's own, such as a missing attribute, are no errors of a database: they stay as they are.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from asgi_stack.database.driver_errors import DriverFacts, clear_values, facts_of
from asgi_stack.exceptions import AppError, ConflictError, ServiceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy.engine import ExceptionContext

__all__ = ["RETRY_AFTER_S", "app_errors", "cannot_connect", "clean_error", "raise_clean", "to_app_error", "unavailable"]

RETRY_AFTER_S: Final = 1
"""When to try again: a pool has room, and a restarted database is back, within a second or so."""

_UNIQUE: Final = frozenset({"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"})
_FOREIGN_KEY: Final = frozenset({"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"})
_UNAVAILABLE: Final = (
    *("08", "28", "3D", "53", "57P"),  # no connection, not let in, no such database, no room, being shut down
    *("40001", "40P01", "55P03", "57014"),  # serialization, deadlock, lock not available, statement timeout
    *("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CANTOPEN", "SQLITE_FULL"),
)
"""How the codes begin after which another try may succeed."""


def to_app_error(error: BaseException) -> AppError | None:
    """Give the AppError that an error of a database comes to, or None for any other error.

    It has the traceback of the error, its sqlstate and constraint in `context`, and no cause: a handler of errors for
    `ErrorHandlerMiddleware(handlers={SQLAlchemyError: to_app_error})`.
    """
    made = _app_error(error)
    if made is None:
        return None
    return made.with_traceback(error.__traceback__)


def unavailable(reason: str, **context: object) -> ServiceUnavailableError:
    """Make the 503 of a database, with what the log is to say of it."""
    return ServiceUnavailableError(
        "The database is unavailable for the moment",
        retry_after_s=RETRY_AFTER_S,
        context={"database_error": reason, **context},
    )


def cannot_connect(error: BaseException) -> ServiceUnavailableError:
    """Make the 503 of a database that takes no connection, whatever its reason."""
    facts = facts_of(error)
    return unavailable(f"cannot connect: {facts.name}", **_context(facts))


@contextmanager
def app_errors() -> Generator[None]:
    """Raise the AppError in place of what the database raises inside; all other errors pass."""
    try:
        yield
    except Exception as error:
        made = to_app_error(error)
        if made is None:
            raise
        raise_clean(made)


def raise_clean(error: AppError) -> NoReturn:
    """Raise an error without the one that is being handled as its context: that one may say too much.

    Raises:
        AppError: Always.
    """
    try:
        raise error
    finally:
        error.__context__ = None


def clean_error(context: ExceptionContext) -> AppError | None:
    """Clear an error before SQLAlchemy raises it, and turn a lost or silent connection into a 503.

    Of those asyncpg raises Python's own OSError and TimeoutError, which SQLAlchemy takes for errors of the program: the
    connection would go back into the pool.
    """
    clear_values(context)
    error = context.original_exception
    if not isinstance(error, OSError):
        return None
    context.is_disconnect = True
    return unavailable(type(error).__name__)


def _app_error(error: BaseException) -> AppError | None:
    if isinstance(error, StaleDataError):
        return ConflictError("Somebody else has changed this in between")
    if isinstance(error, PoolTimeoutError):
        return unavailable("no free connection in the pool")
    if not isinstance(error, StatementError):
        return None
    is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return _of_driver(facts_of(error), is_lost=is_lost)


def _of_driver(facts: DriverFacts, *, is_lost: bool) -> AppError:
    context = _context(facts)
    if facts.code in _UNIQUE:
        return ConflictError("Something with this value already exists", context=context)
    if facts.code in _FOREIGN_KEY:
        return ConflictError("This refers to something missing, or is still referred to", context=context)
    if is_lost or facts.code.startswith(_UNAVAILABLE):
        return unavailable(facts.name, **context)
    return AppError(context={"database_error": facts.name, **context})


def _context(facts: DriverFacts) -> dict[str, object]:
    known = {
        "sqlite_error" if facts.code.startswith("SQLITE") else "sqlstate": facts.code,
        "constraint": facts.constraint,
        "table": facts.table,
        "column": facts.column,
        "database_message": facts.message,
    }
    return {name: value for name, value in known.items() if value}
