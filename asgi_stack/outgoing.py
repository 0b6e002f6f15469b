"""Hand the ids of the current request on to the services that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from asgi_stack.context import CORRELATION_ID_HEADER, REQUEST_ID_HEADER, current_request

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, MutableMapping

__all__ = ["httpx_event_hooks"]


class OutgoingRequest(Protocol):
    """What a hook needs of a request: its headers, whose names compare without case."""

    @property
    def headers(self) -> MutableMapping[str, str]: ...


def httpx_event_hooks() -> dict[str, list[Callable[[OutgoingRequest], Done]]]:
    """Give event hooks that put the current ids on every outgoing request: `httpx.AsyncClient(event_hooks=...)`.

    They serve `httpx.Client` as well. A header that the caller set wins; outside any request nothing is added.
    """
    return {"request": [_add_ids]}


class Done:
    """An awaitable that is done: AsyncClient awaits what a hook returns, Client ignores it."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


def _add_ids(request: OutgoingRequest) -> Done:
    record = current_request.get()
    if record is not None:
        request.headers.setdefault(CORRELATION_ID_HEADER, record.correlation_id)
        request.headers.setdefault(REQUEST_ID_HEADER, record.request_id)
    return Done()
