"""What a client sends arrives as servers hand it on."""

from __future__ import annotations

import pytest

from asgi_stack.testing.client_request import (
    Headers,
    Query,
    RequestOptions,
    body_headers,
    body_of,
    header_bytes,
    split_target,
)
from asgi_stack.types import Header


class TestSplitTarget:
    """split_target."""

    @pytest.mark.parametrize(
        ("target", "raw_path", "query_string"),
        [
            ("/", b"/", b""),
            ("*", b"*", b""),
            ("/a/b?x=1&y=2", b"/a/b", b"x=1&y=2"),
            ("/a%20b%2Fc", b"/a%20b%2Fc", b""),
            ("/a b/ä", b"/a%20b/%C3%A4", b""),
            ("/?q=a b&r=ä?", b"/", b"q=a%20b&r=%C3%A4?"),
            ("/a#b", b"/a%23b", b""),
        ],
    )
    def test_target(self, target: str, raw_path: bytes, query_string: bytes) -> None:
        """What is encoded stays as it is, what must be encoded is."""
        assert split_target(target) == (raw_path, query_string)

    @pytest.mark.parametrize(
        ("query", "query_string"),
        [
            ("b=2", b"a=1&b=2"),
            (b"b=%20", b"a=1&b=%20"),
            ({"b": 2, "c": ["x y", "z"]}, b"a=1&b=2&c=x+y&c=z"),
            ([("b", 1), ("b", "&")], b"a=1&b=1&b=%26"),
            ({}, b"a=1"),
        ],
        ids=["text", "bytes", "mapping", "pairs", "empty"],
    )
    def test_query(self, query: Query, query_string: bytes) -> None:
        """A query in any form is added to that of the path."""
        assert split_target("/?a=1", query) == (b"/", query_string)

    @pytest.mark.parametrize("target", ["", "items", "http://example.org/", "?a=1"])
    def test_wrong_target(self, target: str) -> None:
        """A path without its slash is a slip of the test."""
        with pytest.raises(ValueError, match="must begin with /"):
            split_target(target)


class TestHeaderBytes:
    """header_bytes."""

    @pytest.mark.parametrize(
        "headers",
        [{"X-A": "ä"}, {b"X-A": b"\xe4"}, [("x-a", b"\xe4")], iter([(b"x-A", "ä")])],
        ids=["texts", "bytes", "pairs", "iterator"],
    )
    def test_forms(self, headers: Headers) -> None:
        """Texts and bytes, mappings and pairs all give bytes with the name in lower case."""
        assert header_bytes(headers) == [(b"x-a", b"\xe4")]

    def test_repeated_header(self) -> None:
        """Pairs may repeat a name, and keep their order."""
        assert header_bytes([("a", "1"), ("b", "2"), ("A", "3")]) == [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]

    def test_defaults(self) -> None:
        """The test's own header wins over a default."""
        assert header_bytes({"Host": "own"}, [(b"host", b"x"), (b"a", b"1")]) == [(b"a", b"1"), (b"host", b"own")]

    @pytest.mark.parametrize("headers", ["a: b", b"a: b"], ids=["text", "bytes"])
    def test_text_is_refused(self, headers: Headers) -> None:
        """A text would be read letter by letter."""
        with pytest.raises(TypeError, match="headers must be"):
            header_bytes(headers)

    def test_beyond_latin_1(self) -> None:
        """A character that HTTP cannot carry is refused."""
        with pytest.raises(ValueError, match="latin-1"):
            header_bytes({"a": "€"})


class TestBody:
    """body_of and body_headers."""

    @pytest.mark.parametrize(
        ("options", "chunks", "headers"),
        [
            ({}, [b""], []),
            ({"body": b"abc"}, [b"abc"], [(b"content-length", b"3")]),
            ({"body": bytearray(b"abc")}, [b"abc"], [(b"content-length", b"3")]),
            ({"body": [b"a", b"", b"c"]}, [b"a", b"", b"c"], [(b"transfer-encoding", b"chunked")]),
            ({"body": iter([])}, [b""], [(b"transfer-encoding", b"chunked")]),
            ({"json": None}, [b"null"], [(b"content-type", b"application/json"), (b"content-length", b"4")]),
        ],
        ids=["none", "bytes", "bytearray", "chunks", "no chunk", "json"],
    )
    def test_messages(self, options: RequestOptions, chunks: list[bytes], headers: list[Header]) -> None:
        """Each chunk is a message, the last one says so, and the headers tell of the length."""
        messages = body_of(options)

        assert [message["body"] for message in messages] == chunks
        assert [message["more_body"] for message in messages] == [True] * (len(chunks) - 1) + [False]
        assert body_headers("GET", options, messages) == headers

    def test_empty_body_of_a_post(self) -> None:
        """A method that goes with a body tells the length even of none."""
        assert body_headers("POST", {}, body_of({})) == [(b"content-length", b"0")]

    def test_both(self) -> None:
        """A body and JSON exclude each other."""
        with pytest.raises(TypeError, match="not both"):
            body_of({"body": b"", "json": {}})

    def test_text(self) -> None:
        """Text has no bytes until somebody encodes it."""
        with pytest.raises(TypeError, match="must be bytes"):
            body_of({"body": "text"})  # type: ignore[typeddict-item]
