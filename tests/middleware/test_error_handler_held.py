"""The truth table of held responses: what leaves, what is logged and what is reported, for each kind of framework."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest

from asgi_stack import ConflictError, ErrorHandlerMiddleware, Pipeline, RequestContext, RequestContextMiddleware
from asgi_stack.options import Replace5xx
from asgi_stack.types import ASGIApp
from tests.driver import Exchange, exchange
from tests.frameworks.foreign_errors import FastAPIHTTPError, LitestarHTTPError, ServiceUnavailable, StarletteHTTPError
from tests.frameworks.imitations import (
    DJANGO_PAGE,
    QUART_DESCRIPTION,
    django_like,
    django_returning,
    fastapi_like,
    litestar_like,
    quart_like,
    quart_page,
    starlette_handled,
    starlette_like,
)
from tests.log_capture import LogLines
from tests.reporting.kept import Kept

OWN: Final = b"<h1>We are sorry</h1>"
SECRET: Final = "CANARY-27182"

OURS: Final = "ours"
APPS: Final = "the app's"
REPORTED: Final = "reported"
WARNING: Final = "warning"


@dataclass(frozen=True)
class Row:
    """One way to answer a failing handler, and what must come of it by default.

    Attributes:
        app: Makes the app, given what its handler raises.
        error: Makes what its handler raises.
        own: What the app answers, to the byte.
        leaves: Whose response leaves: `ours` or the app's.
        told: The level of the one error line, or `reported`, which is an error that the reporters are told of too; None
            for no line.
        status: The status of the app's own response.
    """

    name: str
    app: Callable[[Exception], ASGIApp]
    own: bytes
    leaves: str
    told: str | None
    error: Callable[[], Exception] = lambda: ValueError(SECRET)
    status: int = 500

    @property
    def levels(self) -> list[str]:
        """The levels of the lines."""
        return [] if self.told is None else ["error" if self.told == REPORTED else self.told]


def record(error: Exception) -> None:
    """Note the exception as a framework's adapter does."""
    request = RequestContext.current()
    assert request is not None
    request.error = error


TEXT: Final = b"Internal Server Error"
LITESTAR: Final = b'{"status_code":500,"detail":"Internal Server Error"}'
QUART: Final = quart_page(500, QUART_DESCRIPTION)

ROWS: Final = (
    # A default body, and the exception is known.
    Row("starlette", starlette_like, TEXT, OURS, REPORTED),
    Row("fastapi", fastapi_like, TEXT, OURS, REPORTED),
    Row("litestar-json", litestar_like, LITESTAR, OURS, REPORTED),
    Row("litestar-text", lambda e: litestar_like(e, media_type="text/plain"), LITESTAR, OURS, REPORTED),
    Row("litestar-html", lambda e: litestar_like(e, media_type="text/html"), LITESTAR, OURS, REPORTED),
    Row("quart-recorded", lambda e: quart_like(e, announce=record), QUART, OURS, REPORTED),
    Row("django-recorded", lambda e: django_like(e, announce=record), DJANGO_PAGE, OURS, REPORTED),
    # A default body, and nobody knows why.
    Row("quart", quart_like, QUART, OURS, REPORTED),
    Row("django", django_like, DJANGO_PAGE, OURS, REPORTED),
    Row(
        "quart-503",
        quart_like,
        b"",
        OURS,
        "error",
        error=ServiceUnavailable,
        status=503,
    ),
    # The app's own content, and the exception is known for certain.
    Row("starlette-own", lambda e: starlette_like(e, OWN), OWN, APPS, REPORTED),
    Row("quart-own-recorded", lambda e: quart_like(e, OWN, announce=record), OWN, APPS, REPORTED),
    Row("django-own-recorded", lambda e: django_like(e, OWN, announce=record), OWN, APPS, REPORTED),
    # The app's own content, and the exception is known by sys.exc_info() alone.
    Row("starlette-handled", lambda e: starlette_handled(e, OWN), OWN, APPS, WARNING),
    Row("litestar-own", lambda e: litestar_like(e, OWN), OWN, APPS, WARNING),
    # The app's own content, and there is no exception.
    Row("quart-own", lambda e: quart_like(e, OWN), OWN, APPS, None),
    Row("django-own", lambda e: django_like(e, OWN), OWN, APPS, None),
    Row("django-503", lambda _: django_returning(503, OWN), OWN, APPS, None, status=503),
)
"""Each row of the table, for each framework that can come there."""


def body_of(row: Row) -> bytes:
    """Give what the app of a row answers without the stack."""
    if row.own:
        return row.own
    return quart_page(503, str(getattr(row.error(), "description", "")))


async def answer(row: Row, reports: Kept, replace_5xx: Replace5xx = "default_bodies") -> Exchange:
    """Call a row's app inside the layers for ids and errors."""
    layers = (
        Pipeline()
        .use(RequestContextMiddleware)
        .use(ErrorHandlerMiddleware, replace_5xx=replace_5xx, reporters=[reports])
    )
    return await exchange(layers.build(row.app(row.error())))


