"""Bare ASGI apps that answer a failing handler as each framework does, message for message.

They keep to what an outer layer can see: the messages, whether the exception is the current one while they are sent
(`sys.exception()`), which task sends them, and whether the app then raises or returns.

Source: recorded from Starlette 1.10, FastAPI 0.165, Litestar 2.25, Quart 0.22 with Werkzeug 3.1, Django 5.2.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Final, TypeAlias

from asgiref.sync import sync_to_async

from asgi_stack.types import ASGIApp, Header, Message, Receive, Scope, Send
from tests.frameworks.foreign_errors import LitestarHTTPError, StarletteHTTPError, WerkzeugHTTPError

__all__ = [
    "DJANGO_PAGE",
    "Announce",
    "django_like",
    "django_returning",
    "fastapi_like",
    "litestar_like",
    "quart_like",
    "quart_page",
    "starlette_handled",
    "starlette_like",
]

Announce: TypeAlias = Callable[[Exception], object]
"""Stands for the receivers of a framework's signal `got_request_exception`."""

TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"

FAILED: Final = "Internal Server Error"

QUART_DESCRIPTION: Final = (
    "The server encountered an internal error and was unable to complete your request. "
    "Either the server is overloaded or there is an error in the application."
)

DJANGO_PAGE: Final = (
    b'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n'
    b"  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"
)


def starlette_like(error: Exception, body: bytes | None = None, content_type: str = TEXT) -> ASGIApp:
    """Make an app whose handler raises this.

    One of Starlette's HTTPExceptions is answered with its detail, and the app returns. Anything else is answered with
    a 500 (`body` is what an exception handler for `Exception` makes of it), and the app then raises it.
    """
    if isinstance(error, StarletteHTTPError):
        page = str(error.detail).encode()
        headers = [*_encoded(error.headers), *_length_and_type(page, content_type)]
        return _starlette_app(error, error.status_code, headers, page)
    page = FAILED.encode() if body is None else body
    return _starlette_app(error, 500, _length_and_type(page, content_type), page, raises=True)


def starlette_handled(error: Exception, body: bytes, status: int = 500, content_type: str = TEXT) -> ASGIApp:
    """Make an app of Starlette or FastAPI with an exception handler for the class of this error: it returns."""
    return _starlette_app(error, status, _length_and_type(body, content_type), body)


def fastapi_like(error: Exception, body: bytes | None = None) -> ASGIApp:
    """Make an app as `starlette_like`, which shows a detail as JSON; its own 500 is Starlette's text."""
    if isinstance(error, StarletteHTTPError):
        page = _json({"detail": error.detail})
        headers = [*_encoded(error.headers), *_length_and_type(page, JSON)]
        return _starlette_app(error, error.status_code, headers, page)
    return starlette_like(error, body, TEXT if body is None else JSON)


def litestar_like(error: Exception, body: bytes | None = None, media_type: str = JSON) -> ASGIApp:
    """Make an app whose handler, of this media type, raises this; it answers within its except block and returns.

    `body` is what an exception handler makes of it, with the status of the error. Litestar shows the detail of its
    own HTTPExceptions unless they are a 500, and their `extra` always; all of it as JSON, whatever the media type.
    """
    status, own_headers, page = _litestar_answer(error)
    page = page if body is None else body
    content_type = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    headers = [*own_headers, (b"content-type", content_type.encode()), (b"content-length", b"%d" % len(page))]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise error
        except Exception:  # noqa: BLE001 - as the framework does
            await _respond(send, status, headers, page, more_body=False)

    return app


def quart_page(status: int, description: str) -> bytes:
    """Give the page of a Werkzeug exception."""
    phrase = HTTPStatus(status).phrase
    return (
        f"<!doctype html>\n<html lang=en>\n<title>{status} {phrase}</title>\n<h1>{phrase}</h1>\n<p>{description}</p>\n"
    ).encode()


