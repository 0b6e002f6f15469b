"""AppError: what it stores, checks and shows."""

from __future__ import annotations

from enum import Enum, StrEnum
from http import HTTPStatus
from typing import Unpack

import pytest

from asgi_stack.exceptions import AppError, AppErrorOptions, ErrorCode, NotFoundError, Severity


class OutOfStockError(AppError):
    """An error of a service, with a code of its own and its own way of being made."""

    error_code = "OUT_OF_STOCK"
    status = 409
    severity = Severity.INFO
    message = "Sold out"

    def __init__(self, sku: str, amount: int, **options: Unpack[AppErrorOptions]) -> None:
        super().__init__(f"There are not {amount} of {sku}", **options)
        self.details = {"sku": sku}


class TestAppError:
    """What an error stores and how it shows."""

    def test_defaults(self) -> None:
        """An error with a message alone is an internal one, with nothing to add."""
        error = AppError("no")

        assert (error.message, error.error_code, error.status) == ("no", ErrorCode.INTERNAL_ERROR, 500)
        assert error.severity is Severity.ERROR
        assert (error.details, error.context, error.headers, error.cause) == (None, {}, (), None)

    def test_str_and_repr_show_code_and_message(self) -> None:
        """Both forms of an error tell its code and message; repr tells the class too."""
        error = NotFoundError("There is no item 7")

        assert str(error) == "[NOT_FOUND] There is no item 7"
        assert repr(error) == "NotFoundError('There is no item 7', error_code='NOT_FOUND')"

    def test_str_enum_codes_are_kept(self) -> None:
        """The members of a service's own StrEnum stay members."""

        class Code(StrEnum):
            STALE = "STALE"

        assert AppError(error_code=Code.STALE).error_code is Code.STALE

    def test_mixed_enum_codes_show_as_their_value(self) -> None:
        """A member of a (str, Enum) class is told by its value, not by the name of its class."""

        class Code(str, Enum):  # noqa: UP042 - what users have from before StrEnum
            STALE = "STALE"

        assert str(AppError("no", error_code=Code.STALE)) == "[STALE] no"

    def test_status_may_be_an_http_status(self) -> None:
        """A member of HTTPStatus is stored as the plain number."""
        assert type(AppError(status=HTTPStatus.GONE).status) is int

    def test_headers_keep_order_and_repetition(self) -> None:
        """Pairs may repeat a name; a mapping becomes pairs."""
        pairs = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]

        assert AppError(headers=iter(pairs)).headers == tuple(pairs)
        assert AppError(headers=dict(pairs[:1])).headers == tuple(pairs[:1])

    @pytest.mark.parametrize("status", [399, 600, 200, 0, -1])
    def test_refuses_a_status_that_is_no_error(self, status: int) -> None:
        """Only 400 to 599 are errors; the message tells the number."""
        with pytest.raises(ValueError, match=f"400 to 599, not {status}"):
            AppError(status=status)

    @pytest.mark.parametrize(
        ("options", "named"),
        [
            ({"message": 5}, "message"),
            ({"message": b"no"}, "message"),
            ({"status": True}, "status"),
            ({"status": "404"}, "status"),
            ({"status": 404.0}, "status"),
            ({"error_code": 7}, "error_code"),
            ({"headers": {"X-Count": 3}}, "header"),
            ({"headers": [(b"x", b"y")]}, "header"),
            ({"cause": "a string"}, "cause"),
        ],
    )
    def test_refuses_wrong_types(self, options: dict[str, object], named: str) -> None:
        """A value of the wrong type fails where the error is made, and the message names it."""
        with pytest.raises(TypeError, match=named):
            AppError(**options)  # type: ignore[arg-type]

    @pytest.mark.parametrize(("options", "named"), [({"error_code": ""}, "error_code"), ({"severity": "loud"}, "loud")])
    def test_refuses_wrong_values(self, options: dict[str, str], named: str) -> None:
        """An empty code and an unknown severity fail where the error is made."""
        with pytest.raises(ValueError, match=named):
            AppError(**options)  # type: ignore[arg-type]


