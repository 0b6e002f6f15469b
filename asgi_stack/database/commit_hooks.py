"""Do something once what a session has written is there for all to see: send a mail, publish an event.

```python
async with get_async_session() as session:
    order = await OrderRepository(session).create(Order(...))
    after_commit(session, lambda: queue.put(order.id))
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy import event

from asgi_stack.logging.exceptions import log_exception

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session, SessionTransaction

__all__ = ["AfterCommit", "after_commit", "run_due"]

AfterCommit: TypeAlias = Callable[[], Awaitable[object] | object]
"""A function without arguments, plain or a coroutine function; what it gives is not looked at."""

_KEY: Final = "asgi_stack.after_commit"


def after_commit(session: AsyncSession, function: AfterCommit) -> None:
    """Call a function after the next commit of a session; a rollback, also one to a savepoint around this, drops it.

    Functions run in the order in which they were given, in a request before its response starts. What one raises is
    logged as `after_commit_failed` and changes nothing: the data is written, and the client must hear so. Whoever dies
    between the commit and this call leaves the function uncalled: what must not be lost belongs into a table.

    Args:
        session: One of `Database.session()`, `get_async_session()` or `get_db`; others never call it.
        function: Called without arguments, awaited where that gives something to await. It does its own work in a
            session of its own: this one would begin a transaction that nobody commits.

    Raises:
        TypeError: `function` cannot be called.
    """
    if not callable(function):
        raise TypeError(f"after_commit needs a function, not {function!r}")
    calls = session.info.get(_KEY)
    if calls is None:
        calls = session.info[_KEY] = _Calls(session.sync_session)
    calls.waiting.append((_savepoints(session.sync_session), function))


async def run_due(session: AsyncSession) -> None:
    """Call what waited for commits that have happened."""
    calls = session.info.get(_KEY)
    while isinstance(calls, _Calls) and calls.due:
        await _call(calls.due.pop(0))


async def _call(function: AfterCommit) -> None:
    try:
        made = function()
        if isawaitable(made):
            await made
    except Exception as error:  # noqa: BLE001 - the data is written, and nobody may be told otherwise
        log_exception(error, "after_commit_failed", logger="asgi_stack.database")


class _Calls:
    """The functions of one session: those that wait for a commit, with the savepoints around them, and those due."""

    def __init__(self, session: Session) -> None:
        self.waiting: list[tuple[list[SessionTransaction], AfterCommit]] = []
        self.due: list[AfterCommit] = []
        event.listen(session, "after_commit", self._commit)
        event.listen(session, "after_soft_rollback", self._drop)

    def _commit(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # a savepoint was released: nothing is written yet
        self.due += [function for _, function in self.waiting]
        self.waiting.clear()

    def _drop(self, _session: Session, ended: SessionTransaction) -> None:
        self.waiting = [(around, function) for around, function in self.waiting if ended.nested and ended not in around]


def _savepoints(session: Session) -> list[SessionTransaction]:
    """Give the savepoints that are open; later on they do not know any more what they were in."""
    around: list[SessionTransaction] = []
    savepoint = session.get_nested_transaction()
    while savepoint is not None and savepoint.nested:
        around.append(savepoint)
        savepoint = savepoint.parent
    return around
