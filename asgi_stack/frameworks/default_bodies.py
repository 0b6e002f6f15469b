"""Tell a framework's own answer to a failure from what an application chose to say.

A framework that answers a 5xx without being told how uses a body that it fixed once: those bodies are listed here, by
status and to the byte. Whatever differs from them by as much as a character is the application's own content.

Source: recorded from Starlette 1.10, FastAPI 0.165, Litestar 2.25, Quart 0.22 with Werkzeug 3.1, Django 5.2 and 6.1.
The phrases are those of http.HTTPStatus, which Starlette and Litestar use as well; Python 3.11 to 3.13 agree on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, cast

__all__ = ["DEFAULT_BODIES", "DefaultBodies"]

SERVER_ERRORS: Final = range(500, 600)

_DJANGO_PAGE: Final = """
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
"""A project without a 500.html template; Django has no page for another 5xx."""

_WERKZEUG_DESCRIPTIONS: Final = {
    500: (
        "The server encountered an internal error and was unable to complete your request. "
        "Either the server is overloaded or there is an error in the application."
    ),
    501: "The server does not support the action requested by the browser.",
    502: "The proxy server received an invalid response from an upstream server.",
    503: (
        "The server is temporarily unable to service your request due to maintenance downtime or capacity problems. "
        "Please try again later."
    ),
    504: "The connection to an upstream server timed out.",
    505: "The server does not support the HTTP protocol version used in the request.",
}
"""The 5xx that Werkzeug has a class for; aborting with another status is an error of its own."""


class DefaultBodies:
    """The bodies, by status, that say no more than that the server failed; never changed once made.

    Args:
        bodies: For each status, 500 to 599, whole bodies as they leave the application.

    Raises:
        TypeError: A status is no number, a body is not bytes, or bytes stand where a list of bodies belongs.
        ValueError: A status is no 5xx: no other response is ever replaced.
    """

    __slots__ = ("_bodies",)

    def __init__(self, bodies: Mapping[int, Iterable[bytes]]) -> None:
        self._bodies: Mapping[int, frozenset[bytes]] = MappingProxyType(
            {_checked_status(status): _checked_bodies(status, given) for status, given in bodies.items()}
        )

    def matches(self, status: int, body: bytes) -> bool:
        """Tell whether this is a default body of this status, whatever its content type."""
        # The length first: hashing a long page of the application's own costs 20 us for every 64 KiB.
        return self.matches_length(status, len(body)) and body in self._bodies[status]

    def matches_length(self, status: int, length: int) -> bool:
        """Tell whether a default body of this status is as long: all that is left of one in the answer to a HEAD."""
        return any(len(body) == length for body in self._bodies.get(status, ()))

    def extended(self, bodies: Mapping[int, Iterable[bytes]]) -> DefaultBodies:
        """Give these bodies and more.

        Args:
            bodies: As DefaultBodies takes them.

        Raises:
            TypeError: As DefaultBodies.
            ValueError: As DefaultBodies.
        """
        added = {status: _checked_bodies(status, given) for status, given in bodies.items()}
        more = {status: self._bodies.get(status, frozenset()) | given for status, given in added.items()}
        return DefaultBodies({**self._bodies, **more})


def _checked_status(status: object) -> int:
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError(f"the status of a default body must be a number, not {status!r}")
    if status not in SERVER_ERRORS:
        raise ValueError(f"only a 5xx is ever replaced, so {status} has no default body")
    return int(status)


def _checked_bodies(status: int, bodies: object) -> frozenset[bytes]:
    if isinstance(bodies, bytes | str) or not isinstance(bodies, Iterable):
        raise TypeError(f"the default bodies of {status} must be a list of bytes, not {bodies!r:.80}")
    checked: set[bytes] = set()
    for body in cast("Iterable[object]", bodies):
        if not isinstance(body, bytes):
            raise TypeError(f"a default body of {status} must be bytes, not {body!r:.80}")
        checked.add(body)
    return frozenset(checked)


def _known_bodies(status: int, phrase: str) -> Iterator[bytes]:
    """Give what the known frameworks answer with, each as its own renderer writes it."""
    yield phrase.encode()  # Starlette; also Django when its own page fails
    yield f'{{"detail":"{phrase}"}}'.encode()  # FastAPI
    # Litestar writes this one in every media type of a handler, MessagePack, HTML and text included.
    yield f'{{"status_code":{status},"detail":"{phrase}"}}'.encode()
    if status in _WERKZEUG_DESCRIPTIONS:
        description = _WERKZEUG_DESCRIPTIONS[status]
        yield (
            f"<!doctype html>\n<html lang=en>\n<title>{status} {phrase}</title>\n<h1>{phrase}</h1>\n"
            f"<p>{description}</p>\n"
        ).encode()
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        yield _DJANGO_PAGE.encode()


DEFAULT_BODIES: Final = DefaultBodies(
    {status.value: _known_bodies(status.value, status.phrase) for status in HTTPStatus if status in SERVER_ERRORS}
)
"""The default bodies of Starlette, FastAPI, Litestar, Quart and Django."""
