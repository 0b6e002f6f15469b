"""The imitations beside the one framework that the tests have."""

from __future__ import annotations

import sys
from http import HTTPStatus

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ExceptionHandler

from asgi_stack.exceptions import ErrorCode, Severity
from asgi_stack.frameworks.default_bodies import DEFAULT_BODIES
from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.responses import ErrorAnswer
from asgi_stack.types import AnyASGIApp, Message
from tests.driver import Exchange, exchange
from tests.frameworks.foreign_errors import StarletteHTTPError
from tests.frameworks.imitations import starlette_handled, starlette_like


def starlette(error: Exception, handlers: dict[type[Exception], ExceptionHandler] | None = None) -> Starlette:
    """Make a real app whose handler raises this."""

    async def fail(_: Request) -> PlainTextResponse:
        raise error

    return Starlette(routes=[Route("/", fail)], exception_handlers=handlers)


async def own_page(_: Request, __: Exception) -> PlainTextResponse:
    """Answer in the app's own words."""
    return PlainTextResponse("our page", 500)


async def seen(app: AnyASGIApp) -> tuple[Exchange, set[type[BaseException] | None]]:
    """Give what an app did, and the kinds of the current exception while it sent."""
    current: set[type[BaseException] | None] = set()

    def note(_: Message) -> None:
        current.add(sys.exc_info()[0])

    return await exchange(app, on_send=note), current


class TestStarletteLike:
    """Starlette's own answers, message for message."""

    @pytest.mark.parametrize(
        ("real", "imitation"),
        [
            pytest.param(starlette(ValueError()), starlette_like(ValueError()), id="unhandled"),
            pytest.param(
                starlette(ValueError(), {Exception: own_page}),
                starlette_like(ValueError(), b"our page"),
                id="own-page-for-all",
            ),
            pytest.param(
                starlette(ValueError(), {ValueError: own_page}),
                starlette_handled(ValueError(), b"our page"),
                id="own-page-for-one",
            ),
        ],
    )
    async def test_unhandled(self, real: AnyASGIApp, imitation: AnyASGIApp) -> None:
        """Messages, current exception and what is raised at the end are the same."""
        expected, expected_current = await seen(real)
        result, current = await seen(imitation)

        assert result.sent == expected.sent
        assert current == expected_current == {ValueError}
        assert type(result.raised) is type(expected.raised)

    @pytest.mark.parametrize(("detail", "headers"), [(None, None), ("Back at noon", {"Retry-After": "5"})])
    async def test_deliberate(self, detail: str | None, headers: dict[str, str] | None) -> None:
        """An HTTPException is answered while it is the current one, and not raised."""
        expected, expected_current = await seen(starlette(HTTPException(503, detail, headers)))
        result, current = await seen(starlette_like(StarletteHTTPError(503, detail, headers)))

        assert result.sent == expected.sent
        assert (current, expected_current) == ({StarletteHTTPError}, {HTTPException})
        assert result.raised is expected.raised is None


class TestRealStarlette:
    """The data and the real framework."""

    @pytest.mark.parametrize("status", [status.value for status in HTTPStatus if status >= 500])
    async def test_default_bodies(self, status: int) -> None:
        """Starlette's answer to an HTTPException without a detail is a default body of every 5xx."""
        result = await exchange(starlette(HTTPException(status)))

        assert DEFAULT_BODIES.matches(status, result.body)

    async def test_unhandled(self) -> None:
        """Starlette's answer to an unknown exception is a default body."""
        result = await exchange(starlette(ValueError()))

        assert DEFAULT_BODIES.matches(500, result.body)

    def test_http_exception(self) -> None:
        """Starlette's HTTPException is recognised."""
        error = HTTPException(429, "Slow down", {"Retry-After": "5"})

        assert http_error_of(error) == ErrorAnswer(
            429, ErrorCode.RATE_LIMITED, "Slow down", Severity.WARNING, headers=[(b"retry-after", b"5")]
        )
