"""HTTP exceptions whose parts are not what they should be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from asgi_stack.exceptions import ErrorCode, Severity
from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.responses import ErrorAnswer
from asgi_stack.types import Header
from tests.frameworks.answers import starlette_error, told
from tests.frameworks.foreign_errors import WerkzeugHTTPError
from tests.odd_values import Endless


class Raising:
    """Raises whatever is asked of it."""

    def __getattribute__(self, name: str) -> object:
        """Fail."""
        raise RuntimeError(name)


class Broken(Exception):  # noqa: N818 - Starlette's kind of name
    """Looks like Starlette's, and every one of its parts fails."""

    __module__ = "starlette.exceptions"
    __qualname__ = "HTTPException"
    status_code = 503

    @property
    def detail(self) -> str:
        """Fail."""
        raise RuntimeError

    @property
    def headers(self) -> dict[str, str]:
        """Fail."""
        raise RuntimeError


class TestHeaders:
    """Which headers of an exception may leave."""

    @pytest.mark.parametrize(
        "pair",
        [
            ("Content-Type", "text/html"),
            ("CONTENT-LENGTH", "7"),
            ("transfer-encoding", "chunked"),
            ("content-encoding", "gzip"),
            ("X-Split", "a\r\nSet-Cookie: b=1"),
            ("X-Line", "a\nb"),
            ("X-Return", "a\rb"),
            ("X-Null", "a\0b"),
            ("X-Bytes", b"a\nb"),
            ("X-Wide", "\u2028"),
            ("X\r\nSet-Cookie", "b=1"),
            ("X Space", "a"),
            ("X:Colon", "a"),
            ("", "a"),
            ("X-Ünsafe", "a"),
            ("X-Number", 30),
            ("X-None", None),
            (7, "a"),
        ],
    )
    def test_left_out(self, pair: tuple[object, object]) -> None:
        """A header of the old body, one that is no text, or one that would break the response is left out alone."""
        headers = {"X-Before": "1", pair[0]: pair[1], "X-After": "2"}

        assert told(starlette_error(status_code=503, headers=headers)).headers == [
            (b"x-before", b"1"),
            (b"x-after", b"2"),
        ]

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (None, []),
            ({}, []),
            ({"Retry-After": "5"}, [(b"retry-after", b"5")]),
            ({b"Retry-After": b"5"}, [(b"retry-after", b"5")]),
            ({"X-Latin": "caf\xe9"}, [(b"x-latin", b"caf\xe9")]),
            ([("Set-Cookie", "a=1"), ["Set-Cookie", "b=2"]], [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]),
            ([("X-A", "1", "2"), ("X-B",), 7, None, "X-C", ("X-D", "1")], [(b"x-d", b"1")]),
            (7, []),
            ("text", []),
        ],
    )
    def test_forms(self, given: object, kept: list[Header]) -> None:
        """A mapping or pairs are read, in order; anything else has no headers."""
        assert told(starlette_error(status_code=503, headers=given)).headers == kept

    def test_pairs_that_stop(self) -> None:
        """What was read before the pairs failed is kept."""

        def pairs() -> Iterator[tuple[str, str]]:
            yield "X-A", "1"
            raise RuntimeError

        assert told(starlette_error(status_code=503, headers=pairs())).headers == [(b"x-a", b"1")]

    def test_objects_that_raise(self) -> None:
        """A value that fails when it is looked at is left out alone; in place of all headers there are none."""
        given = [("X-A", Raising()), (Raising(), "1"), Raising(), ("X-B", "1")]

        assert told(starlette_error(status_code=503, headers=given)).headers == [(b"x-b", b"1")]
        assert told(starlette_error(status_code=503, headers=Raising())).headers == []

    def test_endless(self) -> None:
        """Of endless headers no more are read than a server would take."""
        given = ((f"X-{number}", "1") for number in Endless())

        assert len(told(starlette_error(status_code=503, headers=given)).headers) == 100


class TestNeverRaises:
    """Whatever the attributes do."""

    def test_properties_that_raise(self) -> None:
        """A detail and headers that cannot be read are left out; the status is kept."""
        assert told(Broken()) == ErrorAnswer(
            503, ErrorCode.SERVICE_UNAVAILABLE, "Service Unavailable", Severity.ERROR, headers=[]
        )

    def test_status_that_raises(self) -> None:
        """A status that cannot be read makes it no HTTP answer."""

        def fail(_: object) -> int:
            raise RuntimeError

        assert http_error_of(starlette_error(status_code=property(fail))) is None

        assert http_error_of(starlette_error(status_code=Raising())) is None

    def test_response_that_raises(self) -> None:
        """A ready response that cannot be read makes it no HTTP answer."""
        assert http_error_of(WerkzeugHTTPError(response=Raising())) is None  # type: ignore[arg-type]  # as it may be

    def test_number_that_lies(self) -> None:
        """A status of a subclass of int counts as the number that it is."""
        kind = type("Status", (int,), {"__index__": lambda _: 7, "__int__": lambda _: 7, "__lt__": None})

        assert told(starlette_error(status_code=kind(404))).status == 404
