"""Work that runs in a thread or a task, and the record it sees."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from asgi_stack.context import RequestContext, run_in_executor
from asgi_stack.logging import get_logger, log_context
from tests.log_capture import LogLines


def current_id() -> str | None:
    """Give the correlation id of whatever this code runs in."""
    record = RequestContext.current()
    return None if record is None else record.correlation_id


TENANT: ContextVar[str] = ContextVar("tenant", default="none")


class TestExecutors:
    """Work that runs in a thread."""

    async def test_function_sees_the_whole_context(self, log_lines: LogLines) -> None:
        """Ids, log fields and the app's own variables are there in the thread; arguments and the result pass."""

        def work(left: int, *, right: int) -> tuple[str | None, str, int]:
            get_logger("worker").info("working")
            return current_id(), TENANT.get(), left + right

        TENANT.set("acme")
        with RequestContext.scope("job-1"), log_context(step="a"):
            result = await run_in_executor(None, work, 1, right=2)

        [line] = log_lines()
        assert result == ("job-1", "acme", 3)
        assert (line["correlation_id"], line["step"]) == ("job-1", "a")

    async def test_fields_bound_in_a_thread_are_the_requests(self) -> None:
        """A thread writes to the same record."""

        def work() -> None:
            record = RequestContext.current()
            assert record is not None
            record.bind(rows=3)

        with RequestContext.scope("job-1") as record:
            await run_in_executor(None, work)

        assert record.fields == {"rows": 3}

    async def test_record_can_be_carried_by_hand(self) -> None:
        """A record's own run_in_executor makes it current in the thread, whatever is current here."""
        with RequestContext.scope("first") as first:
            pass

        with RequestContext.scope("second"):
            seen = await first.run_in_executor(None, current_id), current_id()

        assert seen == ("first", "second")

    async def test_nothing_stays_in_the_thread(self) -> None:
        """The worker thread forgets the record, and what a function set, when the function returns."""
        with ThreadPoolExecutor(1) as executor:
            with RequestContext.scope("job-1") as record:
                carried = await record.run_in_executor(executor, lambda: (current_id(), TENANT.set("left")))
                again = await run_in_executor(executor, current_id)
            left = await asyncio.wrap_future(executor.submit(lambda: (current_id(), TENANT.get())))

        assert (carried[0], again) == ("job-1", "job-1")
        assert left == (None, "none")

    async def test_error_of_the_function_comes_back(self) -> None:
        """What the function raises, awaiting it raises."""
        with pytest.raises(ZeroDivisionError):
            await run_in_executor(None, lambda: 1 / 0)

    async def test_arguments_may_have_any_name(self) -> None:
        """Keyword arguments named like the helper's own reach the function."""

        def work(executor: str, function: str) -> str:
            return executor + function

        with RequestContext.scope() as record:
            assert await run_in_executor(None, work, executor="a", function="b") == "ab"
            assert await record.run_in_executor(None, work, executor="a", function="b") == "ab"

    async def test_tasks_and_threads_of_asyncio_carry_it(self) -> None:
        """create_task, TaskGroup and to_thread copy the context themselves."""

        async def work() -> str | None:
            await asyncio.sleep(0)
            return current_id()

        with RequestContext.scope("job-1"):
            async with asyncio.TaskGroup() as group:
                grouped = group.create_task(work())
            seen = await asyncio.create_task(work()), grouped.result(), await asyncio.to_thread(current_id)

        assert seen == ("job-1", "job-1", "job-1")
