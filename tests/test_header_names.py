"""What is remembered of headers so that few need a closer look."""

from __future__ import annotations

from asgi_stack.header_names import (
    MAX_LEARNT,
    MAX_LEARNT_LENGTH,
    USUAL_REQUEST_NAMES,
    USUAL_RESPONSE_NAMES,
    USUAL_VALUES,
    learn_name,
)
from asgi_stack.response_checks import holds_control, is_token


def test_usual_names_are_lower_case_tokens() -> None:
    """What needs no look holds to the rules that nobody checks any more."""
    names = USUAL_RESPONSE_NAMES | USUAL_REQUEST_NAMES

    assert all(is_token(name) and name == name.lower() for name in names)
    assert not any(holds_control(value) or value != value.strip() for value in USUAL_VALUES)


def test_name_is_remembered_as_it_is_spelled() -> None:
    """Another spelling is another name: it is looked at once more."""
    known: set[bytes] = set()

    learn_name(known, b"X-Team")

    assert known == {b"X-Team"}


def test_what_is_remembered_is_bounded() -> None:
    """An application may make names from what it is sent: neither many nor long ones stay."""
    known: set[bytes] = set()

    learn_name(known, b"x" * (MAX_LEARNT_LENGTH + 1))
    for number in range(MAX_LEARNT + 5):
        learn_name(known, b"x-%d" % number)

    assert len(known) == MAX_LEARNT
    assert max(map(len, known)) <= MAX_LEARNT_LENGTH


def test_only_bytes_are_remembered() -> None:
    """A name of another type is for the error layer or the server to complain of."""
    known: set[bytes] = set()

    learn_name(known, "x-team")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    assert known == set()
