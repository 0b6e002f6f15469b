"""The adapter of Litestar: what it answers, what it leaves alone, and what the log has of it."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.config.cors import CORSConfig
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.params import FromQuery

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, SECRET, fail
from app.frameworks.litestar import ROUTES, make_app
from asgi_stack import ConflictError, wrap
from asgi_stack.frameworks.litestar import install
from asgi_stack.testing import ASGIClient
from asgi_stack.types import AnyASGIApp
from tests.frameworks.reports import Reports
from tests.log_capture import LogLines

ORIGIN: Final = "http://shop.test"


def client_of(app: AnyASGIApp, *reporters: Reports) -> ASGIClient:
    """Wrap an app whose log is the test's."""
    return ASGIClient(wrap(app, reporters=reporters, configure_logging=False), raise_exceptions=False)


def shop(**options: Any) -> Litestar:  # noqa: ANN401 - Litestar's own options
    """Make the shop with the adapter and options of a test's own."""
    return Litestar(ROUTES, on_app_init=[install], logging_config=None, **options)


@pytest.mark.parametrize(
    ("path", "status", "code", "level"),
    [
        ("/nothing", 404, "NOT_FOUND", "info"),
        ("/items", 405, "METHOD_NOT_ALLOWED", "warning"),
        ("/denied", 403, "FORBIDDEN", "warning"),
        ("/conflict", 409, "CONFLICT", "warning"),
        ("/closed", 503, "SERVICE_UNAVAILABLE", "error"),
        ("/boom", 500, "INTERNAL_ERROR", "error"),
    ],
)
async def test_own_errors_have_one_shape_and_one_line(
    log_lines: LogLines, path: str, status: int, code: str, level: str
) -> None:
    """Each has its status and code, one line in the log, and a report where it calls for attention."""
    reports = Reports()
    answer = await client_of(shop(), reports).get(path)
    (line,) = log_lines("request_failed")

    assert (answer.status, json.loads(answer.body)["error_code"], line["level"]) == (status, code, level)
    assert (b"content-type", b"application/json") in answer.headers
    assert [value for name, value in answer.headers if name == b"content-length"] == [b"%d" % len(answer.body)]
    assert len(reports.events) == (level == "error")


async def test_answer_passes_litestars_own_middlewares() -> None:
    """Its CORS layer adds its header to the answer."""
    client = client_of(shop(cors_config=CORSConfig(allow_origins=[ORIGIN])))
    answer = await client.get("/conflict", headers={"origin": ORIGIN})

    assert (b"access-control-allow-origin", ORIGIN.encode()) in answer.headers


async def test_headers_of_an_http_exception_are_kept() -> None:
    """A 405 has its Allow, a 503 its Retry-After, each once."""
    client = client_of(shop())
    refused, closed = await client.get("/items"), await client.get("/closed")

    assert len([value for name, value in refused.headers if name == b"allow"]) == 1
    assert [value for name, value in closed.headers if name == b"retry-after"] == [b"7"]


async def test_faults_are_told_by_field() -> None:
    """Of the query with their place, of a body with their key, and never with what was sent."""

    @get("/search")
    async def search(limit: FromQuery[int]) -> int:
        return limit

    app = Litestar([*ROUTES, search], on_app_init=[install], logging_config=None)
    query = await client_of(app).get("/search?limit=CANARY")
    body = await client_of(app).post("/items", json={"name": "x", "price_cents": 1, "password": "CANARY"})
    missing = await client_of(app).get("/search")

    assert (query.status, body.status, missing.status) == (400, 400, 400)
    assert json.loads(query.body)["details"] == [
        {"loc": ["query", "limit"], "msg": "Expected `int`, got `str`", "type": "invalid"}
    ]
    assert [fault["loc"] for fault in json.loads(body.body)["details"]] == [["password"]]
    assert json.loads(missing.body)["error_code"] == "VALIDATION_ERROR"
    assert b"CANARY" not in query.body + body.body


def mine(_request: Request[Any, Any, Any], _error: Exception) -> Response[str]:
    """Answer as a handler of the user's."""
    return Response("mine", status_code=418, media_type=MediaType.TEXT)


@pytest.mark.parametrize("key", [HTTPException, NotAuthorizedException, 401])
@pytest.mark.parametrize("layer", ["app", "router"])
async def test_own_handlers_stay(key: Any, layer: str) -> None:  # noqa: ANN401 - a class or a status
    """A handler of the user's for the exception or its status wins, on the app and on any layer inside."""

    @get("/secret")
    async def secret() -> None:
        raise NotAuthorizedException

    handlers: dict[int | type[Exception], Any] = {key: mine}
    if layer == "app":
        app = Litestar([secret], exception_handlers=handlers, on_app_init=[install], logging_config=None)
    else:
        router = Router("/", route_handlers=[secret], exception_handlers=handlers)
        app = Litestar([router], on_app_init=[install], logging_config=None)

    assert (await client_of(app).get("/secret")).body == b"mine"