def quart_like(error: Exception, body: bytes | None = None, *, announce: Announce | None = None) -> ASGIApp:
    """Make an app whose handler raises this; it answers from a task of its own, after its except block, and returns.

    `body` is what an error handler makes of it. `announce` is told within the except block, of anything but Werkzeug's
    HTTPExceptions.
    """

    async def handle(send: Send) -> None:
        try:
            raise error
        except WerkzeugHTTPError as answered:
            status, headers, page = _quart_answer(answered)
        except Exception as failure:  # noqa: BLE001 - as the framework does
            status, headers, page = 500, [(b"content-type", HTML.encode())], quart_page(500, QUART_DESCRIPTION)
            if announce is not None:
                announce(failure)
        page = page if body is None else body
        if (b"content-length", b"%d" % len(page)) not in headers:
            headers.append((b"content-length", b"%d" % len(page)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": page, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await _first_of(handle(send), _until_disconnect(receive))

    return app


def django_like(error: Exception, body: bytes | None = None, *, announce: Announce | None = None) -> ASGIApp:
    """Make an app whose view raises this; it answers from a task of its own, after its except block, and returns.

    `body` is the project's own page for a 500. `announce` is told in a worker thread, as Django's receivers are.
    """

    async def view() -> tuple[int, list[Header], bytes]:
        try:
            raise error
        except Exception as failure:  # noqa: BLE001 - as the framework does
            await sync_to_async(announce or _ignore, thread_sensitive=False)(failure)
        return 500, [], DJANGO_PAGE if body is None else body

    return _django_app(view)


def django_returning(status: int = 503, body: bytes = b"", headers: Iterable[Header] = ()) -> ASGIApp:
    """Make an app of Django whose view returns this response: Django has no exception for a 5xx."""

    async def view() -> tuple[int, list[Header], bytes]:
        return status, list(headers), body

    return _django_app(view)


def _starlette_app(
    error: Exception, status: int, headers: list[Header], page: bytes, *, raises: bool = False
) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise error
        except Exception:
            await _respond(send, status, headers, page)
            if raises:
                raise
            # Starlette clears it once a handler has answered: what wants the traceback must read it before.
            error.__traceback__ = None

    return app


def _litestar_answer(error: Exception) -> tuple[int, list[Header], bytes]:
    if not isinstance(error, LitestarHTTPError):
        return 500, [], _json({"status_code": 500, "detail": FAILED})
    status = error.status_code
    told: dict[str, object] = {"status_code": status, "detail": FAILED if status == 500 else error.detail}
    if error.extra is not None:
        told["extra"] = error.extra
    return status, _encoded(error.headers), _json(told)


def _django_app(view: Callable[[], Awaitable[tuple[int, list[Header], bytes]]]) -> ASGIApp:
    async def handle(send: Send) -> None:
        status, headers, page = await view()
        await _respond(send, status, [*headers, (b"Content-Type", HTML.encode())], page, more_body=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.request":
            await _first_of(handle(send), _until_disconnect(receive))

    return app


def _quart_answer(error: WerkzeugHTTPError) -> tuple[int, list[Header], bytes]:
    if error.response is not None:
        headers = _encoded(dict(error.response.headers))
        return error.response.status_code, headers, error.response.body.encode()
    status = error.code or 500
    return status, _encoded(dict(error.get_headers())), quart_page(status, error.description or "")


def _ignore(error: Exception) -> None:
    """Stand for a signal without receivers: Django goes through its thread all the same."""


async def _first_of(answering: Awaitable[None], watching: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(answering), asyncio.ensure_future(watching)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(send: Send, status: int, headers: list[Header], body: bytes, **others: object) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    message: Message = {"type": "http.response.body", "body": body, **others}
    await send(message)


def _encoded(headers: object) -> list[Header]:
    pairs = headers.items() if isinstance(headers, dict) else ()
    return [(name.lower().encode(), value.encode()) for name, value in pairs]


def _length_and_type(body: bytes, content_type: str) -> list[Header]:
    return [(b"content-length", b"%d" % len(body)), (b"content-type", content_type.encode())]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
