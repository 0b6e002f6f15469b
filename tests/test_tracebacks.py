"""Tracebacks: every exception becomes a bounded text without local variables, whatever it is like."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from asgi_stack.exceptions import ConflictError, NotFoundError
from asgi_stack.tracebacks import chain_of, exception_message, format_exception_text, leaves_of, qualified_name


def raised(call: Callable[[], object]) -> BaseException:
    """Give what a call raises."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


class TestFormatExceptionText:
    """One exception, and what led to it."""

    def test_reads_as_the_interpreter_writes(self) -> None:
        """The frames come first, the class with its module and the message last."""

        def fail() -> None:
            raise NotFoundError("There is no item 7")

        lines = format_exception_text(raised(fail)).splitlines()

        assert lines[0] == "Traceback (most recent call last):"
        assert lines[-2].strip() == 'raise NotFoundError("There is no item 7")'
        assert lines[-1] == "asgi_stack.exceptions.NotFoundError: [NOT_FOUND] There is no item 7"

    def test_never_shows_local_variables(self) -> None:
        """A secret in a variable of a frame is not in the text."""
        secret = uuid4().hex

        def connect(password: str) -> None:
            settings = {"password": password}
            raise ConnectionError(len(settings))

        assert secret not in format_exception_text(raised(lambda: connect(secret)))

    def test_cause_comes_first(self) -> None:
        """The cause stands above what it led to, with the words that the interpreter uses."""

        def fail() -> None:
            try:
                raise KeyError("seven")
            except KeyError as error:
                raise NotFoundError("There is no item 7") from error

        before, link, after = format_exception_text(raised(fail)).partition("direct cause of the following exception")

        assert "KeyError: 'seven'" in before
        assert link
        assert "[NOT_FOUND] There is no item 7" in after

    def test_context_is_told_unless_it_is_suppressed(self) -> None:
        """`from None` hides what was being handled; without it, it is told."""

        def fail(*, hide: bool) -> None:
            try:
                raise KeyError("seven")
            except KeyError:
                if hide:
                    raise ConflictError("taken") from None
                raise ConflictError("taken")  # noqa: B904 - that is the case

        told = format_exception_text(raised(lambda: fail(hide=False)))
        hidden = format_exception_text(raised(lambda: fail(hide=True)))

        assert "During handling of the above exception" in told
        assert "KeyError" in told
        assert "KeyError: " not in hidden

    def test_an_app_error_that_was_never_raised_tells_where_it_was_made(self) -> None:
        """There is a stack even without a raise."""
        text = format_exception_text(NotFoundError("no"))

        assert "in TestFormatExceptionText.test_an_app_error_that_was_never_raised_tells_where_it_was_made" in text

    def test_without_message_or_stack_the_class_is_all(self) -> None:
        """A bare exception is one line."""
        assert format_exception_text(KeyError()) == "KeyError\n"

    def test_notes_follow_the_message(self) -> None:
        """What was noted on the way out is told below."""
        error = ValueError("no")
        error.add_note("correlation_id=7")

        assert format_exception_text(error) == "ValueError: no\ncorrelation_id=7\n"


class TestGroups:
    """Several exceptions at once."""

    def test_leaves_are_told_with_their_causes(self) -> None:
        """Each exception inside is told below the group, indented, with what led to it."""
        leaf = NotFoundError("no item", cause=KeyError("seven"))
        group = ExceptionGroup("both failed", [leaf, ExceptionGroup("inner", [ValueError("no")])])

        text = format_exception_text(group)

        assert text.startswith(
            "ExceptionGroup: both failed (2 sub-exceptions)\n  leaf 1 of 2:\n    KeyError: 'seven'\n"
        )
        assert "\n    asgi_stack.exceptions.NotFoundError: [NOT_FOUND] no item\n" in text
        assert text.endswith("  leaf 2 of 2:\n    ValueError: no\n")

    def test_a_circle_through_a_group_ends(self) -> None:
        """A leaf that has its own group as context is shown once, and marked."""
        leaf = ValueError("leaf")
        group = ExceptionGroup("outer", [leaf])
        leaf.__context__ = group

        text = format_exception_text(group)

        assert text.count("ValueError: leaf") == 1
        assert text.count("ExceptionGroup: outer") == 1

    def test_leaves_come_in_order(self) -> None:
        """Leaves are given as they stand in the group, and a lone exception is its own leaf."""
        first, second, third = ValueError("1"), ValueError("2"), ValueError("3")

        leaves = leaves_of(ExceptionGroup("all", [first, ExceptionGroup("inner", [second]), third]))

        assert list(leaves) == [first, second, third]
        assert list(leaves_of(first)) == [first]

    def test_a_group_that_stands_twice_gives_its_leaves_once(self) -> None:
        """A leaf is handled once, however often its group is contained."""
        leaf = ValueError("leaf")
        inner = ExceptionGroup("inner", [leaf])

        assert list(leaves_of(ExceptionGroup("outer", [inner, inner]))) == [leaf]


class TestChainOf:
    """The chain as data, for logs."""

    def test_nearest_comes_first(self) -> None:
        """The exception itself is the first item, its cause the second."""
        assert chain_of(NotFoundError("no item", cause=KeyError("seven"))) == [
            {"type": "asgi_stack.exceptions.NotFoundError", "message": "[NOT_FOUND] no item"},
            {"type": "KeyError", "message": "'seven'"},
        ]

    def test_a_cyclic_chain_is_marked(self) -> None:
        """A circle ends with an item that says so."""
        error = ValueError("no")
        error.__cause__ = error

        assert chain_of(error)[1:] == [{"type": "cyclic", "message": "leads back to ValueError"}]


class TestNames:
    """The smallest pieces."""

    def test_message_is_the_text(self) -> None:
        """A message of ordinary length is given as it is."""
        assert exception_message(ValueError("no")) == "no"

    def test_built_in_classes_go_without_their_module(self) -> None:
        """A class is named as one would import it."""
        assert qualified_name(ValueError) == "ValueError"
        assert qualified_name(NotFoundError) == "asgi_stack.exceptions.NotFoundError"
