"""The adapter of Quart: what it answers, and what it leaves alone."""

from __future__ import annotations

from typing import NoReturn

import pytest
from quart import Blueprint, Quart, Response, abort
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, NotFound

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, SECRET
from app.frameworks.quart import make_app
from asgi_stack import AppError, ConflictError, ErrorHandlerMiddleware
from asgi_stack.frameworks.quart import install
from asgi_stack.testing import ASGIClient
from tests.frameworks.quart_views import BROWSER, PAGE, client_of, own, serving, shop, told, values
from tests.frameworks.reports import Reports
from tests.log_capture import LogLines


@pytest.mark.parametrize(
    ("path", "status", "code", "level"),
    [
        ("/nothing", 404, "NOT_FOUND", "info"),
        ("/numbers/x", 404, "NOT_FOUND", "info"),
        ("/items", 405, "METHOD_NOT_ALLOWED", "warning"),
        ("/denied", 403, "FORBIDDEN", "warning"),
        ("/closed", 503, "SERVICE_UNAVAILABLE", "error"),
        ("/conflict", 409, "CONFLICT", "warning"),
        ("/sync/conflict", 409, "CONFLICT", "warning"),
        ("/mounted/items/nope", 404, "NOT_FOUND", "info"),
    ],
)
async def test_own_errors_have_one_shape_and_one_line(
    log_lines: LogLines, path: str, status: int, code: str, level: str
) -> None:
    """Each has its status and code, one line in the log, and a report where it calls for attention."""
    reports = Reports()
    answer = await shop([reports]).get(path)
    (line,) = log_lines("request_failed")

    assert (told(answer), line["level"]) == ((status, code), level)
    assert len(reports.events) == (level == "error")


async def test_headers_of_an_http_exception_are_kept() -> None:
    """A 405 has its Allow, a 503 its Retry-After, each once; length and type are those of the body."""
    refused, closed = await shop().get("/items"), await shop().get("/closed")

    assert [sorted(value.split(b", ")) for value in values(refused, b"allow")] == [[b"OPTIONS", b"POST"]]
    assert values(closed, b"retry-after") == [b"7"]
    assert values(closed, b"content-length") == [b"%d" % len(closed.body)]
    assert values(closed, b"content-type") == [b"application/json"]


@pytest.mark.parametrize("path", ["/nothing", "/denied", "/conflict"])
async def test_own_middlewares_see_the_answer(path: str) -> None:
    """It passes the app's `after_request` functions, which add their headers to it."""
    app = make_app(adapted=True)

    @app.after_request
    async def mark(response: Response) -> Response:
        response.headers["x-seen"] = str(response.status_code)
        return response

    answer = await client_of(app).get(path)

    assert values(answer, b"x-seen") == [b"%d" % answer.status]


async def test_error_layer_alone_is_enough(log_lines: LogLines) -> None:
    """Without a RequestContext the answer is the same, without ids."""
    answer = await ASGIClient(ErrorHandlerMiddleware(make_app(adapted=True))).get("/nothing")

    assert told(answer) == (404, "NOT_FOUND")
    assert [line["event"] for line in log_lines()] == ["request_failed"]


@pytest.mark.parametrize("headers", [BROWSER, [("accept", "application/json"), ("accept", "text/html")]])
@pytest.mark.parametrize("path", ["/nothing", "/items", "/denied"])
async def test_pages_stay(path: str, headers: dict[str, str] | list[tuple[str, str]]) -> None:
    """A client that asks for pages in any Accept header gets what it gets without an adapter, to the byte."""
    adapted, plain = await shop().get(path, headers=headers), await client_of(make_app()).get(path, headers=headers)

    assert (adapted.status, adapted.body) == (plain.status, plain.body)
    assert values(adapted, b"content-type") == PAGE


async def test_app_errors_have_no_page() -> None:
    """There is no page of Quart's for an AppError."""
    assert told(await shop().get("/conflict", headers=BROWSER)) == (409, "CONFLICT")


async def test_default_page_of_a_5xx_is_explained(log_lines: LogLines) -> None:
    """A 503 in default words is the stack's for browsers too, and its line has the exception."""
    answer = await shop().get("/closed", headers=BROWSER)
    (line,) = log_lines("request_failed")

    assert (told(answer), values(answer, b"retry-after")) == ((503, "SERVICE_UNAVAILABLE"), [b"7"])
    assert line["exception_type"] == "werkzeug.exceptions.ServiceUnavailable"


async def test_own_words_of_a_5xx_stay(log_lines: LogLines) -> None:
    """A 503 in the app's own words keeps its page for browsers, and has the line that other clients' have."""

    async def view() -> str:
        abort(503, CLOSED_TEXT)

    answer = await serving(view).get("/view", headers=BROWSER)

    assert (values(answer, b"content-type"), CLOSED_TEXT.encode() in answer.body) == (PAGE, True)
    assert [line["level"] for line in log_lines("request_failed")] == ["error"]


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["json", "browser"])
@pytest.mark.parametrize("path", ["/boom", "/sync/boom", "/mounted/boom"])
async def test_unknown_exceptions_stay_with_the_stack(log_lines: LogLines, path: str, headers: dict[str, str]) -> None:
    """A bug is the stack's 500, with one line of the very exception and where it came from, and one report."""
    reports = Reports()
    answer = await shop([reports]).get(path, headers=headers)
    (line,) = [line for line in log_lines() if line["logger"] != "asgi_stack.request"]

    assert (told(answer), SECRET.encode() in answer.body) == ((500, "INTERNAL_ERROR"), False)
    assert (line["event"], line["level"], line["exception_type"]) == ("request_failed", "error", "RuntimeError")
    assert "fail()" in line["stack_trace"]
    assert [type(event.exception) for event in reports.events] == [RuntimeError]


