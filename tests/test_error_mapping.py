"""Which answer an exception comes to: the user's handlers, AppErrors, HTTP exceptions, groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from asgi_stack import AppError, ConflictError, NotFoundError, ServiceUnavailableError
from asgi_stack.error_mapping import ErrorMapping
from asgi_stack.responses import INTERNAL_ERROR
from tests.frameworks.foreign_errors import StarletteHTTPError


class StockError(Exception):
    """An exception of the user's own."""


class SoldOutError(StockError):
    """A more special one."""


def gone(error: Exception) -> AppError | None:
    """Answer with a NotFoundError."""
    return NotFoundError(f"gone: {error}")


def defer(error: Exception) -> AppError | None:
    """Leave it to the next."""
    return None


class TestHandlers:
    """Functions that the user gives for exception classes."""

    def test_handler_of_the_class_answers(self) -> None:
        """The AppError that it gives decides what the client is told."""
        mapped = ErrorMapping({StockError: gone}).look_up(StockError("lamp"))

        assert (mapped.answer.status, mapped.answer.message) == (404, "gone: lamp")
        assert isinstance(mapped.told_by, NotFoundError)

    def test_most_special_class_comes_first(self) -> None:
        """The order of the mapping does not matter, the exception's MRO does."""
        handlers: dict[type[Exception], Callable[..., AppError | None]] = {
            Exception: lambda _: AppError(),
            StockError: gone,
            SoldOutError: lambda _: ConflictError(),
        }

        assert ErrorMapping(handlers).look_up(SoldOutError()).answer.status == 409
        assert ErrorMapping(handlers).look_up(StockError()).answer.status == 404
        assert ErrorMapping(handlers).look_up(KeyError()).answer.status == 500

    def test_none_leaves_it_to_the_next_class(self) -> None:
        """A handler that does not know is followed by that of a more general class."""
        mapped = ErrorMapping({SoldOutError: defer, StockError: gone}).look_up(SoldOutError("lamp"))

        assert mapped.answer.status == 404

    def test_none_of_all_handlers_leaves_it_to_the_defaults(self) -> None:
        """Where every handler defers, the exception comes to what it would have come to without any."""
        mapping = ErrorMapping({Exception: defer})

        assert mapping.look_up(SoldOutError()).answer is INTERNAL_ERROR
        assert mapping.look_up(ConflictError()).answer.status == 409
        assert mapping.look_up(StarletteHTTPError(405)).answer.status == 405

    def test_handler_comes_before_the_error_itself(self) -> None:
        """An AppError may be answered as another one."""
        mapped = ErrorMapping({ConflictError: gone}).look_up(ConflictError("x"))

        assert mapped.answer.status == 404

    def test_failing_handler_is_a_500_and_kept(self) -> None:
        """What it raised instead is there to be logged."""

        def fail(error: Exception) -> AppError | None:
            raise RuntimeError("the handler's own fault")

        mapped = ErrorMapping({StockError: fail}).look_up(StockError())

        assert mapped.answer is INTERNAL_ERROR
        assert str(mapped.failure) == "the handler's own fault"

    def test_handler_that_gives_something_else_is_named(self) -> None:
        """A response, for instance, is no AppError: the failure says whose it is."""
        handler: Callable[..., AppError | None] = lambda _: "not found"  # type: ignore[assignment,return-value]  # noqa: E731

        mapped = ErrorMapping({StockError: handler}).look_up(StockError())

        assert mapped.answer is INTERNAL_ERROR
        assert "the handler of tests.test_error_mapping.StockError gave str" in str(mapped.failure)


