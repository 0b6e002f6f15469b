"""The shop in Starlette: serve `app.frameworks.starlette:app`, or `adapted` for one shape of all errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Final

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ExceptionHandler, Receive, Scope, Send
from starlette.websockets import WebSocket

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, PAGE, SECRET, conflict, fail
from app.models import NewItem
from app.shelf import ItemRepository
from asgi_stack import get_logger, validate, wrap
from asgi_stack.frameworks.starlette import install

items: Final = ItemRepository()
logger = get_logger(__name__)


async def index(_request: Request) -> Response:
    """Say who answers."""
    return JSONResponse({"framework": "Starlette"})


async def show_item(request: Request) -> Response:
    """Show an article; an unknown one is an AppError of the shop's."""
    return JSONResponse(asdict(items.get(request.path_params["id"])))


def show_item_in_thread(request: Request) -> Response:
    """Show an article from a worker thread."""
    return JSONResponse(asdict(items.get(request.path_params["id"])))


async def show_number(request: Request) -> Response:
    """Take a number off the path."""
    return JSONResponse({"number": request.path_params["number"]})


async def create_item(request: Request) -> Response:
    """Put a new article on the shelf."""
    new = validate(NewItem, await request.body())
    item = items.create(new.name, price_cents=new.price_cents, stock=new.stock)
    return JSONResponse(asdict(item), 201)


async def text(_request: Request) -> Response:
    """Answer in plain text."""
    return PlainTextResponse("hello")


async def page(_request: Request) -> Response:
    """Answer with a page."""
    return HTMLResponse(PAGE)


async def moved(_request: Request) -> Response:
    """Send the client elsewhere."""
    return RedirectResponse("/")


async def stream(_request: Request) -> Response:
    """Answer in parts."""

    async def parts() -> AsyncIterator[str]:
        for part in ("one\n", "two\n", "three\n"):
            yield part

    return StreamingResponse(parts(), media_type="text/plain")


async def deliver() -> None:
    """Stand for work after the answer."""
    logger.info("notification_delivered")


async def notify(_request: Request) -> Response:
    """Answer first, then work."""
    return JSONResponse({"status": "accepted"}, 202, background=BackgroundTask(deliver))


async def echo(websocket: WebSocket) -> None:
    """Send back what comes."""
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


async def boom(_request: Request) -> Response:
    """Fail as a bug does."""
    fail()


def boom_in_thread(_request: Request) -> Response:
    """Fail in a worker thread."""
    fail()


async def boom_text(_request: Request) -> PlainTextResponse:
    """Fail where a text was due."""
    fail()


async def boom_page(_request: Request) -> HTMLResponse:
    """Fail where a page was due."""
    fail()


async def conflicting(_request: Request) -> Response:
    """Fail as the stack's users do."""
    conflict()


def conflicting_in_thread(_request: Request) -> Response:
    """Fail as the stack's users do, in a worker thread."""
    conflict()


async def denied(_request: Request) -> Response:
    """Refuse in the framework's way."""
    raise HTTPException(403, "Not yours")


async def closed(_request: Request) -> Response:
    """Refuse on purpose, in the framework's own words."""
    raise HTTPException(503, headers={"Retry-After": "7"})


async def unexplained(_request: Request) -> Response:
    """Answer as the framework does when a handler fails, though none did."""
    return PlainTextResponse("Internal Server Error", 500)


async def maintenance(_request: Request) -> Response:
    """Refuse on purpose, in words of the shop's own."""
    return PlainTextResponse(CLOSED_TEXT, 503)


async def handled(_request: Request) -> Response:
    """Fail in a way that a handler of the shop's own answers."""
    raise LookupError(SECRET)


async def handled_miss(_request: Request) -> Response:
    """Miss something in a way that a handler of the shop's own answers."""
    raise KeyError(SECRET)


async def answer_lookup(_request: Request, _error: Exception) -> Response:
    """Answer a LookupError."""
    return PlainTextResponse(CLOSED_TEXT, 500)


async def answer_miss(_request: Request, _error: Exception) -> Response:
    """Answer a KeyError."""
    return PlainTextResponse(CLOSED_TEXT, 404)


async def sorry(_request: Request, _error: Exception) -> Response:
    """Give the shop's own error page."""
    return HTMLResponse(OWN_PAGE, 500)


async def stream_boom(_request: Request) -> Response:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[str]:
        yield "one\n"
        fail()

    return StreamingResponse(parts(), media_type="text/plain")


async def notify_boom(_request: Request) -> Response:
    """Fail after the answer."""
    return JSONResponse({"status": "accepted"}, 202, background=BackgroundTask(fail))


async def echo_boom(websocket: WebSocket) -> None:
    """Fail once the socket is open."""
    await websocket.accept()
    fail()


async def echo_denied(_websocket: WebSocket) -> None:
    """Fail before the socket is open."""
    fail()


class Silent:
    """Send nothing at all, which only an endpoint that is ASGI itself can do."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Return without a response."""


MOUNTED: Final = [Route("/items/{id}", show_item), Route("/boom", boom)]
ROUTES: Final = [
    Route("/", index),
    Route("/items", create_item, methods=["POST"]),
    Route("/items/{id}", show_item),
    Route("/sync/items/{id}", show_item_in_thread),
    Route("/numbers/{number:int}", show_number),
    Route("/text", text),
    Route("/page", page),
    Route("/moved", moved),
    Route("/stream", stream),
    Route("/notify", notify, methods=["POST"]),
    WebSocketRoute("/echo", echo),
    Route("/boom", boom),
    Route("/boom/text", boom_text),
    Route("/boom/page", boom_page),
    Route("/sync/boom", boom_in_thread),
    Route("/conflict", conflicting),
    Route("/sync/conflict", conflicting_in_thread),
    Route("/denied", denied),
    Route("/closed", closed),
    Route("/unexplained", unexplained),
    Route("/maintenance", maintenance),
    Route("/handled", handled),
    Route("/handled/miss", handled_miss),
    Route("/stream/boom", stream_boom),
    Route("/notify/boom", notify_boom, methods=["POST"]),
    WebSocketRoute("/echo/boom", echo_boom),
    WebSocketRoute("/echo/denied", echo_denied),
    Route("/silent", Silent()),
]
HANDLERS: Final[dict[type[Exception], ExceptionHandler]] = {LookupError: answer_lookup, KeyError: answer_miss}


def make_app(*, adapted: bool = False, own_page: bool = False) -> Starlette:
    """Build the shop.

    Args:
        adapted: Whether its own errors have the stack's shape.
        own_page: Whether it has an error page of its own.
    """
    mounted = Starlette(routes=MOUNTED)
    handlers = {**HANDLERS, Exception: sorry} if own_page else HANDLERS
    shop = Starlette(routes=[*ROUTES, Mount("/mounted", mounted)], exception_handlers=handlers)
    if adapted:
        install(shop)
        install(mounted)
    return shop


bare = make_app()
app = wrap(make_app())
adapted = wrap(make_app(adapted=True))
paged = wrap(make_app(own_page=True))