class TestContext:
    """What only logs and reports see."""

    def test_items_are_added_on_the_way(self) -> None:
        """Items added later stand beside the first, over those of the same name."""
        error = AppError(context={"order": 7, "step": "start"})

        assert error.add_context(step="pay", attempt=2) is error
        assert error.context == {"order": 7, "step": "pay", "attempt": 2}

    def test_the_given_mapping_is_left_alone(self) -> None:
        """Adding an item does not change what the caller passed."""
        given: dict[str, object] = {"order": 7}

        AppError(context=given).add_context(step="pay")

        assert given == {"order": 7}

    def test_two_errors_share_nothing(self) -> None:
        """The context of one error is not the context of the next."""
        AppError().add_context(order=7)

        assert AppError().context == {}


class TestSubclass:
    """A service's own errors."""

    def test_brings_its_own_answer(self) -> None:
        """Class attributes are the defaults, and the subclass decides how it is made."""
        error = OutOfStockError("A-1", 3, context={"warehouse": "north"})

        assert (error.error_code, error.status, error.severity) == ("OUT_OF_STOCK", 409, Severity.INFO)
        assert str(error) == "[OUT_OF_STOCK] There are not 3 of A-1"
        assert (error.details, error.context) == ({"sku": "A-1"}, {"warehouse": "north"})

    def test_is_whole_without_calling_the_base(self) -> None:
        """A subclass that forgets super().__init__ still has every part of an answer."""

        class ForgetfulError(AppError):
            message = "Forgot"

            def __init__(self) -> None:
                pass

        error = ForgetfulError().add_context(order=7)

        assert (str(error), error.status, error.context) == ("[INTERNAL_ERROR] Forgot", 500, {"order": 7})
        assert (error.details, error.headers) == (None, ())

    def test_inherits_and_coerces(self) -> None:
        """A severity written as a word, a status of HTTPStatus and headers of a mapping become what they mean."""
        attributes = {"status": HTTPStatus.GONE, "severity": "warning", "headers": {"X-Gone": "1"}}
        kind: type[AppError] = type("GoneError", (NotFoundError,), attributes)

        error = kind()

        assert (error.status, error.severity, error.error_code) == (410, Severity.WARNING, "NOT_FOUND")
        assert error.headers == (("X-Gone", "1"),)

    @pytest.mark.parametrize(
        "attributes", [{"status": 200}, {"status": "404"}, {"severity": "loud"}, {"error_code": ""}, {"message": None}]
    )
    def test_is_checked_when_the_class_is_made(self, attributes: dict[str, object]) -> None:
        """A wrong class attribute fails at import, not at the first error."""
        with pytest.raises((TypeError, ValueError)):
            type("BrokenError", (AppError,), attributes)


class TestCause:
    """`cause` and `__cause__` are one."""

    def test_raise_from_sets_cause(self) -> None:
        """An error raised from another has it as its cause."""
        root = ValueError("root")

        with pytest.raises(AppError) as caught:
            raise AppError("no") from root

        assert caught.value.cause is root

    def test_the_option_is_the_same_as_raise_from(self) -> None:
        """The option sets what `raise ... from` sets."""
        root = ValueError("root")

        error = AppError("no", cause=root)

        assert error.cause is error.__cause__ is root
        assert error.__suppress_context__

    def test_assigning_sets_and_clears(self) -> None:
        """The attribute may be set later, and None takes the cause away without hiding the context."""
        root, error = ValueError("root"), AppError("no")

        error.cause = root
        assert error.__cause__ is root

        error.cause = None
        assert error.__cause__ is None
        assert not error.__suppress_context__

    def test_without_a_cause_the_context_shows(self) -> None:
        """An error raised while another is handled keeps it as context, as every exception does."""
        with pytest.raises(AppError) as caught:  # noqa: PT012 - the second raise is what is looked at
            try:
                raise KeyError("inner")
            except KeyError:
                raise AppError("outer")  # noqa: B904 - see above

        assert isinstance(caught.value.__context__, KeyError)
        assert not caught.value.__suppress_context__
