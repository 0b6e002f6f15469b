"""Hostile and broken exceptions: whatever they are like, their text is short and soon made."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from asgi_stack.exceptions import ConflictError
from asgi_stack.tracebacks import chain_of, exception_message, format_exception_text, leaves_of


class UnspeakableError(Exception):
    """An exception that has no text."""

    def __str__(self) -> str:
        raise RuntimeError("not even here")


def raised(call: Callable[[], object]) -> BaseException:
    """Give what a call raises."""
    try:
        call()
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


def chain(length: int) -> ValueError:
    """Make an exception with so many behind it, each numbered."""
    error = ValueError("number 0")
    for number in range(1, length):
        later = ValueError(f"number {number}")
        later.__cause__, error = error, later
    return error


def chain_items(error: BaseException | None) -> list[BaseException]:
    """Give every exception of a chain of causes."""
    items: list[BaseException] = []
    while error is not None:
        items.append(error)
        error = error.__cause__
    return items


def seconds(call: Callable[[], object]) -> float:
    """Give the best of three times, since other programs share the machine."""

    def once() -> float:
        started = time.perf_counter()
        call()
        return time.perf_counter() - started

    return min(once() for _ in range(3))


class TestLimits:
    """What is cut, and what is survived."""

    def test_a_long_chain_is_capped(self) -> None:
        """Of ten thousand causes the nearest twenty are told, and how many are missing."""
        error = chain(10_000)

        text = format_exception_text(error)

        assert text.startswith("... 9980 earlier exceptions left out ...\n")
        assert text.endswith("ValueError: number 9999\n")
        assert text.count("ValueError: number ") == 20

    def test_chain_length_is_an_option(self) -> None:
        """A caller may ask for fewer."""
        assert format_exception_text(chain(5), max_chain=2).count("ValueError: number ") == 2

    @pytest.mark.parametrize("attribute", ["__cause__", "__context__"])
    def test_a_cyclic_chain_is_told_once(self, attribute: str) -> None:
        """Each exception of a circle is told once, and that it is one."""
        first, second = ValueError("first"), KeyError("second")
        setattr(first, attribute, second)
        second.__cause__ = first

        text = format_exception_text(first)

        assert text.startswith("... the chain is cyclic, it leads back to ValueError ...\n")
        assert text.count("ValueError: first") == 1
        assert text.count("KeyError: 'second'") == 1

    def test_an_exception_may_be_its_own_cause(self) -> None:
        """The smallest circle is told too."""
        error = ConflictError("no")
        error.cause = error

        assert "leads back to asgi_stack.exceptions.ConflictError" in format_exception_text(error)

    @pytest.mark.parametrize("kind", [ValueError, KeyError])
    def test_a_huge_message_is_cut(self, kind: type[Exception]) -> None:
        """Of ten megabytes the two ends remain, and the number of characters that are missing."""
        error = kind("a" + "x" * 10_000_000 + "z")

        text = format_exception_text(error)

        assert len(text) < 5000
        assert "characters left out" in text

    def test_huge_and_many_notes_are_cut(self) -> None:
        """Ten notes of a thousand characters remain."""
        error = ValueError("no")
        for number in range(1000):
            error.add_note(f"note {number}" + "x" * 100_000)

        text = format_exception_text(error)

        assert len(text) < 12_000
        assert "note 9" in text
        assert "... 990 more notes ..." in text

    @pytest.mark.parametrize("notes", [None, 7, "text", [UnspeakableError()], (b"x", None)])
    def test_notes_of_any_kind_are_survived(self, notes: object) -> None:
        """Whatever somebody put in the place of the notes, the exception is told."""
        error = ValueError("no")
        error.__notes__ = notes  # type: ignore[assignment]

        assert format_exception_text(error).startswith("ValueError: no\n")

    def test_a_message_that_raises_is_survived(self) -> None:
        """An exception that fails to tell its text is told by its class, with what failed."""
        text = format_exception_text(UnspeakableError())

        assert text == f"{__name__}.UnspeakableError: <no text: RuntimeError in __str__>\n"

    def test_a_class_that_lies_is_survived(self) -> None:
        """A class whose attributes raise costs the traceback, not the caller."""

        class LyingError(Exception):
            @property
            def __cause__(self) -> BaseException:  # type: ignore[override]
                raise RuntimeError("no")

        assert "LyingError: <no traceback: RuntimeError>" in format_exception_text(LyingError())

    @pytest.mark.parametrize("max_chars", [100, 1000, 32_768])
    def test_the_whole_text_is_bounded(self, max_chars: int) -> None:
        """Whatever comes together, the text is no longer than asked for, and its end is the exception."""
        error = chain(20)
        for each in chain_items(error):
            each.add_note("x" * 1000)
            each.args = ("y" * 5000,)
        error.args = ("the last one",)
        error.__notes__ = []

        text = format_exception_text(error, max_chars=max_chars)

        assert len(text) <= max_chars
        assert text.endswith("ValueError: the last one\n")

    def test_a_runaway_recursion_is_told_in_little_time(self) -> None:
        """A thousand frames cost less than 50 ms and are told by their ends."""

        def ping(number: int) -> int:
            return pong(number + 1)

        def pong(number: int) -> int:
            return ping(number + 1)

        error = raised(lambda: ping(0))

        assert isinstance(error, RecursionError)
        assert "frames left out" in format_exception_text(error)
        assert seconds(lambda: format_exception_text(error)) < 0.05

    def test_a_long_chain_costs_little_time(self) -> None:
        """Ten thousand causes cost less than 250 ms: what a whole error response may take."""
        error = chain(10_000)

        assert seconds(lambda: format_exception_text(error)) < 0.25
        assert seconds(lambda: chain_of(error)) < 0.25

    def test_the_chain_of_a_log_line_is_capped(self) -> None:
        """Twenty items are given, and one that tells how many are missing."""
        items = chain_of(chain(10_000))

        assert len(items) == 21
        assert items[-1] == {"type": "truncated", "message": "9980 more exceptions"}

    def test_message_is_bounded(self) -> None:
        """A long message keeps its two ends."""
        message = exception_message(ValueError("a" + "x" * 10_000 + "z"))

        assert len(message) == 4096
        assert (message[0], message[-1]) == ("a", "z")
        assert " ... 5906 characters left out ... " in message

    def test_message_survives_its_class(self) -> None:
        """A text that cannot be made is replaced by what failed."""
        assert exception_message(UnspeakableError()) == "<no text: RuntimeError in __str__>"

    def test_twenty_leaves_are_told(self) -> None:
        """Of a thousand leaves twenty are told, and how many are missing."""
        group = ExceptionGroup("many", [ValueError(f"leaf no. {number}") for number in range(1000)])

        text = format_exception_text(group)

        assert text.count("ValueError: leaf no. ") == 20
        assert text.endswith("  ... 980 more leaves ...\n")

    def test_deep_groups_are_survived(self) -> None:
        """Groups within groups, deeper than the interpreter recurses, still give their leaf."""
        error: Exception = ValueError("at the bottom")
        for _ in range(5000):
            error = ExceptionGroup("layer", [error])

        assert "ValueError: at the bottom" in format_exception_text(error)
        assert [str(leaf) for leaf in leaves_of(error)] == ["at the bottom"]


class TestCyclesThroughGroups:
    """A group in an exception's chain that holds the exception itself."""

    def test_text_and_chain_say_so(self) -> None:
        """Both end, and both say that they lead back."""
        leaf = ValueError("leaf")
        leaf.__cause__ = ExceptionGroup("g", [KeyError("k"), leaf])

        text, chain = format_exception_text(leaf), chain_of(leaf)

        assert "leaf 2 of 2: the chain is cyclic, it leads back to ValueError" in text
        assert text.count("ValueError: leaf") == 1
        assert chain[-1] == {"type": "cyclic", "message": "leads back to ValueError"}

    def test_leaf_that_leads_back_to_its_group(self) -> None:
        """A leaf caused by the very group that it is in is shown once, and the cycle is marked."""
        leaf = ValueError("leaf")
        group = ExceptionGroup("g", [leaf])
        leaf.__cause__ = group

        text, chain = format_exception_text(group), chain_of(group)

        assert "leaf 1 of 1: the chain is cyclic, it leads back to ExceptionGroup" in text
        assert text.count("ValueError: leaf") == 1
        assert chain[-1] == {"type": "cyclic", "message": "leads back to ExceptionGroup"}

    def test_group_without_a_cycle_says_nothing(self) -> None:
        """A group that merely holds other exceptions leads nowhere back."""
        error = ValueError("x")
        error.__cause__ = ExceptionGroup("g", [KeyError("k")])

        assert "cyclic" not in format_exception_text(error)
        assert [item["type"] for item in chain_of(error)] == ["ValueError", "ExceptionGroup"]
