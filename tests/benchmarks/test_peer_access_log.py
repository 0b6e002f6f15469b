"""The request line of the peers, in the cases that no scenario has: it is not cheap by leaving them out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from benchmarks.apps import SCENARIOS
from benchmarks.peer_access_log import AccessLog, ShortAccessLog

START = {"type": "http.response.start", "status": 200, "headers": []}


class _Kept:
    """A logger that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: object) -> None:
        assert event == "request_completed"
        self.lines.append(("info", fields))

    def error(self, event: str, **fields: object) -> None:
        assert event == "request_completed"
        self.lines.append(("error", fields))


async def _disconnect() -> Message:
    return {"type": "http.disconnect"}


async def _send(message: Message) -> None:
    """Stand for a server."""


async def _raise(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError


async def _raise_late(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)
    raise ValueError


async def _stop_early(scope: Scope, receive: Receive, send: Send) -> None:
    await send(START)


async def _give_up(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()


async def _be_cancelled(scope: Scope, receive: Receive, send: Send) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("app", "level", "outcome"),
    [
        (_raise, "error", "server_error"),
        (_raise_late, "error", "incomplete"),
        (_stop_early, "error", "incomplete"),
        (_give_up, "info", "client_disconnected"),
        (_be_cancelled, "info", "cancelled"),
    ],
    ids=["raises", "raises after the start", "returns after the start", "client leaves", "cancelled"],
)
async def test_outcome_is_told_in_the_words_of_ours(app: ASGIApp, level: str, outcome: str) -> None:
    """A response that never became complete has the outcome, and the level, that our own line has."""
    kept = _Kept()

    with suppress(ValueError, asyncio.CancelledError):
        await AccessLog(app, kept)(SCENARIOS["success"].make_scope(), _disconnect, _send)

    ((written, fields),) = kept.lines
    assert (written, fields["outcome"]) == (level, outcome)


async def test_body_that_the_app_reads_is_counted() -> None:
    """Bytes that came in are those that the app took, and the route is the template that a router left."""

    class Route:
        path = "/orders/{id}"

    async def receive() -> Message:
        return {"type": "http.request", "body": b"four", "more_body": False}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = Route
        await receive()

    kept = _Kept()
    scope = SCENARIOS["success"].make_scope()
    scope.update(headers=[], client=None)

    await AccessLog(app, kept)(scope, receive, _send)

    ((_, fields),) = kept.lines
    assert fields["bytes_in"] == 4
    assert fields["route"] == "/orders/{id}"
    assert (fields["client"], fields["user_agent"], fields["ttfb_ms"]) == (None, None, None)


@pytest.mark.parametrize("layer", [AccessLog, ShortAccessLog], ids=["full", "short"])
async def test_lifespan_is_no_request(layer: type[AccessLog | ShortAccessLog]) -> None:
    """Other scopes pass, and have no line."""
    kept, seen = _Kept(), list[str]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    await layer(app, kept)({"type": "lifespan"}, _disconnect, _send)

    assert (seen, kept.lines) == (["lifespan"], [])
