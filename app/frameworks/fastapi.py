"""The shop in FastAPI: serve `app.frameworks.fastapi:app`, or `adapted` for one shape of all errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, BackgroundTasks, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, PAGE, SECRET, conflict, fail
from app.models import NewItem
from app.shelf import Item, ItemRepository
from asgi_stack import get_logger, wrap
from asgi_stack.frameworks.fastapi import install

items: Final = ItemRepository()
logger = get_logger(__name__)
router = APIRouter()
mounted_router = APIRouter()


@router.get("/")
async def index() -> dict[str, str]:
    """Say who answers."""
    return {"framework": "FastAPI"}


@mounted_router.get("/items/{item_id}")
@router.get("/items/{item_id}")
async def show_item(item_id: str) -> Item:
    """Show an article; an unknown one is an AppError of the shop's."""
    return items.get(item_id)


@router.get("/sync/items/{item_id}")
def show_item_in_thread(item_id: str) -> Item:
    """Show an article from a worker thread."""
    return items.get(item_id)


@router.get("/numbers/{number}")
async def show_number(number: int) -> dict[str, int]:
    """Take a number off the path."""
    return {"number": number}


@router.post("/items", status_code=201)
async def create_item(new: NewItem) -> Item:
    """Put a new article on the shelf."""
    return items.create(new.name, price_cents=new.price_cents, stock=new.stock)


@router.get("/text", response_class=PlainTextResponse)
async def text() -> str:
    """Answer in plain text."""
    return "hello"


@router.get("/page", response_class=HTMLResponse)
async def page() -> str:
    """Answer with a page."""
    return PAGE


@router.get("/moved")
async def moved() -> RedirectResponse:
    """Send the client elsewhere."""
    return RedirectResponse("/")


@router.get("/stream")
async def stream() -> StreamingResponse:
    """Answer in parts."""

    async def parts() -> AsyncIterator[str]:
        for part in ("one\n", "two\n", "three\n"):
            yield part

    return StreamingResponse(parts(), media_type="text/plain")


async def deliver() -> None:
    """Stand for work after the answer."""
    logger.info("notification_delivered")


@router.post("/notify", status_code=202)
async def notify(tasks: BackgroundTasks) -> dict[str, str]:
    """Answer first, then work."""
    tasks.add_task(deliver)
    return {"status": "accepted"}


@router.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    """Send back what comes."""
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


@mounted_router.get("/boom")
@router.get("/boom")
async def boom() -> Item:
    """Fail as a bug does."""
    fail()


@router.get("/boom/text", response_class=PlainTextResponse)
async def boom_text() -> str:
    """Fail where a text was due."""
    fail()


@router.get("/boom/page", response_class=HTMLResponse)
async def boom_page() -> str:
    """Fail where a page was due."""
    fail()


@router.get("/sync/boom")
def boom_in_thread() -> Item:
    """Fail in a worker thread."""
    fail()


@router.get("/conflict")
async def conflicting() -> Item:
    """Fail as the stack's users do."""
    conflict()


@router.get("/sync/conflict")
def conflicting_in_thread() -> Item:
    """Fail as the stack's users do, in a worker thread."""
    conflict()


@router.get("/denied")
async def denied() -> Item:
    """Refuse in the framework's way."""
    raise HTTPException(403, "Not yours")


@router.get("/closed")
async def closed() -> Item:
    """Refuse on purpose, in the framework's own words."""
    raise HTTPException(503, headers={"Retry-After": "7"})


@router.get("/unexplained")
async def unexplained() -> JSONResponse:
    """Answer as the framework does for a 500, though nothing failed."""
    return JSONResponse({"detail": "Internal Server Error"}, 500)


@router.get("/maintenance")
async def maintenance() -> PlainTextResponse:
    """Refuse on purpose, in words of the shop's own."""
    return PlainTextResponse(CLOSED_TEXT, 503)


@router.get("/handled")
async def handled() -> Item:
    """Fail in a way that a handler of the shop's own answers."""
    raise LookupError(SECRET)


@router.get("/handled/miss")
async def handled_miss() -> Item:
    """Miss something in a way that a handler of the shop's own answers."""
    raise KeyError(SECRET)


@router.get("/stream/boom")
async def stream_boom() -> StreamingResponse:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[str]:
        yield "one\n"
        fail()

    return StreamingResponse(parts(), media_type="text/plain")


@router.post("/notify/boom", status_code=202)
async def notify_boom(tasks: BackgroundTasks) -> dict[str, str]:
    """Fail after the answer."""
    tasks.add_task(fail)
    return {"status": "accepted"}


@router.websocket("/echo/boom")
async def echo_boom(websocket: WebSocket) -> None:
    """Fail once the socket is open."""
    await websocket.accept()
    fail()


@router.websocket("/echo/denied")
async def echo_denied(_websocket: WebSocket) -> None:
    """Fail before the socket is open."""
    fail()


async def answer_lookup(_request: Request, _error: Exception) -> Response:
    """Answer a LookupError."""
    return PlainTextResponse(CLOSED_TEXT, 500)


async def answer_miss(_request: Request, _error: Exception) -> Response:
    """Answer a KeyError."""
    return PlainTextResponse(CLOSED_TEXT, 404)


async def sorry(_request: Request, _error: Exception) -> Response:
    """Give the shop's own error page."""
    return HTMLResponse(OWN_PAGE, 500)


def make_app(*, adapted: bool = False, own_page: bool = False) -> FastAPI:
    """Build the shop.

    Args:
        adapted: Whether its own errors have the stack's shape.
        own_page: Whether it has an error page of its own.
    """
    shop = FastAPI(title="Shop")
    shop.include_router(router)
    shop.add_exception_handler(LookupError, answer_lookup)
    shop.add_exception_handler(KeyError, answer_miss)
    if own_page:
        shop.add_exception_handler(Exception, sorry)
    mounted = FastAPI(title="Mounted")
    mounted.include_router(mounted_router)
    shop.mount("/mounted", mounted)
    if adapted:
        install(shop)
        install(mounted)
    return shop


bare = make_app()
app = wrap(make_app())
adapted = wrap(make_app(adapted=True))
paged = wrap(make_app(own_page=True))
