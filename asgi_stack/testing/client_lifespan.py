"""The lifespan of an app under test, as a server runs it.

Source: https://asgi.readthedocs.io/en/latest/specs/lifespan.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.testing.client_call import Call
from asgi_stack.testing.client_errors import LifespanFailedError
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import lifespan_scope

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, Message

__all__ = ["ClientLifespan"]


class ClientLifespan:
    """One app from its startup to its shutdown.

    Args:
        app: The application. One that raises before it asks for a message, returns without an answer, or answers with
            messages of another kind has no lifespan, and is served all the same.
        timeout_s: Seconds that its startup and its shutdown may take, each.

    Attributes:
        connection: The server's end: all messages, and what the app raised.
        state: What the app put into the scope's state.
    """

    def __init__(self, app: AnyASGIApp, *, timeout_s: float) -> None:
        self.state: dict[str, object] = {}
        startup: Message = {"type": "lifespan.startup"}
        self.connection = Connection(lifespan_scope(state=self.state), [startup], on_send=self._check)
        self._call = Call(app, self.connection, title="lifespan", timeout_s=timeout_s, raise_exceptions=False)
        self._is_unaware = False

    async def start(self) -> None:
        """Start the app.

        Raises:
            LifespanFailedError: It said that it failed, or raised once it had asked for a message.
            ASGITimeoutError: It did not answer in time.
        """
        self._call.begin()
        try:
            await self._call.until(lambda: bool(self.connection.messages) or self.connection.is_over, "no startup")
        except BaseException:
            await self._call.stop()
            raise
        if self._has_failed():
            await self._call.stop()
            raise self._failure("start")

    async def stop(self) -> None:
        """Stop the app, if it started and still runs.

        Raises:
            LifespanFailedError: It said that it failed, or raised, now or while it was to serve.
            ASGITimeoutError: It did not answer in time.
        """
        self.connection.give({"type": "lifespan.shutdown"})
        try:
            await self._call.until(self._has_stopped, "no shutdown")
        finally:
            await self._call.stop()
        if self._has_failed():
            raise self._failure("stop")

    def _check(self, message: Message) -> None:
        if not message["type"].startswith("lifespan."):
            self._is_unaware = True
            raise RuntimeError(f"{message['type']} is no message of a lifespan")

    def _has_stopped(self) -> bool:
        # After its last answer an app may ask for one more message, which no server has: it need not return.
        return self.connection.is_over or (self.connection.is_complete and self.connection.is_asking)

    def _has_failed(self) -> bool:
        connection = self.connection
        if any(message["type"].endswith(".failed") for message in connection.messages):
            return True
        if connection.is_complete or connection.raised is None:
            return False
        return bool(connection.messages or connection.received) and not self._is_unaware

    def _failure(self, verb: str) -> LifespanFailedError:
        failed = [message for message in self.connection.messages if message["type"].endswith(".failed")]
        why = str(failed[0].get("message", "")) if failed else repr(self.connection.raised)
        error = LifespanFailedError(f"the app failed to {verb}: {why}")
        error.__cause__ = self.connection.raised
        return error