async def test_exception_that_a_view_wraps_itself(log_lines: LogLines) -> None:
    """An InternalServerError that a view makes around an exception is known by that exception."""

    async def view() -> str:
        raise InternalServerError(original_exception=LookupError(SECRET))

    assert told(await serving(view).get("/view")) == (500, "INTERNAL_ERROR")
    assert [line["exception_type"] for line in log_lines("request_failed")] == ["LookupError"]


@pytest.mark.parametrize("path", ["/echo/boom", "/echo/denied"])
async def test_websockets(log_lines: LogLines, path: str) -> None:
    """Quart closes or refuses a failing websocket without a word; the line is there, once, with its route."""
    async with shop().websocket(path):
        pass
    failed, line = log_lines()

    assert (failed["event"], failed["exception_type"], line["route"]) == ("request_failed", "RuntimeError", path)


async def test_background_task(log_lines: LogLines) -> None:
    """Quart logs what a background task raises; the line has the ids of the request that began it."""
    answer = await shop().post("/notify/boom")
    (line,) = [line for line in log_lines() if "exception_type" in line]

    assert (line["exception_type"], line["level"]) == ("RuntimeError", "error")
    assert [line["correlation_id"].encode()] == values(answer, b"x-correlation-id")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        *((HTTPException, "/nothing"), (NotFound, "/nothing"), (404, "/nothing"), (500, "/boom")),
        *((AppError, "/conflict"), (ConflictError, "/conflict")),
    ],
)
@pytest.mark.parametrize("is_later", [False, True])
async def test_own_handlers_stay(key: int | type[Exception], path: str, is_later: bool) -> None:
    """One for the same class, a more special one or a status wins, registered before or after."""
    app = make_app(adapted=is_later)
    app.register_error_handler(key, own)
    install(app)
    answer = await client_of(app).get(path)

    assert (answer.status, answer.body) == (418, b"mine")


@pytest.mark.parametrize(("key", "error"), [(Exception, ConflictError("It changed")), (403, Forbidden())])
async def test_own_handlers_of_a_blueprint_stay(key: int | type[Exception], error: Exception) -> None:
    """One of a blueprint is asked before the app's, however general."""
    blueprint = Blueprint("shop", __name__)
    blueprint.register_error_handler(key, own)

    @blueprint.get("/view")
    async def view() -> str:
        raise error

    app = Quart("quart_adapter")
    install(app)
    app.register_blueprint(blueprint)

    assert (await client_of(app).get("/view")).body == b"mine"


async def test_handler_of_every_exception_gets_the_rest() -> None:
    """One for Exception gets what the adapter does not answer, whose classes are more special."""
    app = make_app(adapted=True)
    app.register_error_handler(Exception, own)

    assert [(await client_of(app).get(path)).status for path in ("/boom", "/nothing", "/conflict")] == [418, 404, 409]


async def test_own_page_stays(log_lines: LogLines) -> None:
    """A page of the user's own for a 500 leaves as it is, and its exception is known."""
    answer = await client_of(make_app(adapted=True, own_page=True)).get("/boom")

    assert (answer.status, answer.body) == (500, OWN_PAGE.encode())
    assert [line["level"] for line in log_lines("request_failed")] == ["error"]


@pytest.mark.parametrize("status", [None, 404, 503])
async def test_given_responses_stay(status: int | None) -> None:
    """A response that `abort` was given is the answer, with a class of its status or without."""

    async def view() -> NoReturn:
        response = Response("mine", status or 418)
        if status is None:
            abort(response)
        abort(status, response=response)

    answer = await serving(view).get("/view")

    assert (answer.status, answer.body) == (status or 418, b"mine")


async def test_redirects_stay() -> None:
    """A missing slash is a 308 to the path that has it; an HTTPException with a status below 400 is no error."""

    class SeeOther(HTTPException):
        code = 303
        description = "Over there"

    async def view() -> str:
        raise SeeOther

    client = serving(view, "/view/")
    moved, other = await client.get("/view"), await client.get("/view/")

    assert (moved.status, values(moved, b"location")) == (308, [b"http://127.0.0.1:8000/view/"])
    assert (other.status, values(other, b"content-type"), b"Over there" in other.body) == (303, PAGE, True)


@pytest.mark.parametrize("path", ["/nothing", "/items", "/denied", "/closed", "/conflict", "/boom", "/items/1"])
async def test_without_a_stack_quart_answers_as_ever(path: str) -> None:
    """The bare app with an adapter and the one without give the same bytes."""
    adapted, plain = [await ASGIClient(make_app(adapted=flag)).get(path) for flag in (True, False)]

    assert (adapted.status, adapted.headers, adapted.body) == (plain.status, plain.headers, plain.body)


async def test_denied_websocket_keeps_quarts_answer() -> None:
    """An HTTPException before the accept is Quart's denial, a page."""
    async with shop().websocket("/nowhere") as session:
        denial = session.denial

    assert denial is not None
    assert (denial.status, b"<h1>Not Found</h1>" in denial.body) == (404, True)
