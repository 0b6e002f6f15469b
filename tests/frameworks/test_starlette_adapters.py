"""The adapters of Starlette and FastAPI: what they answer, and what they leave alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from app.frameworks import fastapi as fastapi_shop
from app.frameworks import starlette as starlette_shop
from asgi_stack import ConflictError, ErrorHandlerMiddleware, ServiceUnavailableError, wrap
from asgi_stack.error_mapping import ErrorHandlers
from asgi_stack.frameworks import fastapi, starlette
from asgi_stack.reporting import ErrorReporter
from asgi_stack.testing import ASGIClient
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send
from tests.frameworks.reports import Reports
from tests.log_capture import LogLines

ORIGIN: Final = "http://shop.test"


@dataclass(frozen=True)
class Framework:
    """One of the two, which share most of their adapters."""

    name: str
    install: Callable[[Any], None]
    make_shop: Callable[..., Starlette]
    make_bare: Callable[[], Starlette]


FRAMEWORKS: Final = (
    Framework("starlette", starlette.install, starlette_shop.make_app, Starlette),
    Framework("fastapi", fastapi.install, fastapi_shop.make_app, FastAPI),
)


@pytest.fixture(params=FRAMEWORKS, ids=lambda framework: framework.name)
def framework(request: pytest.FixtureRequest) -> Framework:
    """Give each framework."""
    assert isinstance(request.param, Framework)
    return request.param


def wrapped(
    app: AnyASGIApp, handlers: ErrorHandlers | None = None, reporters: Sequence[ErrorReporter] = ()
) -> AnyASGIApp:
    """Wrap an app whose log is the test's."""
    return wrap(app, handlers=handlers, reporters=reporters, configure_logging=False)


async def test_app_error_is_seen_by_own_middlewares(framework: Framework) -> None:
    """The answer to an AppError passes the app's own CORS layer, which adds its header to it."""
    shop = framework.make_shop(adapted=True)
    shop.add_middleware(CORSMiddleware, allow_origins=[ORIGIN])
    client = ASGIClient(wrapped(shop))

    for path in ("/conflict", "/nothing", "/numbers/x"):
        response = await client.get(path, headers={"origin": ORIGIN})
        assert (b"access-control-allow-origin", ORIGIN.encode()) in response.headers


@pytest.mark.parametrize(
    ("path", "status", "code", "level"),
    [
        ("/nothing", 404, "NOT_FOUND", "info"),
        ("/items", 405, "METHOD_NOT_ALLOWED", "warning"),
        ("/denied", 403, "FORBIDDEN", "warning"),
        ("/conflict", 409, "CONFLICT", "warning"),
        ("/sync/conflict", 409, "CONFLICT", "warning"),
        ("/closed", 503, "SERVICE_UNAVAILABLE", "error"),
        ("/mounted/nothing", 404, "NOT_FOUND", "info"),
    ],
)
async def test_own_errors_have_one_shape_and_one_line(
    framework: Framework, log_lines: LogLines, path: str, status: int, code: str, level: str
) -> None:
    """Each has its status and code, and one line in the log."""
    response = await ASGIClient(wrapped(framework.make_shop(adapted=True))).get(path)
    (line,) = log_lines("request_failed")

    assert (response.status, json.loads(response.body)["error_code"]) == (status, code)
    assert line["level"] == level


async def test_headers_of_an_http_exception_are_kept(framework: Framework) -> None:
    """A 405 has its Allow, a 503 its Retry-After, each once, and the length is that of the body."""
    client = ASGIClient(wrapped(framework.make_shop(adapted=True)))
    refused, closed = await client.get("/items"), await client.get("/closed")

    assert [value for name, value in refused.headers if name == b"allow"] == [b"POST"]
    assert [value for name, value in closed.headers if name == b"retry-after"] == [b"7"]
    assert [value for name, value in closed.headers if name == b"content-length"] == [b"%d" % len(closed.body)]


async def test_only_what_calls_for_attention_is_reported(framework: Framework) -> None:
    """A 503 is reported, once; a 404 and a 409 are not."""
    reports = Reports()
    client = ASGIClient(wrapped(framework.make_shop(adapted=True), reporters=[reports]))
    for path in ("/nothing", "/conflict", "/closed"):
        await client.get(path)

    assert [event.error_code for event in reports.events] == ["SERVICE_UNAVAILABLE"]


async def test_unknown_exceptions_stay_with_the_stack(framework: Framework, log_lines: LogLines) -> None:
    """A bug is a 500 with one error line, as without an adapter."""
    response = await ASGIClient(wrapped(framework.make_shop(adapted=True))).get("/boom")
    (line,) = log_lines("request_failed")

    assert (response.status, json.loads(response.body)["error_code"]) == (500, "INTERNAL_ERROR")
    assert (line["exception_type"], "fail()" in line["stack_trace"]) == ("RuntimeError", True)


@pytest.mark.parametrize("path", ["/nothing", "/items", "/denied", "/numbers/x", "/closed"])
async def test_without_a_stack_the_framework_answers_as_ever(framework: Framework, path: str) -> None:
    """The bare app with an adapter and the one without give the same bytes."""
    adapted = await ASGIClient(framework.make_shop(adapted=True)).get(path)
    plain = await ASGIClient(framework.make_shop()).get(path)

    assert (adapted.status, adapted.headers, adapted.body) == (plain.status, plain.headers, plain.body)


async def test_without_a_stack_an_app_error_is_raised(framework: Framework) -> None:
    """Nobody is there to answer it, and nothing hides it from a test: Starlette's 500 comes first."""
    response = await ASGIClient(framework.make_shop(adapted=True)).get("/conflict")

    assert isinstance(response.raised, ConflictError)


