"""Handlers whose responses are wrong, or odd but right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from asgi_stack.logging import get_logger
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.integration.apps import FIRST_CHUNK, LAST_CHUNK, chunk, read_body, respond, start

logger = get_logger("tests.faults")

SECRET_HEADER: Final = "x-fault-secret"
"""Brings the secret of a test to a handler, which puts it where the row says; its own name keeps it out of the log."""

LATER_CHUNKS: Final = 3
APP_HEADERS: Final = [(b"x-own", b"1")]
"""The app's own list: nobody else may change it."""

CONSTANT_START: Final[dict[str, Any]] = {"type": "http.response.start", "status": 200, "headers": APP_HEADERS}

FORMS: Final[Mapping[str, Callable[[], Iterable[Iterable[bytes]]]]] = {
    "tuple": lambda: ((b"x-own", b"1"),),
    "generator": lambda: (pair for pair in APP_HEADERS),
    "lists": lambda: [[b"x-own", b"1"]],
    "mixed-case": lambda: [(b"X-Own", b"1"), (b"X-Frame-Options", b"DENY"), (b"X-Request-ID", b"theirs")],
}
VALUES: Final[Mapping[str, bytes]] = {"crlf": b"a\r\nset-cookie: ", "lf": b"a\nset-cookie: ", "nul": b"a\0"}
STATUSES: Final[Mapping[str, object]] = {"high": 999, "low": 42, "text": "200", "none": None}


def canary_of(scope: Scope) -> str:
    """Give the secret that the test sent along."""
    return next((value.decode() for name, value in scope["headers"] if name == SECRET_HEADER.encode()), "")


async def own_ids(scope: Scope, receive: Receive, send: Send) -> None:
    """Send ids of one's own, one of them twice."""
    await respond(send, b"", ((b"X-Correlation-ID", b"a"), (b"x-correlation-id", b"b"), (b"x-request-id", b"c")))


async def start_only(scope: Scope, receive: Receive, send: Send) -> None:
    """Return right after the start."""
    await start(send)


async def body_first(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a body before the start."""
    await chunk(send, FIRST_CHUNK)
    await start(send)
    await chunk(send, LAST_CHUNK, more=False)


async def start_twice(scope: Scope, receive: Receive, send: Send) -> None:
    """Start a second response within the first."""
    await start(send)
    await start(send, 503)
    await chunk(send, LAST_CHUNK, more=False)


async def start_twice_after_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Start a second response when the body of the first has begun."""
    await start(send)
    await chunk(send, FIRST_CHUNK)
    await start(send, 503)


async def unknown_first(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a message that no specification knows, then a response."""
    await send({"type": "http.response.unheard"})
    await respond(send, LAST_CHUNK)


async def unknown_later(scope: Scope, receive: Receive, send: Send) -> None:
    """Send such a message in the middle of a response."""
    await start(send)
    await chunk(send, FIRST_CHUNK)
    await send({"type": "http.response.unheard"})
    await chunk(send, LAST_CHUNK, more=False)


async def without_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Start without the optional headers, and end without the optional body."""
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


async def constant_start(scope: Scope, receive: Receive, send: Send) -> None:
    """Start with one and the same message for every request."""
    await send(CONSTANT_START)
    await chunk(send, b"ok", more=False)


def headers_in(form: str) -> ASGIApp:
    """Make the handler that gives its headers in an odd form."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": FORMS[form]()})
        await chunk(send, b"ok", more=False)

    return answer


def value_with(kind: str) -> ASGIApp:
    """Make the handler whose header would split the response; the secret is its last part."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await start(send, 200, ((b"x-note", VALUES[kind] + canary_of(scope).encode()),))
        await chunk(send, b"ok", more=False)

    return answer


def status_of(kind: str) -> ASGIApp:
    """Make the handler whose status is none."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": STATUSES[kind], "headers": []})
        await chunk(send, b"ok", more=False)

    return answer


async def stream_on(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a chunk, wait until the client has left, and send on all the same."""
    await start(send)
    await chunk(send, FIRST_CHUNK)
    logger.info("held")
    await read_body(receive)
    for _ in range(LATER_CHUNKS):
        await chunk(send, LAST_CHUNK)
    await chunk(send, LAST_CHUNK, more=False)


def body_with(status: int) -> ASGIApp:
    """Make the handler that sends a body, and says so, with a status that has none."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        headers = ((b"content-length", b"4"), (b"content-type", b"text/plain"), (b"etag", b'"1"'))
        await start(send, status, headers)
        await chunk(send, b"body", more=False)

    return answer


HTTP: Final[Mapping[str, ASGIApp]] = {
    "/own-ids": own_ids,
    "/start-only": start_only,
    "/body-first": body_first,
    "/start-twice": start_twice,
    "/start-twice-after-body": start_twice_after_body,
    "/unknown-first": unknown_first,
    "/unknown-later": unknown_later,
    "/headers/none": without_headers,
    "/headers/constant": constant_start,
    **{f"/headers/{form}": headers_in(form) for form in FORMS},
    **{f"/value/{kind}": value_with(kind) for kind in VALUES},
    **{f"/status/{kind}": status_of(kind) for kind in STATUSES},
    "/stream-on": stream_on,
    "/body-with-204": body_with(204),
    "/body-with-304": body_with(304),
}
