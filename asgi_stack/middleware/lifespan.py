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

from asyncio import get_running_loop, sleep, timeout_at
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, cast

from asgi_stack.app_lifespan import LIFESPAN_LOGGER, AppLifespan, failed
from asgi_stack.logging.exceptions import log_exception
from asgi_stack.logging.sink import flush_logs
from asgi_stack.options import check_app, check_seconds
from asgi_stack.pipeline import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send

__all__ = ["LifespanMiddleware", "Resource"]

Resource: TypeAlias = "AbstractAsyncContextManager[object] | Callable[[], AbstractAsyncContextManager[object]]"
"""An async context manager, or a function that makes one: what `contextlib.asynccontextmanager` decorates."""


LAST_CONNECTIONS_S: Final = 2.0
"""How long the shutdown waits for connections that the server has given up."""

_TURN_S: Final = 0.01


class LifespanMiddleware:
    """Open resources at startup, in order, and close them at shutdown, in reverse.

    Args:
        app: The application inside. One that has no lifespan (it raises before it asks for the first message, returns,
            or answers with messages of another kind) is served all the same.
        resources: Async context managers, or functions that make one (needed where the server may start twice in one
            process). The app starts after all of them and stops before any.
        shutdown_timeout_s: Seconds that closing all of them may take; what has not closed by then is abandoned. As long
            may the app take to return once it has said that it stopped.

    Raises:
        TypeError: A resource is neither.
        ValueError: `shutdown_timeout_s` is not above 0.

    When one fails to start, those before it are closed again. One that fails to close does not keep the others open.
    Connections that the server has cancelled have 2 s to end before anything closes.
    """

    stage: ClassVar[Stage] = Stage.LIFESPAN

    def __init__(
        self, app: AnyASGIApp, *, resources: Sequence[Resource] = (), shutdown_timeout_s: float = 10.0
    ) -> None:
        check_app(app)
        check_seconds("shutdown_timeout_s", shutdown_timeout_s)
        if isinstance(resources, str) or not isinstance(resources, Iterable):
            raise TypeError(f"resources must be a sequence of async context managers, not {resources!r}")
        resources = tuple(resources)
        for resource in resources:
            if not callable(resource) and not isinstance(resource, AbstractAsyncContextManager):
                message = f"resources: {resource!r} is neither an async context manager nor a function that makes one"
                raise TypeError(message)
        self.app: ASGIApp = app
        self._resources = resources
        self._shutdown_timeout_s = shutdown_timeout_s
        self._open_connections = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        if scope["type"] != "lifespan":
            self._open_connections += 1
            try:
                return await self.app(scope, receive, send)
            finally:
                self._open_connections -= 1
        opened = _OpenResources(self._shutdown_timeout_s)
        started, receive = await receive(), self._after_last_connection(receive)
        app = AppLifespan(started, receive, send, answer_timeout_s=self._shutdown_timeout_s)
        try:
            answer = await self._open(opened) or await app.run(self.app, scope)
        finally:
            closed = await opened.close()
        if answer["type"] == "lifespan.shutdown.complete" and not closed:
            answer = {"type": "lifespan.shutdown.failed", "message": "A resource failed to close"}
        # All is over by now, so it may block: uvicorn ends by the signal it got, and nothing is run at exit then.
        flush_logs()
        await send(answer)
        return None

    def _after_last_connection(self, receive: Receive) -> Receive:
        """Hold `lifespan.shutdown` back until all connections are done.

        uvicorn sends it in the same turn in which it cancels the requests that outlived its patience, and is gone after
        the answer: one that needs another turn to end would be cut off in the middle, without its line in the log.
        """

        async def receive_in_the_end() -> Message:
            message = await receive()
            deadline = get_running_loop().time() + LAST_CONNECTIONS_S
            # An event to wait for would cost every request more than the count does.
            while self._open_connections and get_running_loop().time() < deadline:  # noqa: ASYNC110
                await sleep(_TURN_S)
            return message

        return receive_in_the_end

    async def _open(self, opened: _OpenResources) -> Message | None:
        for resource in self._resources:
            name = getattr(resource, "__qualname__", type(resource).__qualname__)
            try:
                await opened.add(name, resource)
            except Exception as error:  # noqa: BLE001 - whatever it is, the server must learn that it cannot start
                log_exception(error, "lifespan_failed", logger=LIFESPAN_LOGGER, phase="startup", resource=name)
                return failed("startup", f"{name} failed to start", error)
        return None


class _OpenResources:
    """The resources that are open, each closed on its own: one that fails or hangs leaves the others alone."""

    def __init__(self, shutdown_timeout_s: float) -> None:
        self._stack = AsyncExitStack()
        self._timeout_s = shutdown_timeout_s
        self._deadline = float("inf")
        self._all_closed = True

    async def add(self, name: str, resource: Resource) -> None:
        own = AsyncExitStack()
        await own.enter_async_context(_manager_of(resource))
        self._stack.push_async_callback(self._close_one, name, own)

    async def close(self) -> bool:
        """Close all, the last one first, and tell whether all went well."""
        self._deadline = get_running_loop().time() + self._timeout_s
        await self._stack.aclose()
        return self._all_closed

    async def _close_one(self, name: str, own: AsyncExitStack) -> None:
        try:
            async with timeout_at(self._deadline):
                await own.aclose()
        except Exception as error:  # noqa: BLE001 - the server must go on stopping
            log_exception(error, "lifespan_failed", logger=LIFESPAN_LOGGER, phase="shutdown", resource=name)
            self._all_closed = False


def _manager_of(resource: object) -> AbstractAsyncContextManager[object]:
    # The casts say what `Resource` says: type checkers disagree about what isinstance makes of that union.
    if isinstance(resource, AbstractAsyncContextManager):
        return cast("AbstractAsyncContextManager[object]", resource)
    return cast("Callable[[], AbstractAsyncContextManager[object]]", resource)()
