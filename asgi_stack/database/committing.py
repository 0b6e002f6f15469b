"""The exchange of the session layer: it holds a response's start until what the response speaks of is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.messages import ends_response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from asgi_stack.database.request_session import RequestSession
    from asgi_stack.types import AnyASGIApp, Message, Receive, Scope, Send

__all__ = ["CommittingExchange"]

FIRST_ERROR: Final = 400
"""From this status on a response speaks of a failure, and nothing is written."""


class CommittingExchange:
    """One http request between the app and the layer outside.

    Args:
        request: The request's session.
        receive: The layer's outside.
        send: The layer's outside.
        releases: Whether the session is over when the response starts.
    """

    __slots__ = ("_failure", "_has_left", "_last", "_receive", "_releases", "_request", "_send", "_start")

    def __init__(self, request: RequestSession, receive: Receive, send: Send, *, releases: bool) -> None:
        self._request = request
        self._receive = receive
        self._send = send
        self._releases = releases
        self._failure: Exception | None = None
        self._has_left = False
        self._start: Message | None = None
        self._last: Message | None = None

    async def run(self, app: AnyASGIApp, scope: Scope) -> object:
        """Call the app, end its session, and give what the app returned.

        Raises:
            Exception: The failure of a commit, whatever the app made of it; else what the app raised.
        """
        try:
            result: object = await app(scope, self._receive_inside, self._send_inside)
            if self._is_complete():
                await self._request.commit()
        except Exception:
            if self._failure is None:
                raise
            result = None
        finally:
            await self._request.close()
        failure, self._failure = self._failure, None
        if failure is not None:
            # Without what a framework has made of it meanwhile, which would be logged as its cause.
            failure.__cause__ = failure.__context__ = None
            raise failure
        return result

    def _is_complete(self) -> bool:
        """Tell whether the whole response has left: what came after its start is written only then."""
        if self._start is None or self._last is None:
            return False
        return ends_response(self._last, bool(self._start.get("trailers", False)))

    async def _receive_inside(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._is_complete():
            self._has_left = True
        return message

    def _send_inside(self, message: Message) -> Awaitable[None]:
        if self._failure is not None:
            # A framework's own answer to the failure: the layer outside has a better one.
            return _nothing()
        if message["type"] != "http.response.start" or self._start is not None:
            self._last = message
            return self._send(message)
        if self._request.transaction is None and not self._releases:
            self._start = message
            return self._send(message)
        return self._settle(message)

    async def _settle(self, start: Message) -> None:
        status = start.get("status")
        # What is no status is for the layer outside to refuse.
        if self._has_left or not isinstance(status, int) or status >= FIRST_ERROR:
            await self._request.roll_back()
        else:
            await self._commit()
        self._start = start
        if self._releases:
            await self._request.close()
        await self._send(start)

    async def _commit(self) -> None:
        try:
            await self._request.commit()
        except Exception as error:
            self._failure = error
            raise


async def _nothing() -> None:
    """Stand for a message that does not leave."""
