"""Where errors come from: noted when they are made, told when somebody asks, and kept when they travel."""

from __future__ import annotations

import copy
import gc
import pickle
import timeit
import weakref
from collections.abc import Callable
from typing import TypeVar, Unpack

import pytest

from asgi_stack.exceptions import AppError, AppErrorOptions

T = TypeVar("T")


class OutOfStockError(AppError):
    """An error that is made in its own way."""

    error_code = "OUT_OF_STOCK"

    def __init__(self, sku: str, amount: int, **options: Unpack[AppErrorOptions]) -> None:
        super().__init__(f"There are not {amount} of {sku}", **options)


def at_depth(frames: int, call: Callable[[], T]) -> T:
    """Call from so many frames further down."""
    return at_depth(frames - 1, call) if frames else call()


def raised(error: AppError) -> AppError:
    """Raise an error here and catch it."""
    try:
        raise error
    except AppError as caught:
        return caught


class TestStackTrace:
    """Where an error comes from, as text."""

    def test_tells_where_it_was_made(self) -> None:
        """An error that nobody raised tells the function that made it last, and its callers before."""

        def make() -> AppError:
            return AppError("no")

        lines = make().stack_trace.splitlines()

        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-1].strip() == 'return AppError("no")'
        assert any(line.endswith("in TestStackTrace.test_tells_where_it_was_made") for line in lines)

    def test_subclasses_do_not_show_their_making(self) -> None:
        """The innermost frame is who made the error, not the `__init__` of its class."""
        lines = OutOfStockError("A-1", 3).stack_trace.splitlines()

        assert lines[-2].endswith("in TestStackTrace.test_subclasses_do_not_show_their_making")
        assert lines[-1].strip() == 'lines = OutOfStockError("A-1", 3).stack_trace.splitlines()'

    def test_once_raised_the_traceback_wins(self) -> None:
        """An error made in one place and raised in another tells of the raise, even if it was read before."""
        error = AppError("no")
        before = error.stack_trace

        after = raised(error).stack_trace

        assert "raise error" in after
        assert "raise error" not in before
        assert 'AppError("no")' not in after

    def test_is_bounded(self) -> None:
        """Of a deep stack the innermost fifty frames are noted."""
        trace = at_depth(200, AppError).stack_trace

        assert trace.count("in at_depth") == 3
        assert trace.endswith("... the same place 47 more times ...\n")

    def test_keeps_no_local_variable_alive(self) -> None:
        """What the making function held is gone when it returns, though the error lives on."""

        class Held:
            pass

        held: list[weakref.ref[Held]] = []

        def make() -> AppError:
            local = Held()
            held.append(weakref.ref(local))
            return AppError("no")

        error = make()
        gc.collect()

        assert held[0]() is None
        assert error.stack_trace

    def test_making_costs_a_fraction_of_telling(self) -> None:
        """Ten frames deep, to make an error takes less than a third of the time of making and telling it."""

        def cost(call: Callable[[], object]) -> float:
            return min(timeit.repeat(lambda: at_depth(10, call), number=10, repeat=20))

        assert 3 * cost(AppError) < cost(lambda: AppError().stack_trace)


class TestCopies:
    """Errors that travel: to another process, or as a copy."""

    @pytest.mark.parametrize(
        "travel",
        [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],  # noqa: S301 - its own
        ids=["copy", "deep", "pickle"],
    )
    def test_everything_but_cause_and_traceback_arrives(self, travel: Callable[[AppError], AppError]) -> None:
        """A copy is told apart from its original by identity alone, however its class is made."""
        made = OutOfStockError("A-1", 3, severity="critical", context={"order": 7}, headers={"X-Why": "sold"})
        made.add_note("seen twice")
        error = raised(made)

        arrived = travel(error)

        assert type(arrived) is OutOfStockError
        assert arrived is not error
        assert (str(arrived), repr(arrived), arrived.args) == (str(error), repr(error), error.args)
        assert vars(arrived) | {"_told": None, "_made_at": None} == vars(error) | {"_told": None, "_made_at": None}
        assert (arrived.stack_trace, arrived.fingerprint) == (error.stack_trace, error.fingerprint)

    def test_a_copy_of_a_copy_tells_the_same(self) -> None:
        """The first place is told however often an error travels."""
        error = raised(AppError("no"))

        again = copy.copy(copy.copy(error))

        assert (again.stack_trace, again.fingerprint) == (error.stack_trace, error.fingerprint)

    def test_a_copy_that_is_raised_tells_of_that(self) -> None:
        """Raised anew, a copy tells where, as every raised error does."""
        again = raised(copy.copy(AppError("no")))

        assert "raise error" in again.stack_trace
