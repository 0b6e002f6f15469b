"""What the HTTP exceptions of frameworks tell a client, read from classes that only look like them."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.responses import ErrorAnswer
from tests.frameworks.answers import starlette_error, told
from tests.frameworks.foreign_errors import (
    FastAPIHTTPError,
    Http404,
    LitestarHTTPError,
    MethodNotAllowed,
    PermissionDenied,
    Resolver404,
    ServiceUnavailable,
    StarletteHTTPError,
    SuspiciousOperation,
    WerkzeugHTTPError,
    WerkzeugResponse,
)
from tests.odd_values import Unprintable


class TestStarlette:
    """HTTPException of Starlette and FastAPI."""

    def test_all_parts(self) -> None:
        """Status, detail and headers become status, message and headers."""
        error = StarletteHTTPError(401, "Who are you?", {"WWW-Authenticate": "Basic", "X-Reason": "none"})

        assert told(error) == ErrorAnswer(
            401,
            ErrorCode.UNAUTHORIZED,
            "Who are you?",
            Severity.WARNING,
            headers=[(b"www-authenticate", b"Basic"), (b"x-reason", b"none")],
        )

    def test_subclass(self) -> None:
        """FastAPI's class, and any that an application derives, counts as the one it derives from."""
        kind = type("NoSuchItem", (FastAPIHTTPError,), {"__module__": "shop"})

        assert told(kind(404, "No item 7")).message == "No item 7"

    @pytest.mark.parametrize("detail", [{"field": "name"}, ["a", "b"], 7, False])
    def test_detail_that_is_no_text(self, detail: object) -> None:
        """A detail that is no text goes into the details, and the phrase of the status is the message."""
        answer = told(FastAPIHTTPError(409, detail))

        assert (answer.message, answer.details) == ("Conflict", detail)

    @pytest.mark.parametrize("detail", [None, ""])
    def test_no_detail(self, detail: object) -> None:
        """Without a detail the phrase of the status is the message."""
        answer = told(starlette_error(status_code=503, detail=detail))

        assert (answer.message, answer.details) == ("Service Unavailable", None)

    def test_detail_of_a_500(self) -> None:
        """What the author of an application chose to tell of a 5xx is told."""
        assert told(StarletteHTTPError(500, "The printer is on fire")).message == "The printer is on fire"

    def test_text_of_a_subclass(self) -> None:
        """A detail of a subclass of str becomes a plain text, whatever the subclass shows of itself."""
        kind = type("Markup", (str,), {"__str__": lambda _: 7, "__repr__": lambda _: 7})

        message = told(StarletteHTTPError(400, kind("bad"))).message

        assert type(message) is str
        assert message == "bad"

    def test_member_of_an_enum(self) -> None:
        """A status given as HTTPStatus becomes a plain number."""
        status = told(starlette_error(status_code=HTTPStatus.NOT_FOUND)).status

        assert type(status) is int
        assert status == 404


class TestLitestar:
    """Litestar's HTTPException and all that derive from it."""

    def test_all_parts(self) -> None:
        """The extra becomes the details."""
        error = LitestarHTTPError(400, "Validation failed", {"X-A": "1"}, extra=[{"key": "name"}])

        assert told(error) == ErrorAnswer(
            400, ErrorCode.BAD_REQUEST, "Validation failed", Severity.WARNING, [{"key": "name"}], [(b"x-a", b"1")]
        )

    def test_detail_of_a_500(self) -> None:
        """The detail of a 500 is not told: Litestar keeps it to itself, and puts its own internals there."""
        kind = type("TemplateNotFoundException", (LitestarHTTPError,), {"__module__": LitestarHTTPError.__module__})

        answer = told(kind(500, "Template secret.html not found."))

        assert (answer.message, answer.details) == ("Internal Server Error", None)

    def test_detail_of_a_503(self) -> None:
        """The detail of any other status is told, as Litestar does."""
        assert told(LitestarHTTPError(503, "Back at noon")).message == "Back at noon"


class TestWerkzeug:
    """Werkzeug's HTTPException, which Quart's `abort` raises."""

    def test_allow(self) -> None:
        """A 405 keeps the methods that are allowed."""
        assert told(MethodNotAllowed(["GET", "HEAD"])) == ErrorAnswer(
            405,
            ErrorCode.METHOD_NOT_ALLOWED,
            "The method is not allowed for the requested URL.",
            Severity.WARNING,
            headers=[(b"allow", b"GET, HEAD")],
        )

    def test_retry_after(self) -> None:
        """A 503 keeps when to try again, and the description that it was given."""
        answer = told(ServiceUnavailable("Back at noon", retry_after=5))

        assert (answer.status, answer.message) == (503, "Back at noon")
        assert answer.headers == [(b"retry-after", b"5")]

    def test_ready_response(self) -> None:
        """Around a ready response, its status and headers count, without those that describe its body."""
        response = WerkzeugResponse("moved", 302, [("Location", "/login")])

        assert told(WerkzeugHTTPError(response=response)) == ErrorAnswer(
            302, ErrorCode.HTTP_ERROR, "Found", Severity.INFO, headers=[(b"location", b"/login")]
        )

    def test_no_status(self) -> None:
        """The bare class has no status, and is no HTTP answer."""
        assert http_error_of(WerkzeugHTTPError("lost")) is None

    def test_headers_that_cannot_be_made(self) -> None:
        """When its headers cannot be made, the answer goes without."""
        answer = told(MethodNotAllowed([7]))  # type: ignore[list-item]  # as an application may

        assert (answer.status, answer.headers) == (405, [])


