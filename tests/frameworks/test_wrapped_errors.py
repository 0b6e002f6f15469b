"""The exception behind a framework's stand-in, and everything else as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from litestar.exceptions import LitestarException

from asgi_stack.frameworks.wrapped_errors import original_of

STARLETTE = "Caught handled exception, but response already started."
LITESTAR = "Exception caught after response started"


def caused(error: Exception, cause: BaseException | None) -> Exception:
    """Give an exception its cause."""
    error.__cause__ = cause
    return error


ORIGINAL = ValueError("what the app did wrong")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(caused(RuntimeError(STARLETTE), ORIGINAL), id="starlette"),
        pytest.param(caused(LitestarException(LITESTAR), ORIGINAL), id="litestar"),
        pytest.param(caused(LitestarException(LITESTAR), ExceptionGroup("", [ORIGINAL])), id="streamed"),
        pytest.param(
            caused(RuntimeError(STARLETTE), caused(RuntimeError(STARLETTE), ORIGINAL)), id="mounted app in an app"
        ),
        pytest.param(ORIGINAL, id="itself"),
    ],
)
def test_original_is_found(error: Exception) -> None:
    """Behind each stand-in that frameworks raise."""
    assert original_of(error) is ORIGINAL


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(caused(RuntimeError("No"), ORIGINAL), id="another text"),
        pytest.param(caused(KeyError(STARLETTE), ORIGINAL), id="another class"),
        pytest.param(RuntimeError(STARLETTE), id="no cause"),
        pytest.param(caused(RuntimeError(STARLETTE), KeyboardInterrupt()), id="no exception of the app's"),
    ],
)
def test_everything_else_is_itself(error: Exception) -> None:
    """An exception of the app's own, with a cause or without one, is what went wrong."""
    assert original_of(error) is error


def test_group_of_two_is_kept() -> None:
    """Two failures are not one of them."""
    group = ExceptionGroup("", [ORIGINAL, KeyError()])

    assert original_of(caused(LitestarException(LITESTAR), group)) is group


def test_cause_of_itself_ends() -> None:
    """A chain that leads back to where it began gives one of its own."""
    error = RuntimeError(STARLETTE)

    assert original_of(caused(error, error)) is error


GROUPED = """
async def handle(*work):
    async with TaskGroup() as group:
        for each in work:
            group.create_task(each())
"""


async def raised_in_group(module: str, *work: Callable[[], Coroutine[None, None, None]]) -> Exception:
    """Give what a task group in a module raises."""
    namespace: dict[str, Any] = {"__name__": module, "TaskGroup": asyncio.TaskGroup}
    exec(GROUPED, namespace)  # noqa: S102 - as if it stood in that module
    with pytest.raises(ExceptionGroup) as raised:
        await namespace["handle"](*work)
    return raised.value


async def fail() -> None:
    """Fail as the app does."""
    raise ORIGINAL


async def test_group_of_a_framework_is_opened() -> None:
    """A framework's own task group adds nothing to the one exception in it; one of the app's says where it was."""
    of_quart, of_app = await raised_in_group("quart.asgi", fail), await raised_in_group("shop", fail)

    assert original_of(of_quart) is ORIGINAL
    assert original_of(of_app) is of_app


async def test_group_of_two_of_a_framework_is_kept() -> None:
    """Two failures at once are both told."""

    async def also_fail() -> None:
        raise KeyError

    group = await raised_in_group("quart.asgi", fail, also_fail)

    assert original_of(group) is group
