"""Many requests at once with every outcome, and what each of them must have come to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Final

from tests.integration.wire import Connection, Response, connect, render_request

CONNECTIONS: Final = 20
REQUESTS_EACH: Final = 10


@dataclass(frozen=True)
class Plan:
    """One way for a request to go.

    Attributes:
        status: What the client gets; None when it leaves before that.
        level: Of the error line; None when there is to be none.
        cuts: Whether the connection is of no use afterwards.
        is_answered_by_server: Whether the response is none of the stack's.
    """

    name: str
    path: str
    status: int | None
    outcome: str
    level: str | None = None
    cuts: bool = False
    is_answered_by_server: bool = False

    @property
    def is_reported(self) -> bool:
        """Whether the reporters are told: of errors that are nobody's business but the service's."""
        return self.level == "error"

    @property
    def may_be_pipelined(self) -> bool:
        """Whether other requests may be sent before its response is read."""
        return not self.cuts and self.path != "/echo"


PLANS: Final = (
    Plan("ok", "/", 200, "ok"),
    Plan("missing", "/nowhere", 404, "client_error", "info"),
    Plan("conflict", "/conflict", 409, "client_error", "warning"),
    Plan("boom", "/boom", 500, "server_error", "error"),
    Plan("group", "/group", 500, "server_error", "error"),
    Plan("late", "/late", 200, "ok", "error"),
    Plan("silent", "/silent", 500, "server_error", "error"),
    Plan("cut", "/boom-after-chunk", 200, "incomplete", "error", cuts=True),
    Plan("cancel", "/cancelled", 500, "cancelled", cuts=True, is_answered_by_server=True),
    Plan("leave", "/stream", None, "client_disconnected", cuts=True),
    Plan("abandon", "/echo", None, "client_disconnected", cuts=True),
    Plan("big", "/echo", 200, "ok"),
)


@dataclass
class Request:
    """One request of the load, and its response once it is there."""

    plan: Plan
    correlation_id: str
    body: bytes | None = None
    response: Response | None = None
    sent: bool = False

    def render(self) -> bytes:
        """Give its bytes; those that leave early keep the rest of their body for themselves."""
        data = render_request(self.plan.path, headers={"x-correlation-id": self.correlation_id}, body=self.body)
        return data[: -len(self.body) // 2] if self.body and self.plan.status is None else data


@dataclass
class Load:
    """All requests; `run` makes them, `on_response` is told of each response."""

    port: int
    prefix: str
    on_response: Callable[[], None] = lambda: None
    requests: list[list[Request]] = field(init=False)

    def __post_init__(self) -> None:
        """Give each connection as many plans, none of them twice, in an order of its own."""
        self.requests = [[self._request(row, step) for step in range(REQUESTS_EACH)] for row in range(CONNECTIONS)]

    @property
    def all_requests(self) -> list[Request]:
        """Give the requests of all connections."""
        return [request for row in self.requests for request in row]

    async def run(self) -> None:
        """Make all requests, each row on a connection of its own, which is replaced once it was cut."""
        async with asyncio.TaskGroup() as tasks:
            for row in self.requests:
                tasks.create_task(self._run_row(row))

    async def run_until_cut(self) -> None:
        """Make as many requests as the server lets: each row ends where its connection does."""
        async with asyncio.TaskGroup() as tasks:
            for row in self.requests:
                tasks.create_task(self._run_row_until_cut(row))

    def _request(self, row: int, step: int) -> Request:
        plan = PLANS[(row + 5 * step) % len(PLANS)]
        size = 1 + (row * REQUESTS_EACH + step) * 7919 % 300_000
        body = {"/echo": bytes([row]) * size, "/stream": b"never sent"}.get(plan.path)
        return Request(plan, f"{self.prefix}-{row}-{step}-{plan.name}", body)

    async def _run_row_until_cut(self, row: list[Request]) -> None:
        with suppress(ConnectionError):
            await self._run_row(row)

    async def _run_row(self, row: list[Request]) -> None:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(connect(self.port))
            for batch in _batches(row):
                await self._run_batch(connection, batch)
                if batch[-1].plan.cuts:
                    await stack.aclose()
                    connection = await stack.enter_async_context(connect(self.port))

    async def _run_batch(self, connection: Connection, batch: list[Request]) -> None:
        for request in batch:
            request.sent = True
        await connection.send(b"".join(request.render() for request in batch))
        for request in batch:
            if request.plan.name == "leave":
                assert await connection.incoming().chunk()
                connection.reset()
            elif request.plan.status is not None:
                request.response = await connection.response()
                self.on_response()


def _batches(row: list[Request]) -> Iterator[list[Request]]:
    """Group what may be pipelined, up to three at a time."""
    batch: list[Request] = []
    for request in row:
        if batch and (len(batch) == 3 or not request.plan.may_be_pipelined):
            yield batch
            batch = []
        batch.append(request)
        if not request.plan.may_be_pipelined:
            yield batch
            batch = []
    if batch:
        yield batch


def assert_own_response(request: Request) -> None:
    """See that a response is the one to this very request."""
    response = request.response
    assert response is not None, request
    assert (response.status, response.is_complete) == (request.plan.status, request.plan.outcome != "incomplete")
    if request.plan.is_answered_by_server:
        return
    assert response.value("x-correlation-id") == request.correlation_id
    assert response.value("x-content-type-options") == "nosniff"
    if request.body is not None:
        assert response.value("x-sha256") == hashlib.sha256(request.body).hexdigest()
        assert response.body == request.body
    elif response.is_complete:
        assert response.json()["correlation_id"] == request.correlation_id
        assert response.json()["request_id"] == response.value("x-request-id")