async def test_users_mapping_of_handlers_is_left_alone() -> None:
    """It may serve several apps, some of them without an adapter."""
    handlers: dict[int | type[Exception], Any] = {ConflictError: mine}
    first = shop(exception_handlers=handlers)

    assert (await client_of(first).get("/conflict")).status == 418
    assert handlers == {ConflictError: mine}


@pytest.mark.parametrize(
    ("options", "level", "reported"),
    [
        ({}, "error", 1),
        ({"debug": True}, "error", 1),
        ({"exception_handlers": {RuntimeError: mine}}, None, 0),
        ({"exception_handlers": {500: mine}}, None, 0),
    ],
    ids=["default page", "debug page", "own handler", "own handler of 500"],
)
async def test_swallowed_exceptions_are_known(
    log_lines: LogLines, options: dict[str, Any], level: str | None, reported: int
) -> None:
    """What Litestar answers itself is an error, its debug page included; what a handler of the app's chose is none."""
    reports = Reports()
    await client_of(shop(**options), reports).get("/boom")

    assert [line["level"] for line in log_lines("request_failed")] == ([] if level is None else [level])
    assert len(reports.events) == reported


async def test_own_answer_to_a_known_exception(log_lines: LogLines) -> None:
    """A handler that chose a 500 is a warning, with the adapter as without it."""
    answer = await client_of(make_app(adapted=True)).get("/handled")

    assert (answer.status, answer.body) == (500, CLOSED_TEXT.encode())
    assert [line["level"] for line in log_lines("request_failed")] == ["warning"]


async def test_own_page_stays() -> None:
    """A page of the app's own for everything leaves as it is."""
    answer = await client_of(make_app(adapted=True, own_page=True)).get("/boom")

    assert (answer.status, answer.body) == (500, OWN_PAGE.encode())


@pytest.mark.parametrize("path", ["/nothing", "/items", "/denied", "/closed", "/conflict", "/boom", "/numbers/7"])
async def test_without_a_stack_litestar_answers_as_ever(path: str) -> None:
    """The bare app with an adapter and the one without give the same bytes."""
    adapted, plain = [await ASGIClient(make_app(adapted=flag)).get(path) for flag in (True, False)]

    assert (adapted.status, adapted.headers, adapted.body) == (plain.status, plain.headers, plain.body)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/items/1", "/items/{item_id}"),
        ("/mounted/items/1", "/mounted/items/{item_id}"),
        ("/mounted/nothing", None),
        ("/nothing", None),
    ],
)
async def test_route_and_path_are_whole(log_lines: LogLines, path: str, route: str | None) -> None:
    """The template has the mount point, and the path is the one that was asked for, in each line."""
    await client_of(make_app(adapted=True)).get(path)
    (line,) = log_lines("request_completed")

    assert (line["path"], line["route"]) == (path, route)


async def test_error_line_of_a_mounted_app_has_the_whole_path(log_lines: LogLines) -> None:
    """Litestar leaves what it stripped out of the scope."""
    await client_of(make_app()).get("/mounted/boom")

    assert [line["path"] for line in log_lines()] == ["/mounted/boom", "/mounted/boom"]


async def test_second_install_changes_nothing() -> None:
    """Handlers, hooks and middlewares are there once."""
    once, twice = Litestar(on_app_init=[install]), Litestar(on_app_init=[install, install])

    assert once.exception_handlers == twice.exception_handlers
    assert (len(once.after_exception), len(once.middleware)) == (len(twice.after_exception), len(twice.middleware))


def test_finished_app_is_refused() -> None:
    """It says where it belongs."""
    with pytest.raises(TypeError, match="on_app_init"):
        install(Litestar(logging_config=None))  # type: ignore[arg-type]  # wrong on purpose


async def test_websocket_failure_is_told_once(log_lines: LogLines) -> None:
    """Litestar closes with 4500; the exception has its line."""
    async with client_of(make_app(adapted=True)).websocket("/echo/boom") as session:
        assert await session.wait_closed() == 4500

    assert [line["exception_message"] for line in log_lines("request_failed")] == [SECRET]


async def test_unknown_exception_outside_of_routes(log_lines: LogLines) -> None:
    """One that a hook raises before any route was found is known too."""

    def broken(app: object) -> AnyASGIApp:
        del app

        async def raising(*_: object) -> None:
            fail()

        return raising

    app = Litestar(ROUTES, on_app_init=[install], middleware=[broken], logging_config=None)
    answer = await client_of(app).get("/text")

    assert (answer.status, [line["exception_message"] for line in log_lines("request_failed")]) == (500, [SECRET])