class TestDjango:
    """The exceptions that Django answers with a 4xx."""

    @pytest.mark.parametrize(
        ("error", "status", "code", "message"),
        [
            (Http404("No such poll"), 404, ErrorCode.NOT_FOUND, "No such poll"),
            (Http404(), 404, ErrorCode.NOT_FOUND, "Not Found"),
            (Resolver404({"tried": ["secret/"], "path": "x"}), 404, ErrorCode.NOT_FOUND, "Not Found"),
            (PermissionDenied("Members only"), 403, ErrorCode.FORBIDDEN, "Members only"),
            (PermissionDenied(), 403, ErrorCode.FORBIDDEN, "Forbidden"),
            (SuspiciousOperation("tampered: /etc"), 400, ErrorCode.BAD_REQUEST, "Bad Request"),
        ],
    )
    def test_answers(self, error: Exception, status: int, code: ErrorCode, message: str) -> None:
        """Each has the status that Django gives it, and no more words than Django hands to its pages."""
        severity = Severity.INFO if status == 404 else Severity.WARNING

        assert told(error) == ErrorAnswer(status, code, message, severity, headers=[])

    @pytest.mark.parametrize(
        ("module", "name"),
        [("django.core.exceptions", "BadRequest"), ("django.http.multipartparser", "MultiPartParserError")],
    )
    def test_other_bad_requests(self, module: str, name: str) -> None:
        """What Django takes for a bad request is a 400."""
        kind: type[Exception] = type(name, (Exception,), {"__module__": module})

        assert told(kind("text")) == ErrorAnswer(
            400, ErrorCode.BAD_REQUEST, "Bad Request", Severity.WARNING, headers=[]
        )


class TestOthers:
    """What is no HTTP exception of a known framework."""

    @pytest.mark.parametrize(
        "error",
        [
            ValueError("status_code"),
            KeyboardInterrupt(),
            AppError("ours"),
            ExceptionGroup("many", [StarletteHTTPError(404)]),
            type("HTTPException", (Exception,), {"__module__": "elsewhere", "status_code": 404})(),
            type("HTTPError", (Exception,), {"__module__": "starlette.exceptions", "status_code": 404})(),
            type("HTTPException", (Exception,), {"__module__": ["starlette.exceptions"], "status_code": 404})(),
            type("HTTPException", (Exception,), {"__module__": Unprintable(), "status_code": 404})(),
        ],
    )
    def test_not_recognised(self, error: BaseException) -> None:
        """Neither the name alone, nor the module alone, nor the attributes alone make one."""
        assert http_error_of(error) is None

    @pytest.mark.parametrize("status", [None, "not found", 404.0, True, 99, 100, 199, 600, -1, 10**30, b"404", [404]])
    def test_wrong_status(self, status: object) -> None:
        """Without a status from 200 to 599 it is not recognised."""
        assert http_error_of(starlette_error(status_code=status)) is None

    def test_missing_status(self) -> None:
        """Without any status it is not recognised."""
        assert http_error_of(starlette_error()) is None


class TestCodesAndSeverities:
    """What follows from the status alone."""

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (400, ErrorCode.BAD_REQUEST),
            (401, ErrorCode.UNAUTHORIZED),
            (403, ErrorCode.FORBIDDEN),
            (404, ErrorCode.NOT_FOUND),
            (405, ErrorCode.METHOD_NOT_ALLOWED),
            (409, ErrorCode.CONFLICT),
            (413, ErrorCode.PAYLOAD_TOO_LARGE),
            (415, ErrorCode.UNSUPPORTED_MEDIA_TYPE),
            (422, ErrorCode.VALIDATION_ERROR),
            (429, ErrorCode.RATE_LIMITED),
            (500, ErrorCode.INTERNAL_ERROR),
            (503, ErrorCode.SERVICE_UNAVAILABLE),
            (504, ErrorCode.DEADLINE_EXCEEDED),
            (200, ErrorCode.HTTP_ERROR),
            (204, ErrorCode.HTTP_ERROR),
            (304, ErrorCode.HTTP_ERROR),
            (402, ErrorCode.HTTP_ERROR),
            (418, ErrorCode.HTTP_ERROR),
            (502, ErrorCode.HTTP_ERROR),
            (599, ErrorCode.HTTP_ERROR),
        ],
    )
    def test_code(self, status: int, code: ErrorCode) -> None:
        """A status has the code whose documented status it is, and HTTP_ERROR where there is none."""
        answer = told(starlette_error(status_code=status))

        assert (answer.status, answer.error_code) == (status, code)
        assert answer.message

    @pytest.mark.parametrize(
        ("status", "severity"),
        [
            (200, Severity.INFO),
            (399, Severity.INFO),
            (400, Severity.WARNING),
            (404, Severity.INFO),
            (499, Severity.WARNING),
            (500, Severity.ERROR),
            (599, Severity.ERROR),
        ],
    )
    def test_severity(self, status: int, severity: Severity) -> None:
        """A miss is ordinary, another 4xx the client's doing, a 5xx the server's failure."""
        assert told(starlette_error(status_code=status)).severity is severity
