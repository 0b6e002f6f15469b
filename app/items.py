"""What the shop answers about its items. Each handler works in the request's session, which the stack commits."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from app.errors import UnknownItemError
from app.models import ItemChange, NewItem, NewReservation, PageOptions
from app.protocol import Request, send_json
from app.repositories import ItemRepository, ReservationRepository
from app.router import Route
from app.tables import Item, Reservation
from asgi_stack.context import RequestContext
from asgi_stack.database import get_async_session
from asgi_stack.types import Send
from asgi_stack.validation import validate

__all__ = ["ITEM_ROUTES"]


async def list_items(request: Request, send: Send) -> None:
    """Give a page of items in the order in which they came, and where the next page begins."""
    options = validate(PageOptions, request.query)
    async with get_async_session() as session:
        page = await ItemRepository(session).page(after=options.after, limit=options.limit)
    await send_json(send, 200, {"items": [_shown(item) for item in page.items], "next": page.next_cursor})


async def create_item(request: Request, send: Send) -> None:
    """Take a new item: a checked body in, 201 and its address out; 409 when there is one of that name."""
    new = validate(NewItem, await request.body())
    async with get_async_session() as session:
        item = await ItemRepository(session).create(Item(**new.model_dump()))
    location = quote(f"{request.root_path}/items/{item.id}").encode()
    await send_json(send, 201, _shown(item), [(b"location", location)])


async def show_item(request: Request, send: Send) -> None:
    """Show one item; an unknown one is a NotFoundError, which the stack renders as 404."""
    async with get_async_session() as session:
        item = await ItemRepository(session).get(_item_id(request))
    await send_json(send, 200, _shown(item))


async def change_item(request: Request, send: Send) -> None:
    """Change what the body names; 409 when somebody else has changed the item since the version that it names."""
    change = validate(ItemChange, await request.body())
    item_id = _item_id(request)
    async with get_async_session() as session:
        changes = change.model_dump(exclude={"version"}, exclude_unset=True)
        item = await ItemRepository(session).update(item_id, changes, version=change.version)
    if item is None:
        raise UnknownItemError(str(item_id))
    await send_json(send, 200, _shown(item))


async def delete_item(request: Request, send: Send) -> None:
    """Delete an item with its reservations; 204, or 404 when there was none."""
    item_id = _item_id(request)
    async with get_async_session() as session:
        if not await ItemRepository(session).delete(item_id):
            raise UnknownItemError(str(item_id))
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def reserve_item(request: Request, send: Send) -> None:
    """Reserve pieces: 201 and the item with what is left; for more than that, a business rule is broken and it is 422.

    A client that did not read its answer asks again with the same `Idempotency-Key`, and nothing is taken twice: 200.
    """
    wanted = validate(NewReservation, await request.body())
    item_id, key, record = _item_id(request), request.header("idempotency-key"), RequestContext.current()
    reservation = Reservation(
        item_id=item_id,
        quantity=wanted.quantity,
        request_key=key,
        correlation_id=None if record is None else record.correlation_id,
    )
    async with get_async_session() as session:
        items, reservations = ItemRepository(session), ReservationRepository(session)
        if key is not None and await reservations.find_one_by(request_key=key, item_id=item_id):
            item, status = await items.get(item_id), 200
        else:
            item, status = await items.reserve(item_id, reservation), 201
    await send_json(send, status, _shown(item))


ITEM_ROUTES = [
    Route("GET", "/items", list_items),
    Route("POST", "/items", create_item),
    Route("GET", "/items/{id}", show_item),
    Route("PATCH", "/items/{id}", change_item),
    Route("DELETE", "/items/{id}", delete_item),
    Route("POST", "/items/{id}/reserve", reserve_item),
]


def _item_id(request: Request) -> UUID:
    """Read the path's id; what is no UUID is nobody's."""
    try:
        return UUID(request.params["id"])
    except ValueError:
        raise UnknownItemError(request.params["id"]) from None


def _shown(item: Item) -> dict[str, object]:
    return {
        "id": str(item.id),
        "name": item.name,
        "price_cents": item.price_cents,
        "stock": item.stock,
        "version": item.version,
    }
