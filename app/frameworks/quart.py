"""The shop in Quart: serve `app.frameworks.quart:app`, or `adapted` for one shape of all errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from quart import Blueprint, Quart, Response, abort, current_app, redirect, request, websocket
from werkzeug.exceptions import InternalServerError, ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE, PAGE, SECRET, conflict, fail
from app.models import NewItem
from app.shelf import ItemRepository
from asgi_stack import get_logger, validate, wrap
from asgi_stack.frameworks.quart import install

Answer: TypeAlias = dict[str, Any]
Text: TypeAlias = tuple[str, int, dict[str, str]]

PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}

items: Final = ItemRepository()
logger = get_logger(__name__)
shop = Blueprint("shop", __name__)
mounted = Blueprint("mounted", __name__, url_prefix="/mounted")


@shop.get("/")
async def index() -> Answer:
    """Say who answers."""
    return {"framework": "Quart"}


@mounted.get("/items/<item_id>")
@shop.get("/items/<item_id>")
async def show_item(item_id: str) -> Answer:
    """Show an article; an unknown one is an AppError of the shop's."""
    return asdict(items.get(item_id))


@shop.get("/sync/items/<item_id>")
def show_item_in_thread(item_id: str) -> Answer:
    """Show an article from a worker thread."""
    return asdict(items.get(item_id))


@shop.get("/numbers/<int:number>")
async def show_number(number: int) -> Answer:
    """Take a number off the path."""
    return {"number": number}


@shop.post("/items")
async def create_item() -> tuple[Answer, int]:
    """Put a new article on the shelf."""
    new = validate(NewItem, await request.get_data(as_text=False))
    item = items.create(new.name, price_cents=new.price_cents, stock=new.stock)
    return asdict(item), HTTPStatus.CREATED


@shop.get("/text")
async def text() -> Text:
    """Answer in plain text."""
    return "hello", HTTPStatus.OK, PLAIN


@shop.get("/page")
async def page() -> str:
    """Answer with a page."""
    return PAGE


@shop.get("/moved")
async def moved() -> BaseResponse:
    """Send the client elsewhere."""
    return redirect("/", HTTPStatus.TEMPORARY_REDIRECT)


@shop.get("/stream")
async def stream() -> tuple[AsyncIterator[bytes], int, dict[str, str]]:
    """Answer in parts."""

    async def parts() -> AsyncIterator[bytes]:
        for part in (b"one\n", b"two\n", b"three\n"):
            yield part

    return parts(), HTTPStatus.OK, PLAIN


async def deliver() -> None:
    """Stand for work after the answer."""
    logger.info("notification_delivered")


async def deliver_nothing() -> None:
    """Stand for work that fails after the answer."""
    fail()


@shop.post("/notify")
async def notify() -> tuple[Answer, int]:
    """Answer while the work goes on."""
    current_app.add_background_task(deliver)
    return {"status": "accepted"}, HTTPStatus.ACCEPTED


@shop.websocket("/echo")
async def echo() -> None:
    """Send back what comes."""
    await websocket.accept()
    while True:
        await websocket.send(await websocket.receive())


@mounted.get("/boom")
@shop.get("/boom")
async def boom() -> Answer:
    """Fail as a bug does."""
    fail()


@shop.get("/boom/text")
async def boom_text() -> Text:
    """Fail where a text was due."""
    fail()


@shop.get("/boom/page")
async def boom_page() -> str:
    """Fail where a page was due."""
    fail()


@shop.get("/sync/boom")
def boom_in_thread() -> Answer:
    """Fail in a worker thread."""
    fail()


@shop.get("/conflict")
async def conflicting() -> Answer:
    """Fail as the stack's users do."""
    conflict()


@shop.get("/sync/conflict")
def conflicting_in_thread() -> Answer:
    """Fail as the stack's users do, in a worker thread."""
    conflict()


@shop.get("/denied")
async def denied() -> Answer:
    """Refuse in the framework's way."""
    abort(403, "Not yours")


@shop.get("/closed")
async def closed() -> Answer:
    """Refuse on purpose, in the framework's own words."""
    raise ServiceUnavailable(retry_after=7)


@shop.get("/unexplained")
async def unexplained() -> Response:
    """Answer as the framework does when a handler fails, though none did."""
    return Response(InternalServerError().get_body(), HTTPStatus.INTERNAL_SERVER_ERROR)


@shop.get("/maintenance")
async def maintenance() -> Text:
    """Refuse on purpose, in words of the shop's own."""
    return CLOSED_TEXT, HTTPStatus.SERVICE_UNAVAILABLE, PLAIN


@shop.get("/handled")
async def handled() -> Answer:
    """Fail in a way that a handler of the shop's own answers."""
    raise LookupError(SECRET)


@shop.get("/handled/miss")
async def handled_miss() -> Answer:
    """Miss something in a way that a handler of the shop's own answers."""
    raise KeyError(SECRET)


@shop.get("/stream/boom")
async def stream_boom() -> tuple[AsyncIterator[bytes], int, dict[str, str]]:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"one\n"
        fail()

    return parts(), HTTPStatus.OK, PLAIN


@shop.post("/notify/boom")
async def notify_boom() -> tuple[Answer, int]:
    """Answer while work goes on that fails."""
    current_app.add_background_task(deliver_nothing)
    return {"status": "accepted"}, HTTPStatus.ACCEPTED


@shop.websocket("/echo/boom")
async def echo_boom() -> None:
    """Fail once the socket is open."""
    await websocket.accept()
    fail()


@shop.websocket("/echo/denied")
async def echo_denied() -> None:
    """Fail before the socket is open."""
    fail()


async def answer_lookup(_error: LookupError) -> Text:
    """Answer a LookupError."""
    return CLOSED_TEXT, HTTPStatus.INTERNAL_SERVER_ERROR, PLAIN


async def answer_miss(_error: KeyError) -> Text:
    """Answer a KeyError."""
    return CLOSED_TEXT, HTTPStatus.NOT_FOUND, PLAIN


async def sorry(_error: Exception) -> tuple[str, int]:
    """Give the shop's own error page."""
    return OWN_PAGE, HTTPStatus.INTERNAL_SERVER_ERROR


def make_app(*, adapted: bool = False, own_page: bool = False) -> Quart:
    """Build the shop.

    Args:
        adapted: Whether its own errors have the stack's shape.
        own_page: Whether it has an error page of its own.
    """
    made = Quart(__name__)
    made.register_blueprint(shop)
    made.register_blueprint(mounted)
    made.register_error_handler(LookupError, answer_lookup)
    made.register_error_handler(KeyError, answer_miss)
    if own_page:
        made.register_error_handler(HTTPStatus.INTERNAL_SERVER_ERROR, sorry)
    if adapted:
        install(made)
    return made


bare = make_app()
app = wrap(make_app())
adapted = wrap(make_app(adapted=True))
paged = wrap(make_app(own_page=True))
