"""What counts as memory that is left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from asgi_stack import ErrorHandlerMiddleware
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from benchmarks.apps import SCENARIOS
from benchmarks.in_process import candidate
from benchmarks.memory import Growth, fail_each_time_anew, find_problems, measure_growth, measure_under_failures

Request = Callable[[int], Awaitable[None]]


class KeepingLayer:
    """Keep something of every request: a leak."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self.kept.append(scope)
        await self.app(scope, receive, send)


class CircularLayer:
    """Leave a reference cycle behind with every request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.app({**scope, "self": scope}, receive, send)
        scope["self"] = scope


def requests_through(layer: Callable[[ASGIApp], ASGIApp]) -> Request:
    """Make what serves requests through one layer."""
    scenario = SCENARIOS["success"]
    return candidate(layer(scenario.app), scenario)


def test_bare_app_leaves_nothing_behind() -> None:
    """An app that keeps nothing has no problem."""
    growth = asyncio.run(measure_growth("bare", requests_through(lambda app: app), 1_000))

    assert find_problems(growth) == []
    assert growth.cyclic == 0


def test_leaking_layer_is_caught() -> None:
    """A layer that keeps its scopes has more blocks with every request."""
    growth = asyncio.run(measure_growth("leaking", requests_through(KeepingLayer), 1_000))

    assert growth.blocks >= 1_000
    (problem,) = find_problems(growth)
    assert problem.startswith("leaking: ")
    assert problem.endswith("allocated blocks more than before after 1,000 requests (limit 50)")


def test_cycles_are_caught() -> None:
    """A layer whose garbage waits for the collector is told of, though nothing would stay for ever."""
    growth = asyncio.run(measure_growth("circular", requests_through(CircularLayer), 1_000))

    assert growth.cyclic is not None
    assert growth.cyclic >= 1_000
    assert any("objects left in reference cycles" in problem for problem in find_problems(growth))


def test_growth_under_failures_is_caught() -> None:
    """Once what is limited is full, a layer that still keeps something has a problem, and others have none."""
    flat, leaking = (
        asyncio.run(measure_under_failures("failures", requests_through(layer), 12_000))
        for layer in (lambda app: app, KeepingLayer)
    )

    assert find_problems(flat) == []
    assert leaking.blocks >= 2_000
    assert "allocated blocks" in find_problems(leaking)[0]


@pytest.mark.parametrize(
    ("growth", "is_problem"),
    [
        pytest.param(Growth("few", 10_000, blocks=50, cyclic=0), False, id="fifty blocks in ten thousand requests"),
        pytest.param(Growth("more", 10_000, blocks=51, cyclic=0), True, id="one block more"),
        pytest.param(Growth("cycles", 10_000, blocks=0, cyclic=51), True, id="fifty-one objects in cycles"),
        pytest.param(Growth("flat", 50_000, blocks=0, resident_kib=1_024), False, id="one MiB of memory"),
        pytest.param(Growth("big", 50_000, blocks=0, resident_kib=1_025), True, id="more than one MiB"),
    ],
)
def test_limits(growth: Growth, is_problem: bool) -> None:
    """Fifty blocks and a MiB of memory are noise."""
    assert bool(find_problems(growth)) is is_problem


async def test_failures_differ_each_time() -> None:
    """Each failing request has a path and a message of its own, and three kinds of exceptions take turns."""
    seen: list[tuple[str, BaseException]] = []

    def record(app: ASGIApp) -> ASGIApp:
        async def layer(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except Exception as error:  # noqa: BLE001 - as an error layer does
                seen.append((scope["path"], error))

        return layer

    await fail_each_time_anew(record)(6)

    assert len({path for path, _ in seen}) == 6
    assert all(path in str(error) for path, error in seen)
    kinds = [type(error).__name__ for _, error in seen]
    assert kinds == ["NotFoundError", "ValueError", "RuntimeError"] * 2


async def test_failures_are_answered_by_the_stack() -> None:
    """Nothing of it gets past an error layer."""
    statuses: list[int] = []

    def watched(app: ASGIApp) -> ASGIApp:
        inner = ErrorHandlerMiddleware(app)

        async def layer(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])
                await send(message)

            await inner(scope, receive, send_noted)

        return layer

    await fail_each_time_anew(watched)(3)

    assert statuses == [404, 500, 500]
