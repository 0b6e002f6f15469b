"""Open resources when the server starts and close them when it stops, around an app with or without a lifespan.

Scopes: lifespan; all others pass through.
Order: outermost, so that resources outlive all that uses them.
Reads: `lifespan.startup` and `lifespan.shutdown`.
Writes: their answers, for an app that gives none.
Errors: a resource or app that fails to start is logged with its traceback and answered `startup.failed`; servers alone
    drop that traceback.
Source: https://asgi.readthedocs.io/en/latest/specs/lifespan.html.
"""

from __future__ import annotations

from asyncio import timeout
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import log_exception
from asgi_stack.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LifespanMiddleware", "Resource"]

Resource: TypeAlias = "AbstractAsyncContextManager[object] | Callable[[], AbstractAsyncContextManager[object]]"
"""An async context manager, or a function that makes one: what `contextlib.asynccontextmanager` decorates."""

_LOGGER = "asgi_stack.lifespan"


class LifespanMiddleware:
    """Open resources at startup, in order, and close them at shutdown, in reverse.

    Args:
        app: The application inside. One that has no lifespan (it raises before it asks for the first message, returns,
            or answers with messages of another kind) is served all the same.
        resources: Async context managers, or functions that make one (needed where the server may start twice in one
            process). The app starts after all of them and stops before any.
        shutdown_timeout_s: Seconds that closing all of them may take; what has not closed by then is abandoned.

    Raises:
        TypeError: A resource is neither.
        ValueError: `shutdown_timeout_s` is not above 0.

    When one fails to start, those before it are closed again.
    """

    stage: ClassVar[Stage] = Stage.LIFESPAN

    def __init__(self, app: ASGIApp, *, resources: Sequence[Resource] = (), shutdown_timeout_s: float = 10.0) -> None:
        for resource in resources:
            if not callable(resource) and not isinstance(resource, AbstractAsyncContextManager):
                message = f"resources: {resource!r} is neither an async context manager nor a function that makes one"
                raise TypeError(message)
        if not shutdown_timeout_s > 0:
            message = f"shutdown_timeout_s must be a number of seconds above 0, not {shutdown_timeout_s!r}"
            raise ValueError(message)
        self.app = app
        self._resources = tuple(resources)
        self._shutdown_timeout_s = shutdown_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] != "lifespan":
            return await self.app(scope, receive, send)
        opened = AsyncExitStack()
        startup = await receive()
        try:
            answer = await self._open(opened) or await _AppLifespan(startup, receive, send).run(self.app, scope)
        finally:
            closed = await self._close(opened)
        if answer["type"] == "lifespan.shutdown.complete" and not closed:
            answer = {"type": "lifespan.shutdown.failed", "message": "A resource failed to close"}
        await send(answer)
        return None

    async def _open(self, opened: AsyncExitStack) -> Message | None:
        for resource in self._resources:
            try:
                manager = resource if isinstance(resource, AbstractAsyncContextManager) else resource()
                await opened.enter_async_context(manager)
            except Exception as error:  # noqa: BLE001 - whatever it is, the server must learn that it cannot start
                name = getattr(resource, "__qualname__", type(resource).__qualname__)
                log_exception(error, "lifespan_failed", logger=_LOGGER, phase="startup", resource=name)
                return _failed("startup", f"{name} failed to start", error)
        return None

    async def _close(self, opened: AsyncExitStack) -> bool:
        try:
            async with timeout(self._shutdown_timeout_s):
                await opened.aclose()
        except Exception as error:  # noqa: BLE001 - the server must go on stopping
            log_exception(error, "lifespan_failed", logger=_LOGGER, phase="shutdown")
            return False
        return True


class _NoLifespanError(Exception):
    """The app answered a lifespan with messages of another kind: it does not look at the scope's type."""


class _AppLifespan:
    """The lifespan of the app inside, between the server and the app: startup passes, the end of shutdown is kept."""

    def __init__(self, startup: Message, receive: Receive, send: Send) -> None:
        self._startup: Message | None = startup
        self._receive = receive
        self._send = send
        self._started = False
        self._stopping = False
        self._answer: Message | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> Message:
        """Take the app from startup to shutdown, and give the message to send once the resources are closed."""
        error: Exception | None = None
        try:
            await app(scope, self._receive_inside, self._send_inside)
        except Exception as raised:  # noqa: BLE001 - judged below
            error = raised
        if not self._started:
            if self._failed_to_start(error):
                return self._start_failure(error)
            await self._send({"type": "lifespan.startup.complete"})
        elif error is not None:
            phase = "shutdown" if self._stopping else "serving"
            log_exception(error, "lifespan_failed", logger=_LOGGER, phase=phase)
        if not self._stopping:
            await self._receive()
        if error is not None and self._stopping:
            return _failed("shutdown", "The app failed to stop", error)
        return self._answer or {"type": "lifespan.shutdown.complete"}

    def _failed_to_start(self, error: Exception | None) -> bool:
        # An app that raises before it asks for the first message does not know lifespans; one that has asked does.
        asked = self._startup is None
        return self._answer is not None or (error is not None and asked and not isinstance(error, _NoLifespanError))

    def _start_failure(self, error: Exception | None) -> Message:
        if error is not None:
            log_exception(error, "lifespan_failed", logger=_LOGGER, phase="startup")
            return _failed("startup", "The app failed to start", error)
        message = self._answer or {}
        emit("error", "lifespan_failed", {"phase": "startup"}, logger=_LOGGER)
        return message

    async def _receive_inside(self) -> Message:
        if self._startup is not None:
            startup, self._startup = self._startup, None
            return startup
        message = await self._receive()
        self._stopping = True
        return message

    async def _send_inside(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete":
            self._started = True
            await self._send(message)
        elif kind.startswith("lifespan."):
            self._answer = message
        else:
            raise _NoLifespanError(kind)


def _failed(phase: str, what: str, error: Exception) -> Message:
    """Make the message without the exception's text, which may hold a password and which the server would log."""
    return {"type": f"lifespan.{phase}.failed", "message": f"{what}: {type(error).__qualname__}"}