class TestOptions:
    """A wrong handler is found when the layer is made."""

    @pytest.mark.parametrize(
        ("handlers", "told"),
        [
            pytest.param([(ValueError, gone)], "must map exception classes", id="no-mapping"),
            pytest.param({"ValueError": gone}, "'ValueError' is no exception class", id="name"),
            pytest.param({int: gone}, "is no exception class", id="no-exception"),
            pytest.param({KeyboardInterrupt: gone}, "is no exception class", id="base-exception"),
            pytest.param({ValueError: NotFoundError()}, "the handler of ValueError must be a plain", id="instance"),
            pytest.param({ValueError: None}, "must be a plain function", id="none"),
        ],
    )
    def test_wrong_handler_is_refused(self, handlers: object, told: str) -> None:
        """The message names the class and what stands there."""
        with pytest.raises(TypeError, match=told):
            ErrorMapping(handlers)  # type: ignore[arg-type]

    def test_coroutine_function_is_refused(self) -> None:
        """Nobody would await it."""

        async def handler(error: Exception) -> AppError | None:
            return None

        with pytest.raises(TypeError, match="must be a plain function"):
            ErrorMapping({ValueError: handler})  # type: ignore[dict-item]

    def test_object_with_a_coroutine_call_is_refused(self) -> None:
        """Nobody would await that either."""

        class Handler:
            async def __call__(self, error: Exception) -> AppError | None:
                return None

        with pytest.raises(TypeError, match="must be a plain function"):
            ErrorMapping({ValueError: Handler()})  # type: ignore[dict-item]

    def test_later_changes_of_the_mapping_do_not_count(self) -> None:
        """The layer keeps what it was given."""
        handlers: dict[type[Exception], Callable[..., AppError | None]] = {}
        mapping = ErrorMapping(handlers)
        handlers[StockError] = gone

        assert mapping.look_up(StockError()).answer is INTERNAL_ERROR


class TestGroups:
    """Several exceptions at once."""

    def test_highest_status_decides(self) -> None:
        """A 404 must not hide a 500."""
        group = ExceptionGroup("both", [NotFoundError(), ValueError(), ConflictError()])

        assert ErrorMapping(None).look_up(group).answer is INTERNAL_ERROR

    def test_group_of_clients_mistakes_is_one(self) -> None:
        """Where no leaf is a fault of the service, the answer is none either."""
        group = ExceptionGroup("both", [NotFoundError(), ExceptionGroup("inner", [ConflictError("It changed")])])

        mapped = ErrorMapping(None).look_up(group)

        assert (mapped.answer.status, mapped.answer.message) == (409, "It changed")

    def test_each_leaf_is_mapped(self) -> None:
        """Handlers see the leaves, and HTTP exceptions are recognised among them."""
        group = ExceptionGroup("both", [StockError("lamp"), StarletteHTTPError(400)])

        assert ErrorMapping({StockError: gone}).look_up(group).answer.status == 404

    def test_handler_of_groups_comes_first(self) -> None:
        """A handler for ExceptionGroup sees the whole."""
        group = ExceptionGroup("both", [ValueError(), KeyError()])

        mapped = ErrorMapping({ExceptionGroup: lambda _: ServiceUnavailableError()}).look_up(group)

        assert mapped.answer.status == 503

    def test_handler_of_everything_is_for_the_leaves(self) -> None:
        """A handler for Exception does not hide what the leaves of a group say."""
        handlers: dict[type[Exception], Callable[..., AppError | None]] = {
            Exception: lambda _: AppError(),
            StockError: gone,
        }

        mapped = ErrorMapping(handlers).look_up(ExceptionGroup("g", [StockError("lamp")]))

        assert (mapped.answer.status, mapped.answer.message) == (404, "gone: lamp")

    def test_group_of_ones_own_has_its_handler(self) -> None:
        """A class that is a group and something else is looked up as a group."""

        class StockGroupError(StockError, ExceptionGroup[Exception]):
            """Several stock errors."""

        handlers: dict[type[Exception], Callable[..., AppError | None]] = {StockError: gone, StockGroupError: defer}

        mapped = ErrorMapping(handlers).look_up(StockGroupError("g", [KeyError()]))

        assert mapped.answer is INTERNAL_ERROR

    def test_cyclic_group_ends(self) -> None:
        """A group that holds itself has no leaves beyond its own."""

        class CyclicGroup(ExceptionGroup[Exception]):
            """One that says it is its own leaf."""

            @property
            def exceptions(self) -> tuple[Exception, ...]:
                return (self, ValueError())

        assert ErrorMapping(None).look_up(CyclicGroup("x", [ValueError()])).answer is INTERNAL_ERROR
