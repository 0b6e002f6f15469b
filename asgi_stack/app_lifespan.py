"""The lifespan of the app inside ours: its startup passes on, its last answer is kept until all else is closed.

Source: https://asgi.readthedocs.io/en/latest/specs/lifespan.html.
"""

from __future__ import annotations

from asyncio import CancelledError, get_running_loop, timeout
from typing import TYPE_CHECKING, Final

from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import log_exception
from asgi_stack.redaction import Redactor

if TYPE_CHECKING:
    from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LIFESPAN_LOGGER", "AppLifespan", "failed"]

LIFESPAN_LOGGER: Final = "asgi_stack.lifespan"

_LAST_WORDS: Final = {
    False: frozenset({"lifespan.startup.failed"}),
    True: frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"}),
}
"""What may end a lifespan, before and after the app started."""


class NoLifespanError(Exception):
    """The app answered a lifespan with messages of another kind: it does not look at the scope's type."""


class AppIsDoneError(CancelledError):
    """Ends an app that asks for one more message after its last answer; no `except Exception` of its own stops it."""


class AppLifespan:
    """One app from its startup to its shutdown.

    Args:
        startup: The server's `lifespan.startup`, which was read already.
        receive: Gives the rest.
        send: Takes `lifespan.startup.complete`; the last answer is returned instead.
        answer_timeout_s: Seconds that the app may take to return after its last answer.
    """

    def __init__(self, startup: Message, receive: Receive, send: Send, *, answer_timeout_s: float) -> None:
        self._startup: Message | None = startup
        self._receive = receive
        self._send = send
        self._answer_timeout_s = answer_timeout_s
        self._limit = timeout(None)
        self._started = False
        self._stopping = False
        self._is_unaware = False
        self._answer: Message | None = None
        self._refusal: Exception | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> Message:
        """Take the app from startup to shutdown, and give the message to send once everything else is closed.

        Raises:
            Exception: What the server's `send` raised.
        """
        error = await self._run_to_its_end(app, scope)
        if self._started:
            return await self._end(error)
        # An app that raises before it asks for the first message does not know lifespans; one that has asked does.
        asked = self._startup is None
        if self._answer is not None or (error is not None and asked and not self._is_unaware):
            return self._failure("startup", error)
        if error is not None and not self._is_unaware:
            log_exception(error, "lifespan_unsupported", level="debug", logger=LIFESPAN_LOGGER)
        await self._send({"type": "lifespan.startup.complete"})
        await self._receive()
        return {"type": "lifespan.shutdown.complete"}

    async def _run_to_its_end(self, app: ASGIApp, scope: Scope) -> Exception | None:
        try:
            async with self._limit:
                await app(scope, self._receive_inside, self._send_inside)
        except AppIsDoneError:
            return None
        except Exception as error:
            if error is self._refusal:
                raise
            return error
        return None

    async def _end(self, error: Exception | None) -> Message:
        """Deal with an app that started and is over, on time or too early."""
        if not self._stopping:
            if error is not None:
                log_exception(error, "lifespan_failed", logger=LIFESPAN_LOGGER, phase="serving")
            await self._receive()
        elif error is not None or (self._answer is not None and self._answer["type"] == "lifespan.shutdown.failed"):
            return self._failure("shutdown", error)
        return {"type": "lifespan.shutdown.complete"}

    def _failure(self, phase: str, error: Exception | None) -> Message:
        """Log a failure and give its message.

        A framework's own message is its whole traceback, which the server would log again beside ours; it is kept only
        where no exception came with it, without secrets of a known shape.
        """
        if error is not None:
            log_exception(error, "lifespan_failed", logger=LIFESPAN_LOGGER, phase=phase)
            return failed(phase, f"The app failed in its {phase}", error)
        emit("error", "lifespan_failed", {"phase": phase}, logger=LIFESPAN_LOGGER)
        own = "" if self._answer is None else str(self._answer.get("message", ""))
        return {"type": f"lifespan.{phase}.failed", "message": Redactor().text(own)}

    async def _receive_inside(self) -> Message:
        if self._startup is not None:
            startup, self._startup = self._startup, None
            return startup
        if self._answer is not None:
            # No server has anything to say after that; an app that waited for it would keep its answer from leaving.
            raise AppIsDoneError
        message = await self._receive()
        self._stopping = True
        return message

    async def _send_inside(self, message: Message) -> None:
        kind = message["type"]
        if not kind.startswith("lifespan."):
            self._is_unaware = True
            raise NoLifespanError(kind)
        if kind == "lifespan.startup.complete" and not self._started:
            await self._forward(message)
            self._started = True
        elif kind in _LAST_WORDS[self._started] and self._answer is None:
            self._answer = message
            self._limit.reschedule(get_running_loop().time() + self._answer_timeout_s)
        else:
            text = f"{kind} is out of place {'after' if self._started else 'before'} lifespan.startup.complete"
            raise RuntimeError(text)

    async def _forward(self, message: Message) -> None:
        try:
            await self._send(message)
        except Exception as refusal:
            self._refusal = refusal
            raise


def failed(phase: str, what: str, error: Exception) -> Message:
    """Make a failure's message without the exception's text, which may hold a password and which the server logs."""
    return {"type": f"lifespan.{phase}.failed", "message": f"{what}: {type(error).__qualname__}"}
