"""Statuses in words."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from asgi_stack.status_phrases import phrase_of


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (404, "Not Found"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (500, "Internal Server Error"),
    ],
)
def test_phrases_are_those_of_the_standard(status: int, phrase: str) -> None:
    """Also where the standard library of an older Python has an older phrase."""
    assert phrase_of(status) == phrase


@pytest.mark.parametrize(("status", "like"), [(499, 400), (599, 500), (299, 200)])
def test_an_unknown_status_counts_as_the_first_of_its_class(status: int, like: int) -> None:
    """As RFC 9110 has clients understand it."""
    assert phrase_of(status) == HTTPStatus(like).phrase


def test_what_is_no_status_still_has_words() -> None:
    """A body can be written whatever the status is."""
    assert phrase_of(999) == "Unknown"
