"""Requests that run at the same time, or after one another in one context, and never mix."""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context

from asgi_stack.context import RequestContext
from asgi_stack.logging import get_logger, log_context
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import respond
from tests.driver import Exchange, exchange, http_scope
from tests.log_capture import LogLines


def asking(correlation_id: str, path: str = "/") -> Scope:
    """Give the scope of a request that brings its correlation id."""
    return http_scope(path, headers=[(b"x-correlation-id", correlation_id.encode())])


async def current_id() -> str | None:
    """Give the current correlation id, from a task of its own."""
    record = RequestContext.current()
    return None if record is None else record.correlation_id


async def run_in(context: Context, app: RequestContextMiddleware, scope: Scope) -> Exchange:
    """Serve a request in this context, as a server does that hands one on."""
    return await asyncio.create_task(exchange(app, scope), context=context)


class TestIsolation:
    """Requests that run at the same time or after one another."""

    async def test_concurrent_requests_keep_apart(self) -> None:
        """Each of many requests in flight has its own ids, fields and tasks."""
        count = 50
        all_in = asyncio.Barrier(count)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            record = RequestContext.current()
            assert record is not None
            record.bind(path=scope["path"])
            await all_in.wait()
            inner = await asyncio.create_task(current_id())
            await respond(send, f"{inner} {record.fields['path']}".encode())

        layer = RequestContextMiddleware(app)
        results = await asyncio.gather(*(exchange(layer, asking(f"id-{n}", f"/{n}")) for n in range(count)))

        assert [(r.values("x-correlation-id"), r.body) for r in results] == [
            ([f"id-{n}"], f"id-{n} /{n}".encode()) for n in range(count)
        ]
        assert RequestContext.current() is None

    async def test_context_of_the_previous_request_is_no_matter(self, log_lines: LogLines) -> None:
        """A server that runs a request in the context of the one before gives it neither its id nor its fields.

        Source: https://github.com/python/cpython/issues/140947.
        """
        leaked: list[Context] = []

        async def first(scope: Scope, receive: Receive, send: Send) -> None:
            with log_context(user="alice"):
                leaked.append(copy_context())

        async def second(scope: Scope, receive: Receive, send: Send) -> None:
            get_logger("app").info("handled")
            with log_context(step=1):
                get_logger("app").info("bound")
            with RequestContext.scope("job-2"):
                get_logger("app").info("job")
            await respond(send, b"")

        await exchange(RequestContextMiddleware(first), asking("first"))
        result = await run_in(leaked[0], RequestContextMiddleware(second), asking("second"))

        assert result.values("x-correlation-id") == ["second"]
        assert [line["correlation_id"] for line in log_lines()] == ["second", "second", "job-2"]
        assert not any("user" in line for line in log_lines())

    async def test_task_that_outlives_its_request_keeps_its_id(self) -> None:
        """A background task logs under the id of the request that started it, also during the next request."""
        go_on = asyncio.Event()
        tasks: list[asyncio.Task[str | None]] = []

        async def later() -> str | None:
            await go_on.wait()
            return await current_id()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            tasks.append(asyncio.create_task(later()))
            await respond(send, b"")

        layer = RequestContextMiddleware(app)
        await exchange(layer, asking("first"))
        await exchange(layer, asking("second"))
        go_on.set()

        assert await asyncio.gather(*tasks) == ["first", "second"]
