"""Which bodies say no more than that the server failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import pytest

from asgi_stack.frameworks.default_bodies import DEFAULT_BODIES, DefaultBodies

DJANGO_5_2 = b"""
<!doctype html>
<html lang="en">
<head>
  <title>Server Error (500)</title>
</head>
<body>
  <h1>Server Error (500)</h1><p></p>
</body>
</html>
"""

STARLETTE_1_10 = {
    500: b"Internal Server Error",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
    505: b"HTTP Version Not Supported",
    506: b"Variant Also Negotiates",
    507: b"Insufficient Storage",
    508: b"Loop Detected",
    510: b"Not Extended",
    511: b"Network Authentication Required",
}

FASTAPI_0_165 = {
    500: b'{"detail":"Internal Server Error"}',
    502: b'{"detail":"Bad Gateway"}',
    503: b'{"detail":"Service Unavailable"}',
    511: b'{"detail":"Network Authentication Required"}',
}

LITESTAR_2_25 = {
    500: b'{"status_code":500,"detail":"Internal Server Error"}',
    503: b'{"status_code":503,"detail":"Service Unavailable"}',
    511: b'{"status_code":511,"detail":"Network Authentication Required"}',
}

QUART_0_22 = {
    500: (
        b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
        b"<p>The server encountered an internal error and was unable to complete your request. Either the server is "
        b"overloaded or there is an error in the application.</p>\n"
    ),
    501: (
        b"<!doctype html>\n<html lang=en>\n<title>501 Not Implemented</title>\n<h1>Not Implemented</h1>\n"
        b"<p>The server does not support the action requested by the browser.</p>\n"
    ),
    502: (
        b"<!doctype html>\n<html lang=en>\n<title>502 Bad Gateway</title>\n<h1>Bad Gateway</h1>\n"
        b"<p>The proxy server received an invalid response from an upstream server.</p>\n"
    ),
    503: (
        b"<!doctype html>\n<html lang=en>\n<title>503 Service Unavailable</title>\n<h1>Service Unavailable</h1>\n"
        b"<p>The server is temporarily unable to service your request due to maintenance downtime or capacity "
        b"problems. Please try again later.</p>\n"
    ),
    504: (
        b"<!doctype html>\n<html lang=en>\n<title>504 Gateway Timeout</title>\n<h1>Gateway Timeout</h1>\n"
        b"<p>The connection to an upstream server timed out.</p>\n"
    ),
    505: (
        b"<!doctype html>\n<html lang=en>\n<title>505 HTTP Version Not Supported</title>\n"
        b"<h1>HTTP Version Not Supported</h1>\n"
        b"<p>The server does not support the HTTP protocol version used in the request.</p>\n"
    ),
}

RECORDED = [
    pytest.param(status, body, id=f"{framework}-{status}")
    for framework, bodies in {
        "starlette": STARLETTE_1_10,
        "fastapi": FASTAPI_0_165,
        "litestar": LITESTAR_2_25,
        "quart": QUART_0_22,
        "django": {500: DJANGO_5_2},
    }.items()
    for status, body in bodies.items()
]


class TestMatches:
    """Bodies to the byte."""

    @pytest.mark.parametrize(("status", "body"), RECORDED)
    def test_recorded(self, status: int, body: bytes) -> None:
        """What a framework answers on its own is a default body, and so is its length."""
        assert DEFAULT_BODIES.matches(status, body)
        assert DEFAULT_BODIES.matches_length(status, len(body))

    @pytest.mark.parametrize(("status", "body"), RECORDED)
    def test_near_misses(self, status: int, body: bytes) -> None:
        """A byte more, a byte less or another case makes it somebody's own content."""
        assert not DEFAULT_BODIES.matches(status, body + b"\n")
        assert not DEFAULT_BODIES.matches(status, body[:-1])
        assert not DEFAULT_BODIES.matches(status, body.swapcase())

    @pytest.mark.parametrize(("status", "body"), RECORDED)
    def test_other_statuses(self, status: int, body: bytes) -> None:
        """A default body belongs to its one status."""
        others = [other for other in range(100, 600) if other != status]

        assert not any(DEFAULT_BODIES.matches(other, body) for other in others)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            pytest.param(500, b"", id="empty"),
            pytest.param(503, b"", id="empty-503"),
            pytest.param(599, b"", id="starlette-without-phrase"),
            pytest.param(500, b"Internal server error", id="text-in-another-case"),
            pytest.param(503, b"Down for maintenance", id="starlette-detail"),
            pytest.param(503, b'{"detail":"Down for maintenance"}', id="fastapi-detail"),
            pytest.param(503, b'{"detail":{"reason":"Service Unavailable"}}', id="fastapi-object"),
            pytest.param(500, b'{"detail": "Internal Server Error"}', id="json-with-a-space"),
            pytest.param(503, b'{"status_code":503,"detail":"Down"}', id="litestar-detail"),
            pytest.param(500, b'{"status_code":500,"detail":"Internal Server Error","extra":{}}', id="litestar-extra"),
            pytest.param(503, b'{"status_code":500,"detail":"Internal Server Error"}', id="litestar-other-code"),
            pytest.param(
                503,
                b"<!doctype html>\n<html lang=en>\n<title>503 Service Unavailable</title>\n"
                b"<h1>Service Unavailable</h1>\n<p>Down for maintenance</p>\n",
                id="quart-description",
            ),
            pytest.param(503, DJANGO_5_2.replace(b"500", b"503"), id="django-has-no-503"),
            pytest.param(500, DJANGO_5_2.strip(), id="django-page-copied"),
            pytest.param(500, b"Traceback (most recent call last):\n", id="starlette-debug"),
        ],
    )
    def test_own_content(self, status: int, body: bytes) -> None:
        """A custom detail, description, extra or page is the application's own."""
        assert not DEFAULT_BODIES.matches(status, body)

    @pytest.mark.parametrize("status", [200, 404, 499, 509, 599, 600, 0, -1])
    def test_statuses_without_default(self, status: int) -> None:
        """A status that no framework has words for has no default body."""
        assert not DEFAULT_BODIES.matches(status, b"Not Found")
        assert not DEFAULT_BODIES.matches_length(status, 9)


