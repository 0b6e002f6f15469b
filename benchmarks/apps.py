"""The applications and requests that are measured: one scenario is one kind of request, the same for every stack."""

# ruff: noqa: ARG001 - an ASGI app takes scope, receive and send, used or not

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from starlette.exceptions import HTTPException

from asgi_stack.exceptions import AppError, NotFoundError, Severity
from asgi_stack.types import ASGIApp, Header, Message, Receive, Scope, Send

__all__ = ["CHUNKS", "SCENARIOS", "Scenario", "receive", "send"]

CHUNKS: Final = 1000
"""Parts of the body that the scenario `stream` sends, each one message."""

_BODY: Final = b'{"id":7,"article":"lamp","quantity":3,"state":"packed","total":"89.70","currency":"EUR"}'
_CHUNK: Final = b"data: " + b"x" * 56 + b"\n\n"
_MESSAGE: Final = "Order not found"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

# What a browser's call of an API brings; none of them carries an id, so every stack has to make one.
_REQUEST_HEADERS: Final[tuple[Header, ...]] = (
    (b"host", b"shop.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (b"accept", b"application/json"),
    (b"accept-language", b"en-GB,en;q=0.7,de;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br"),
    (b"referer", b"https://shop.example/orders"),
    (b"cookie", b"session=4f9d1c0a7b; theme=dark"),
    (b"connection", b"keep-alive"),
    (b"sec-fetch-mode", b"cors"),
    (b"x-forwarded-for", b"192.0.2.7"),
)
_MORE_REQUEST_HEADERS: Final[tuple[Header, ...]] = tuple((b"x-shop-%02d" % n, b"value %d" % n) for n in range(90))
_MORE_RESPONSE_HEADERS: Final[tuple[Header, ...]] = tuple((b"x-shop-%02d" % n, b"value %d" % n) for n in range(18))
_RESPONSE_HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(_BODY)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of request.

    Attributes:
        name: As it is named on the command line and in results.
        title: As it is named in tables.
        make_scope: Makes the scope of one request; a fresh one, since frameworks write into it.
        app: What our layers are put around.
        peer_app: What peers are put around; another one only where an error has to be the library's own class.
        bare_app: What is measured without any layer; it never raises, since no server would let it.
        status: What the client gets from any stack with an error layer.
        raises: Whether `app` raises, and a stack without an error layer lets that through.
        chunks: Messages that the body comes in.
        options: Keyword arguments that `wrap` gets for this scenario, and our error layer alone as well.
    """

    name: str
    title: str
    make_scope: Callable[[], Scope]
    app: ASGIApp
    peer_app: ASGIApp
    bare_app: ASGIApp
    status: int = 200
    raises: bool = False
    chunks: int = 1
    options: Mapping[str, Any]


async def receive() -> Message:
    """Stand for a server: a request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Message) -> None:
    """Stand for a server that takes everything at once."""


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    # The list is new for each request: some layers add to the app's own.
    await send({"type": "http.response.start", "status": 200, "headers": [*_RESPONSE_HEADERS]})
    await send({"type": "http.response.body", "body": _BODY})


async def _answer_with_headers(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [*_RESPONSE_HEADERS, *_MORE_RESPONSE_HEADERS]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


async def _stream(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"text/event-stream"), (b"content-length", b"%d" % (CHUNKS * len(_CHUNK)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(CHUNKS - 1):
        await send({"type": "http.response.body", "body": _CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": _CHUNK, "more_body": False})


async def _fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError(_MESSAGE)


async def _miss(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFoundError(_MESSAGE)


async def _miss_as_starlette(scope: Scope, receive: Receive, send: Send) -> None:
    raise HTTPException(404, _MESSAGE)


def _make_warning(error: ValueError) -> AppError:
    return AppError("Internal server error", severity=Severity.WARNING)


# A line has traceback text from level error on. So this is how a user does without: by a handler that lowers the level.
_WITHOUT_TEXT: Final[Mapping[str, Any]] = MappingProxyType({"handlers": {ValueError: _make_warning}})


def _scopes(*, headers: tuple[Header, ...] = _REQUEST_HEADERS, query_string: bytes = b"") -> Callable[[], Scope]:
    # The keys that uvicorn gives, and its versions.
    template: dict[str, object] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 40_312),
        "scheme": "http",
        "root_path": "",
        "method": "GET",
        "path": "/orders/7",
        "raw_path": b"/orders/7",
        "query_string": query_string,
    }

    def make_scope() -> Scope:
        return {**template, "headers": [*headers], "state": {}}

    return make_scope


def _scenario(  # noqa: PLR0913 - one argument for each thing in which scenarios differ
    name: str,
    title: str,
    app: ASGIApp,
    *,
    peer_app: ASGIApp | None = None,
    make_scope: Callable[[], Scope] | None = None,
    status: int = 200,
    chunks: int = 1,
    options: Mapping[str, Any] = _NOTHING,
) -> Scenario:
    raises = status != 200  # noqa: PLR2004 - the status of an answer
    return Scenario(
        name=name,
        title=title,
        make_scope=make_scope or _scopes(),
        app=app,
        peer_app=peer_app or app,
        bare_app=_answer if raises else app,
        status=status,
        raises=raises,
        chunks=chunks,
        options=options,
    )


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        each.name: each
        for each in (
            _scenario("success", "a JSON answer; 10 request headers, 2 response headers", _answer),
            _scenario("error", "an unexpected exception, a 500", _fail, status=500),
            _scenario(
                "error_without_text",
                "an unexpected exception, a 500; its line has no traceback text",
                _fail,
                status=500,
                options=_WITHOUT_TEXT,
            ),
            _scenario("not_found", "an expected error, a 404", _miss, peer_app=_miss_as_starlette, status=404),
            _scenario("stream", f"an answer of {CHUNKS:,} chunks", _stream, chunks=CHUNKS),
            _scenario(
                "request_headers",
                "100 request headers",
                _answer,
                make_scope=_scopes(headers=_REQUEST_HEADERS + _MORE_REQUEST_HEADERS),
            ),
            _scenario(
                "query",
                "a query of three harmless keys",
                _answer,
                make_scope=_scopes(query_string=b"page=2&sort=name&limit=50"),
            ),
            _scenario("response_headers", "20 response headers", _answer_with_headers),
        )
    }
)
"""All scenarios by name."""
