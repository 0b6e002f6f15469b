"""The headers of an error response, and the statuses that have no body."""

from __future__ import annotations

import pytest

from asgi_stack import AppError, Severity
from asgi_stack.responses import ErrorAnswer, answer_to, render_error
from asgi_stack.types import Header

SERVICE = {"name": "orders", "version": "1.4.0", "environment": "testing"}


def answer(status: int = 404, *headers: Header) -> ErrorAnswer:
    """Make an answer of which only the status and the headers matter."""
    return ErrorAnswer(status, "X", "x", Severity.INFO, headers=list(headers))


class TestHeaders:
    """The headers of an error response."""

    @pytest.mark.parametrize("problem", [False, True], ids=["default", "problem"])
    def test_type_length_and_no_store_come_first(self, problem: bool) -> None:
        """The length is the body's to the byte, whatever its letters; nothing may store it."""
        told = ErrorAnswer(404, "X", "n\u00e4chste \u20ac", Severity.INFO, headers=[(b"retry-after", b"5")])

        rendered = render_error(told, None, SERVICE, problem=problem)

        assert rendered.status == 404
        assert rendered.headers == [
            (b"content-type", b"application/problem+json" if problem else b"application/json"),
            (b"content-length", b"%d" % len(rendered.body)),
            (b"cache-control", b"no-store"),
            (b"retry-after", b"5"),
        ]

    def test_repeated_headers_stay_repeated(self) -> None:
        """Two challenges are two headers, in order."""
        error = AppError("x", status=401, headers=[("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", "Basic")])

        rendered = render_error(answer_to(error), None, SERVICE)

        assert rendered.headers[3:] == [(b"www-authenticate", b"Bearer"), (b"www-authenticate", b"Basic")]

    @pytest.mark.parametrize(
        "name", ["Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Cache-Control"]
    )
    def test_an_error_cannot_describe_another_body(self, name: str) -> None:
        """An error that copied the headers of a response it got does not break its own."""
        error = AppError("x", status=502, headers={name: "text/html", "Retry-After": "5"})

        headers = render_error(answer_to(error), None, SERVICE).headers

        assert [header[0] for header in headers] == [
            b"content-type",
            b"content-length",
            b"cache-control",
            b"retry-after",
        ]
        assert b"text/html" not in dict(headers).values()

    def test_the_list_belongs_to_the_caller(self) -> None:
        """Layers outside may add to one response's headers without adding to the next one's."""
        told = answer(404, (b"allow", b"GET"))
        first = render_error(told, None, SERVICE)
        first.headers.append((b"x-late", b"1"))

        assert (b"x-late", b"1") not in render_error(told, None, SERVICE).headers
        assert told.headers == [(b"allow", b"GET")]


class TestNoBody:
    """Statuses that never have a body."""

    @pytest.mark.parametrize("status", [101, 204, 304])
    @pytest.mark.parametrize("problem", [False, True], ids=["default", "problem"])
    def test_no_byte_and_no_word_of_one(self, status: int, problem: bool) -> None:
        """There is neither a body nor its type, length or encoding, also where the error named them."""
        told = answer(status, (b"content-type", b"a/b"), (b"content-length", b"3"), (b"content-encoding", b"gzip"))

        rendered = render_error(told, None, SERVICE, problem=problem)

        assert (rendered.status, rendered.body) == (status, b"")
        assert [name for name, _ in rendered.headers if name.startswith(b"content-")] == []

    def test_an_empty_answer_is_not_stored(self) -> None:
        """A 204 may be stored unless it says otherwise, and an error's must not be."""
        told = answer(204, (b"cache-control", b"max-age=60"), (b"x-total", b"0"))

        assert render_error(told, None, SERVICE).headers == [(b"cache-control", b"no-store"), (b"x-total", b"0")]

    def test_not_modified_leaves_the_stored_page_alone(self) -> None:
        """A 304 carries what it says of the stored page, and no no-store that would end its storing."""
        own = [(b"etag", b'"7"'), (b"cache-control", b"max-age=60"), (b"vary", b"origin")]

        assert render_error(answer(304, *own), None, SERVICE).headers == own