class TestMatchesLength:
    """What is left of a body in the answer to a HEAD."""

    def test_other_length(self) -> None:
        """A length that no default body has is the application's own content."""
        lengths = {length for length in range(2000) if DEFAULT_BODIES.matches_length(500, length)}

        assert lengths == {21, 34, 52, len(DJANGO_5_2), len(QUART_0_22[500])}


class TestExtended:
    """Bodies of one's own beside those of the frameworks."""

    def test_adds(self) -> None:
        """Added bodies are found beside the known ones, under statuses known and new."""
        more = DEFAULT_BODIES.extended({500: [b"oops", b"oh no"], 599: iter([b"odd"])})

        assert all(more.matches(500, body) for body in (b"oops", b"oh no", b"Internal Server Error"))
        assert more.matches(599, b"odd")
        assert more.matches_length(599, 3)
        assert more.matches(503, b"Service Unavailable")

    def test_changes_nothing(self) -> None:
        """What was extended stays as it was."""
        DEFAULT_BODIES.extended({500: [b"oops"]})

        assert not DEFAULT_BODIES.matches(500, b"oops")

    def test_later_changes(self) -> None:
        """Changing the given mapping or list afterwards changes nothing."""
        bodies = [b"oops"]
        given = {500: bodies}
        made = DefaultBodies(given)

        bodies.append(b"late")
        given[503] = [b"late"]

        assert made.matches(500, b"oops")
        assert not made.matches(500, b"late")
        assert not made.matches(503, b"late")

    def test_nothing(self) -> None:
        """Without any body nothing is a default."""
        assert not DefaultBodies({}).matches(500, b"Internal Server Error")

    @pytest.mark.parametrize(
        ("bodies", "error", "words"),
        [
            ({500: b"oops"}, TypeError, "default bodies of 500 must be a list of bytes, not b'oops'"),
            ({500: "oops"}, TypeError, "default bodies of 500 must be a list of bytes, not 'oops'"),
            ({500: 7}, TypeError, "default bodies of 500 must be a list of bytes, not 7"),
            ({500: ["oops"]}, TypeError, "a default body of 500 must be bytes, not 'oops'"),
            ({"500": [b"oops"]}, TypeError, "the status of a default body must be a number, not '500'"),
            ({True: [b"oops"]}, TypeError, "the status of a default body must be a number, not True"),
            ({404: [b"oops"]}, ValueError, "only a 5xx is ever replaced, so 404 has no default body"),
            ({600: [b"oops"]}, ValueError, "only a 5xx is ever replaced, so 600 has no default body"),
        ],
    )
    def test_wrong(self, bodies: object, error: type[Exception], words: str) -> None:
        """A wrong status or body is refused when it is given."""
        given = cast("Mapping[int, Iterable[bytes]]", bodies)

        with pytest.raises(error, match=words):
            DEFAULT_BODIES.extended(given)
        with pytest.raises(error, match=words):
            DefaultBodies(given)
