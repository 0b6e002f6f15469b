"""Tell a commit that is none: PostgreSQL answers the COMMIT of a failed transaction with a silent ROLLBACK.

A handler that catches the error of one statement and goes on would be told that its other work is written.

Source: https://www.postgresql.org/docs/current/sql-commit.html and section 55.2.2 of its documentation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import event

from asgi_stack.database.driver_errors import facts_of
from asgi_stack.exceptions import AppError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine, ExceptionContext

__all__ = ["refuse_aborted_commits"]

_FAILED: Final = "asgi_stack.failed"


def refuse_aborted_commits(engine: Engine) -> None:
    """Make the commit of a transaction in which a statement failed raise, unless a savepoint took it back."""
    event.listen(engine, "handle_error", _note)
    event.listen(engine, "begin", _forget)
    event.listen(engine, "rollback", _forget)
    event.listen(engine, "rollback_savepoint", _forget)
    event.listen(engine, "commit", _refuse)


def _note(context: ExceptionContext) -> None:
    facts = facts_of(context.original_exception)
    # Without a state it was the driver that refused: the server has not heard of it.
    if context.connection is not None and facts.code and not context.is_disconnect:
        context.connection.info[_FAILED] = str(facts)


def _forget(connection: Connection, *_savepoint: object) -> None:
    connection.info.pop(_FAILED, None)


def _refuse(connection: Connection) -> None:
    failed = connection.info.pop(_FAILED, None)
    if failed is not None:
        # SQLAlchemy takes a transaction whose commit raised for ended: nobody else would roll it back.
        connection.connection.rollback()
        message = "the transaction cannot be committed: a statement failed in it; put a savepoint around what may fail"
        raise AppError(context={"database_error": message, "failed": failed})
