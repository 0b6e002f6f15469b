"""Run named checks together, each within its time, and share what they found among all that ask."""

from __future__ import annotations

from asyncio import create_task, get_running_loop, shield, wait
from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from asgi_stack.logging.emit import emit
from asgi_stack.logging.exceptions import log_exception

if TYPE_CHECKING:
    from asyncio import Task

__all__ = ["HealthCheck", "HealthChecks", "HealthResult"]

HealthCheck: TypeAlias = Callable[[], Awaitable[object]]
"""A coroutine function without arguments that raises, or gives False, when something is not well."""

_LOGGER: Final = "asgi_stack.health"


class HealthResult(NamedTuple):
    """What one check found.

    Attributes:
        status: `ok`, `failed` or `timeout`.
        duration_ms: How long it took, in milliseconds.
    """

    status: Literal["ok", "failed", "timeout"]
    duration_ms: float


class HealthChecks:
    """Some checks by their names.

    Args:
        checks: Names and coroutine functions.
        timeout_s: Seconds that each may take. What takes longer is cancelled; while it ignores that, it is not started
            a second time.
        cache_s: Seconds for which a result holds; 0 asks anew each time. Those who ask at the same time share one run.

    Raises:
        TypeError: `checks` is no mapping, or a check is no coroutine function.
        ValueError: A name is empty.
    """

    def __init__(self, checks: Mapping[str, HealthCheck], *, timeout_s: float, cache_s: float) -> None:
        if not isinstance(checks, Mapping):
            raise TypeError(f"checks must map names to coroutine functions, not {checks!r}")
        for name, check in checks.items():
            if not isinstance(name, str) or not name:
                raise ValueError(f"checks: {name!r} is no name")
            if not iscoroutinefunction(check) and not iscoroutinefunction(getattr(check, "__call__", None)):  # noqa: B004 - an object may be a check
                raise TypeError(f"the check {name} must be a coroutine function, not {check!r}")
        self._checks = {**checks}
        self._timeout_s = timeout_s
        self._cache_s = cache_s
        self._run: Task[dict[str, HealthResult]] | None = None
        self._found_at = float("-inf")
        self._found: dict[str, HealthResult] = {}
        self._unfinished: dict[str, Task[object]] = {}
        self._failing: set[str] = set()

    async def results(self) -> dict[str, HealthResult]:
        """Give what each check found, at most `cache_s` ago. Never raises what a check raised."""
        if monotonic() - self._found_at < self._cache_s:
            return self._found
        run = self._run
        if run is None or run.done() or run.get_loop() is not get_running_loop():
            self._run = run = create_task(self._check_all())
        # The client of one probe may leave; the others still wait for the same answer.
        return await shield(run)

    async def _check_all(self) -> dict[str, HealthResult]:
        runs = {name: create_task(self._check(name, check)) for name, check in self._checks.items()}
        self._found = {name: await run for name, run in runs.items()}
        self._found_at = monotonic()
        return self._found

    async def _check(self, name: str, check: HealthCheck) -> HealthResult:
        began = perf_counter()
        task = self._unfinished.get(name)
        if task is None or task.done() or task.get_loop() is not get_running_loop():
            self._unfinished[name] = task = create_task(_result_of(check))
            await wait({task}, timeout=self._timeout_s)
        duration_ms = round((perf_counter() - began) * 1000, 1)
        if not task.done():
            task.cancel()
            self._note(name, TimeoutError(f"no answer within {self._timeout_s} s"))
            return HealthResult("timeout", duration_ms)
        del self._unfinished[name]
        error = _error_of(task)
        self._note(name, error)
        return HealthResult("ok" if error is None else "failed", duration_ms)

    def _note(self, name: str, error: BaseException | None) -> None:
        """Log a change: a probe comes every few seconds, and says the same each time."""
        if error is None and name in self._failing:
            self._failing.discard(name)
            emit("info", "health_check_recovered", {"check": name}, logger=_LOGGER)
        elif error is not None and name not in self._failing:
            self._failing.add(name)
            log_exception(error, "health_check_failed", level="warning", logger=_LOGGER, check=name)


async def _result_of(check: HealthCheck) -> object:
    return await check()


def _error_of(task: Task[object]) -> BaseException | None:
    if task.cancelled():
        return RuntimeError("the check was cancelled from within")
    error = task.exception()
    if error is None and task.result() is False:
        return RuntimeError("the check gave False")
    return error