def error_lines(log_lines: LogLines) -> list[dict[str, object]]:
    """Give the lines of the error layer."""
    return [line for line in log_lines() if line["logger"] == "asgi_stack.errors"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
class TestTable:
    """Every row, for every framework and every value of the option."""

    async def test_default(self, row: Row, log_lines: LogLines) -> None:
        """A default body makes way for an ErrorResponse, the app's own content leaves byte for byte."""
        reports = Kept()

        seen = await answer(row, reports)

        assert (seen.raised, seen.status) == (None, row.status)
        if row.leaves == OURS:
            assert set(json.loads(seen.body)) > {"error_code", "correlation_id"}
            assert len(seen.values("content-type")) == 1
            assert seen.values("content-length") == [str(len(seen.body))]
        else:
            assert seen.body == body_of(row)
        assert SECRET.encode() not in seen.body
        assert [line["level"] for line in error_lines(log_lines)] == row.levels
        assert len(reports.events) == (row.told == REPORTED)

    async def test_never(self, row: Row, log_lines: LogLines) -> None:
        """With `never` everything leaves as the app sent it; what is logged and reported stays the same."""
        reports = Kept()

        seen = await answer(row, reports, "never")

        assert (seen.raised, seen.status, seen.body) == (None, row.status, body_of(row))
        assert [line["level"] for line in error_lines(log_lines)] == row.levels
        assert len(reports.events) == (row.told == REPORTED)

    async def test_always(self, row: Row, log_lines: LogLines) -> None:
        """With `always` an ErrorResponse of the same status leaves; an exception that is known is an error."""
        reports = Kept()
        expected = ["error" for _ in row.levels]

        seen = await answer(row, reports, "always")

        assert (seen.raised, seen.status) == (None, row.status)
        assert SECRET.encode() not in seen.body
        assert set(json.loads(seen.body)) > {"error_code", "correlation_id"}
        assert [line["level"] for line in error_lines(log_lines)] == expected


class TestAppErrors:
    """An AppError out of a framework's handler has its own status."""

    @pytest.mark.parametrize(
        "app",
        [
            pytest.param(starlette_like, id="starlette"),
            pytest.param(litestar_like, id="litestar"),
            pytest.param(lambda error: quart_like(error, announce=record), id="quart"),
            pytest.param(lambda error: django_like(error, announce=record), id="django"),
        ],
    )
    async def test_replaces_the_default_page(self, app: Callable[[Exception], ASGIApp], log_lines: LogLines) -> None:
        """A ConflictError is a 409 with its own words, though the framework answered 500, and no report."""
        reports = Kept()
        error = ConflictError("It changed", details={"version": 2})

        seen = await answer(Row("", app, b"", OURS, None, error=lambda: error), reports)

        body = json.loads(seen.body)
        assert (seen.status, body["error_code"], body["details"]) == (409, "CONFLICT", {"version": 2})
        assert [line["level"] for line in error_lines(log_lines)] == ["warning"]
        assert "late_error" not in error_lines(log_lines)[0]
        assert reports.events == []


class TestHTTPExceptions:
    """A framework's deliberate 5xx with its default words is told in the stack's form; one with own words stays."""

    @pytest.mark.parametrize(
        ("app", "error"),
        [
            pytest.param(starlette_like, StarletteHTTPError(503, headers={"Retry-After": "7"}), id="starlette"),
            pytest.param(fastapi_like, FastAPIHTTPError(503, headers={"Retry-After": "7"}), id="fastapi"),
            pytest.param(litestar_like, LitestarHTTPError(503, headers={"Retry-After": "7"}), id="litestar"),
        ],
    )
    async def test_default_words_keep_status_and_headers(
        self, app: Callable[[Exception], ASGIApp], error: Exception
    ) -> None:
        """The ErrorResponse has the status, and the exception's headers."""
        seen = await exchange(ErrorHandlerMiddleware(app(error)))

        assert (seen.status, json.loads(seen.body)["error_code"]) == (503, "SERVICE_UNAVAILABLE")
        assert seen.values("retry-after") == ["7"]

    @pytest.mark.parametrize(
        ("app", "error"),
        [
            pytest.param(starlette_like, StarletteHTTPError(503, "Back at ten"), id="starlette"),
            pytest.param(fastapi_like, FastAPIHTTPError(503, {"until": 10}), id="fastapi"),
            pytest.param(litestar_like, LitestarHTTPError(503, "Back at ten"), id="litestar"),
            pytest.param(litestar_like, LitestarHTTPError(503, extra={"until": 10}), id="litestar-extra"),
            pytest.param(quart_like, ServiceUnavailable("Back at ten"), id="quart"),
        ],
    )
    async def test_own_words_leave_untouched(self, app: Callable[[Exception], ASGIApp], error: Exception) -> None:
        """The response is byte for byte the app's, headers included."""
        bare = await exchange(app(error))

        seen = await exchange(ErrorHandlerMiddleware(app(error)))

        assert seen.sent == bare.sent

    async def test_headers_are_kept_where_nobody_knows_why(self) -> None:
        """A default page of unknown cause keeps Retry-After, Allow and WWW-Authenticate, and loses its cookie."""
        headers = [(b"Retry-After", b"7"), (b"Set-Cookie", b"a=b"), (b"WWW-Authenticate", b"Basic")]
        app = django_returning(500, DJANGO_PAGE, headers)

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.status, json.loads(seen.body)["error_code"]) == (500, "INTERNAL_ERROR")
        assert seen.values("retry-after") == ["7"]
        assert seen.values("www-authenticate") == ["Basic"]
        assert seen.values("set-cookie") == []
