"""What a client sends, as a server hands it on: the target, the headers and the body."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from asgi_stack.types import Header, Message

__all__ = ["Body", "Headers", "Query", "RequestOptions", "body_headers", "body_of", "header_bytes", "split_target"]

Headers: TypeAlias = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[str | bytes, str | bytes]]
"""Header names and values; a sequence of pairs may name one more than once."""

Query: TypeAlias = str | bytes | Mapping[str, object] | Iterable[tuple[str, object]]
"""A query as it is, or its parts, which are encoded; a sequence as a value stands for several parts."""

Body: TypeAlias = bytes | Iterable[bytes]
"""A body, or its chunks, which become one message each."""

_PATH_SAFE: Final = "/%:@!$&'()*+,;=~"
_QUERY_SAFE: Final = f"{_PATH_SAFE}?[]"
"""What RFC 3986 section 3.3 and 3.4 allow, with the percent sign of what is encoded already, and the brackets that
everybody sends."""

_EXPECT_A_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests say their length even if it is 0 (RFC 9110 section 8.6)."""


class RequestOptions(TypedDict, total=False):
    """What may be said about a request besides its method and path.

    Attributes:
        query: Added to the query of the path.
        headers: Names in any case; `host` and the headers of the body are added where they are missing.
        body: Bytes, or chunks of them.
        json: A value to send as JSON instead of `body`.
        scope: Keys of the scope to replace or add, last of all.
    """

    query: Query
    headers: Headers
    body: Body
    json: object
    scope: Mapping[str, object]


def split_target(target: str, query: Query = "") -> tuple[bytes, bytes]:
    """Give the raw path and the query string of a request.

    Args:
        target: A path with or without a query; what is percent-encoded already stays so.
        query: Added after the target's own.

    Raises:
        ValueError: The target does not begin with a slash, nor is it the `*` of OPTIONS.
    """
    if target != "*" and not target.startswith("/"):
        raise ValueError(f"path must begin with /, not {target!r}")
    path, _, own = target.partition("?")
    parts = (quote(own, safe=_QUERY_SAFE), _encoded(query))
    return quote(path, safe=_PATH_SAFE).encode("ascii"), "&".join(filter(None, parts)).encode("ascii")


def header_bytes(headers: Headers, defaults: Iterable[Header] = ()) -> list[Header]:
    """Give headers as servers hand them on: pairs of bytes, names in lower case.

    Args:
        headers: The test's own.
        defaults: Headers that come first, where the test has none of the name.

    Raises:
        TypeError: They are neither a mapping nor pairs.
        ValueError: A text holds characters beyond latin-1.
    """
    if isinstance(headers, str | bytes):
        raise TypeError(f"headers must be a mapping or a sequence of pairs, not {headers!r}")
    pairs = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    own = [(_latin1(name).lower(), _latin1(value)) for name, value in pairs]
    names = {name for name, _ in own}
    return [header for header in defaults if header[0] not in names] + own


def body_of(options: RequestOptions) -> list[Message]:
    """Give the messages of a request's body: one for bytes or JSON, one for each chunk.

    Raises:
        TypeError: Both a body and JSON are given, or the body is text.
    """
    chunks = _chunks_of(options)
    last = len(chunks) - 1
    return [{"type": "http.request", "body": chunk, "more_body": i < last} for i, chunk in enumerate(chunks)]


def body_headers(method: str, options: RequestOptions, messages: list[Message]) -> list[Header]:
    """Give the headers that a client adds on account of a body.

    Args:
        method: In upper case.
        options: Tell whether the body has a length and a type.
        messages: The body, as `body_of` gives it.
    """
    headers: list[Header] = []
    if "json" in options:
        headers.append((b"content-type", b"application/json"))
    if not isinstance(options.get("body", b""), bytes | bytearray | memoryview):
        headers.append((b"transfer-encoding", b"chunked"))
    elif (length := len(messages[0]["body"])) or method in _EXPECT_A_BODY:
        headers.append((b"content-length", b"%d" % length))
    return headers


def _chunks_of(options: RequestOptions) -> list[bytes]:
    body = options.get("body", b"")
    if "json" in options:
        if "body" in options:
            raise TypeError("a request has a body or json, not both")
        return [json.dumps(options["json"]).encode()]
    if isinstance(body, str):
        raise TypeError("body must be bytes or chunks of bytes, not text")
    if isinstance(body, bytes | bytearray | memoryview):
        return [bytes(body)]
    return list(body) or [b""]


def _encoded(query: Query) -> str:
    if isinstance(query, bytes):
        return query.decode("ascii")
    if isinstance(query, str):
        return quote(query, safe=_QUERY_SAFE)
    # The cast says what `Query` says: pyright takes a mapping for a sequence of its keys, too.
    return urlencode(cast("Mapping[str, object]", query) if isinstance(query, Mapping) else list(query), doseq=True)


def _latin1(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