async def _own(_request: Request, _error: Exception) -> Response:
    return PlainTextResponse("mine", 418)


@pytest.mark.parametrize("key", [HTTPException, 404])
@pytest.mark.parametrize("is_later", [False, True])
async def test_own_handlers_stay(framework: Framework, key: int | type[Exception], is_later: bool) -> None:
    """A handler of the user's for HTTPException or a status wins, added before or after."""
    app = framework.make_bare()
    if is_later:
        framework.install(app)
    app.add_exception_handler(key, _own)
    framework.install(app)
    response = await ASGIClient(wrapped(app)).get("/nothing")

    assert (response.status, response.body) == (418, b"mine")


async def test_own_handler_of_app_errors_stays(framework: Framework) -> None:
    """As above, for AppErrors."""
    app = framework.make_shop()
    app.add_exception_handler(ConflictError, _own)
    framework.install(app)

    assert (await ASGIClient(wrapped(app)).get("/conflict")).body == b"mine"


async def test_second_install_changes_nothing(framework: Framework) -> None:
    """The handlers are the same after it."""
    app = framework.make_bare()
    framework.install(app)
    first = dict(app.exception_handlers)
    framework.install(app)

    assert app.exception_handlers == first


def test_wrapped_app_is_refused(framework: Framework) -> None:
    """Install comes before wrap, and says so."""
    with pytest.raises(TypeError, match="before it is wrapped"):
        framework.install(wrapped(framework.make_bare()))


async def test_late_install_is_refused(framework: Framework) -> None:
    """Once a request was served the handlers are fixed; a call without effect would go unnoticed."""
    app = framework.make_bare()
    await ASGIClient(app).get("/")

    with pytest.raises(RuntimeError, match="before the first request"):
        framework.install(app)


def test_starlette_app_is_no_fastapi_app() -> None:
    """FastAPI's adapter needs FastAPI's defaults."""
    with pytest.raises(TypeError, match="takes a FastAPI app"):
        fastapi.install(Starlette())  # type: ignore[arg-type]  # wrong on purpose


async def test_invalid_body_is_told_by_field() -> None:
    """FastAPI's 422 has place, message and kind of each fault, and never what was sent."""
    client = ASGIClient(wrapped(fastapi_shop.make_app(adapted=True)))
    response = await client.post("/items", json={"name": 3, "price_cents": 1, "password": "hunter2"})
    body = json.loads(response.body)

    assert (response.status, body["error_code"], body["message"]) == (422, "VALIDATION_ERROR", "The data is not valid")
    assert body["details"] == [
        {"loc": ["body", "name"], "msg": "Input should be a valid string", "type": "string_type"},
        {"loc": ["body", "password"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"},
    ]
    assert b"hunter2" not in response.body


async def test_users_mapping_of_validation_errors_counts() -> None:
    """`handlers` of the error layer come before what the adapter makes of a RequestValidationError."""
    from fastapi.exceptions import RequestValidationError  # noqa: PLC0415 - one test's own

    def busy(_error: Exception) -> ServiceUnavailableError:
        return ServiceUnavailableError("Not today")

    client = ASGIClient(wrapped(fastapi_shop.make_app(adapted=True), handlers={RequestValidationError: busy}))

    assert (await client.get("/numbers/x")).status == 503


async def test_problem_details_come_from_inside_too(framework: Framework) -> None:
    """A client that asks for problem details gets them."""
    client = ASGIClient(wrapped(framework.make_shop(adapted=True)))
    response = await client.get("/nothing", headers={"accept": "application/problem+json"})

    assert (b"content-type", b"application/problem+json") in response.headers
    assert json.loads(response.body)["status"] == 404


async def test_denied_websocket_keeps_the_frameworks_answer(framework: Framework) -> None:
    """An HTTPException before the accept is Starlette's denial, and an AppError the stack's, as without an adapter."""

    async def refuse(_websocket: WebSocket) -> None:
        raise HTTPException(403, "Not yours")

    async def conflicting(_websocket: WebSocket) -> None:
        raise ConflictError("It changed")

    app = framework.make_bare()
    app.router.routes += [WebSocketRoute("/refuse", refuse), WebSocketRoute("/conflict", conflicting)]
    framework.install(app)
    client = ASGIClient(wrapped(app))
    statuses = {}
    for path in ("/refuse", "/conflict"):
        async with client.websocket(path) as session:
            statuses[path] = session.denial.status if session.denial else None

    assert statuses == {"/refuse": 403, "/conflict": 409}


async def test_error_layer_alone_is_enough(framework: Framework, log_lines: LogLines) -> None:
    """Without a RequestContext the answer is the same, without ids."""
    app = framework.make_bare()
    framework.install(app)
    response = await ASGIClient(ErrorHandlerMiddleware(app)).get("/nothing")

    assert json.loads(response.body)["error_code"] == "NOT_FOUND"
    assert [line["event"] for line in log_lines()] == ["request_failed"]


async def test_exception_after_the_start_is_not_answered_twice(framework: Framework) -> None:
    """Starlette asks no handler once a response has started; the stack cuts it, as without an adapter."""

    class Half:
        """An endpoint that starts to answer, then finds nothing."""

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Start, and raise."""
            del scope, receive
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise HTTPException(404)

    app = framework.make_bare()
    app.router.routes.append(Route("/half", Half()))
    framework.install(app)
    response = await ASGIClient(wrapped(app), raise_exceptions=False).get("/half")

    assert (response.status, response.body, response.raised is None) == (200, b"", False)
