"""A Quart app for servers to serve, wrapped in one line: what its views raise is answered by the stack."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from quart import Quart, abort, websocket

from asgi_stack import ConflictError, wrap

__all__ = ["OWN_PAGE", "SECRET", "app", "quart_app"]

SECRET: Final = "CANARY-14142"
"""In the message of an unknown exception: no client may ever see it."""

OWN_PAGE: Final = "Back at ten"


async def ok() -> str:
    """Answer."""
    return "ok"


async def boom() -> str:
    """Fail as a bug does."""
    raise RuntimeError(SECRET)


def boom_in_a_thread() -> str:
    """Fail in a worker thread."""
    assert threading.current_thread() is not threading.main_thread()
    raise RuntimeError(SECRET)


async def boom_by_name(name: str) -> str:
    """Fail in a way of its own, while others do."""
    await asyncio.sleep(0)
    raise LookupError(name)


async def conflict() -> str:
    """Fail as the stack's users do."""
    raise ConflictError("It changed", details={"version": 2})


async def closed() -> str:
    """Refuse on purpose."""
    abort(503, OWN_PAGE)


async def socket() -> None:
    """Fail once the websocket is open."""
    await websocket.accept()
    raise RuntimeError(SECRET)


VIEWS: Final[Mapping[str, Callable[..., Any]]] = {
    "/": ok,
    "/boom": boom,
    "/thread": boom_in_a_thread,
    "/boom/<name>": boom_by_name,
    "/conflict": conflict,
    "/closed": closed,
}


def quart_app(*, own_page: int | None = None) -> Quart:
    """Make the app; with `own_page` it has a page of its own for a failure, sent with this status."""
    made = Quart("quart_shop")
    for rule, view in VIEWS.items():
        made.add_url_rule(rule, view_func=view)
    made.add_websocket("/socket", view_func=socket)
    if own_page is not None:
        made.register_error_handler(500, lambda _error: (OWN_PAGE, own_page))
    return made


app = wrap(quart_app())
