"""The shop in Litestar: serve `app.frameworks.litestar:app`, or `adapted` for one shape of all errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from litestar import Litestar, MediaType, Request, Response, WebSocket, asgi, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import HTTPException
from litestar.params import FromPath, JSONBody
from litestar.response import Redirect, Stream
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, PAGE, SECRET, conflict, fail
from app.models import NewItem
from app.shelf import Item, ItemRepository
from asgi_stack import get_logger, wrap
from asgi_stack.frameworks.litestar import install

items: Final = ItemRepository()
logger = get_logger(__name__)


@get("/")
async def index() -> dict[str, str]:
    """Say who answers."""
    return {"framework": "Litestar"}


@get("/items/{item_id:str}")
async def show_item(item_id: FromPath[str]) -> Item:
    """Show an article; an unknown one is an AppError of the shop's."""
    return items.get(item_id)


@get("/sync/items/{item_id:str}", sync_to_thread=True)
def show_item_in_thread(item_id: FromPath[str]) -> Item:
    """Show an article from a worker thread."""
    return items.get(item_id)


@get("/numbers/{number:int}")
async def show_number(number: FromPath[int]) -> dict[str, int]:
    """Take a number off the path."""
    return {"number": number}


@post("/items")
async def create_item(data: JSONBody[NewItem]) -> Item:
    """Put a new article on the shelf."""
    return items.create(data.name, price_cents=data.price_cents, stock=data.stock)


@get("/text", media_type=MediaType.TEXT)
async def text() -> str:
    """Answer in plain text."""
    return "hello"


@get("/page", media_type=MediaType.HTML)
async def page() -> str:
    """Answer with a page."""
    return PAGE


@get("/moved", status_code=307)
async def moved() -> Redirect:
    """Send the client elsewhere."""
    return Redirect("/")


@get("/stream")
async def stream() -> Stream:
    """Answer in parts."""

    async def parts() -> AsyncIterator[str]:
        for part in ("one\n", "two\n", "three\n"):
            yield part

    return Stream(parts(), media_type="text/plain")


async def deliver() -> None:
    """Stand for work after the answer."""
    logger.info("notification_delivered")


async def deliver_nothing() -> None:
    """Stand for work that fails after the answer."""
    fail()


@post("/notify", status_code=202)
async def notify() -> Response[dict[str, str]]:
    """Answer first, then work."""
    return Response({"status": "accepted"}, background=BackgroundTask(deliver))


@websocket("/echo")
async def echo(socket: WebSocket[Any, Any, Any]) -> None:
    """Send back what comes."""
    await socket.accept()
    async for message in socket.iter_data("text"):
        await socket.send_text(message)


@get("/boom")
async def boom() -> Item:
    """Fail as a bug does."""
    fail()


@get("/boom/text", media_type=MediaType.TEXT)
async def boom_text() -> str:
    """Fail where a text was due."""
    fail()


@get("/boom/page", media_type=MediaType.HTML)
async def boom_page() -> str:
    """Fail where a page was due."""
    fail()


@get("/sync/boom", sync_to_thread=True)
def boom_in_thread() -> Item:
    """Fail in a worker thread."""
    fail()


@get("/conflict")
async def conflicting() -> Item:
    """Fail as the stack's users do."""
    conflict()


@get("/sync/conflict", sync_to_thread=True)
def conflicting_in_thread() -> Item:
    """Fail as the stack's users do, in a worker thread."""
    conflict()


@get("/denied")
async def denied() -> Item:
    """Refuse in the framework's way."""
    raise HTTPException("Not yours", status_code=403)


@get("/closed")
async def closed() -> Item:
    """Refuse on purpose, in the framework's own words."""
    raise HTTPException(status_code=503, headers={"Retry-After": "7"})


@get("/unexplained")
async def unexplained() -> Response[dict[str, object]]:
    """Answer as the framework does when a handler fails, though none did."""
    return Response({"status_code": 500, "detail": "Internal Server Error"}, status_code=500)


@get("/maintenance", media_type=MediaType.TEXT, status_code=503)
async def maintenance() -> str:
    """Refuse on purpose, in words of the shop's own."""
    return CLOSED_TEXT


@get("/handled")
async def handled() -> Item:
    """Fail in a way that a handler of the shop's own answers."""
    raise LookupError(SECRET)


@get("/handled/miss")
async def handled_miss() -> Item:
    """Miss something in a way that a handler of the shop's own answers."""
    raise KeyError(SECRET)


@get("/stream/boom")
async def stream_boom() -> Stream:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[str]:
        yield "one\n"
        fail()

    return Stream(parts(), media_type="text/plain")


@post("/notify/boom", status_code=202)
async def notify_boom() -> Response[dict[str, str]]:
    """Fail after the answer."""
    return Response({"status": "accepted"}, background=BackgroundTask(deliver_nothing))


@websocket("/echo/boom")
async def echo_boom(socket: WebSocket[Any, Any, Any]) -> None:
    """Fail once the socket is open."""
    await socket.accept()
    fail()


@websocket("/echo/denied")
async def echo_denied(socket: WebSocket[Any, Any, Any]) -> None:
    """Fail before the socket is open."""
    del socket
    fail()


def answer_lookup(_request: Request[Any, Any, Any], _error: LookupError) -> Response[str]:
    """Answer a LookupError."""
    return Response(CLOSED_TEXT, status_code=500, media_type=MediaType.TEXT)


def answer_miss(_request: Request[Any, Any, Any], _error: KeyError) -> Response[str]:
    """Answer a KeyError."""
    return Response(CLOSED_TEXT, status_code=404, media_type=MediaType.TEXT)


def sorry(_request: Request[Any, Any, Any], _error: Exception) -> Response[str]:
    """Give the shop's own error page."""
    return Response(OWN_PAGE, status_code=500, media_type=MediaType.HTML)


ROUTES: Final[Sequence[ControllerRouterHandler]] = (
    *(index, show_item, show_item_in_thread, show_number, create_item, text, page, moved, stream, notify, echo),
    *(boom, boom_text, boom_page, boom_in_thread, conflicting, conflicting_in_thread, denied, closed, unexplained),
    *(maintenance, handled, handled_miss, stream_boom, notify_boom, echo_boom, echo_denied),
)
HANDLERS: Final[ExceptionHandlersMap] = {LookupError: answer_lookup, KeyError: answer_miss}


def make_app(*, adapted: bool = False, own_page: bool = False) -> Litestar:
    """Build the shop.

    Args:
        adapted: Whether its own errors have the stack's shape.
        own_page: Whether it has an error page of its own.
    """
    at_start = [install] if adapted else None
    mounted = Litestar([show_item, boom], on_app_init=at_start)
    mount = asgi("/mounted", is_mount=True, copy_scope=True)(mounted)
    handlers = {**HANDLERS, Exception: sorry} if own_page else HANDLERS
    return Litestar([*ROUTES, mount], exception_handlers=handlers, on_app_init=at_start)


bare = make_app()
app = wrap(make_app())
adapted = wrap(make_app(adapted=True))
paged = wrap(make_app(own_page=True))
