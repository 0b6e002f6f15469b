"""What the demo answers, inside the default stack and through the ASGI interface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from app.routes import Shop
from app.service import build_service
from app.tables import Item, Reservation
from asgi_stack import Settings, default_pipeline
from asgi_stack.database import Database, DatabaseSettings
from asgi_stack.types import ASGIApp, Message, Scope
from tests.driver import Exchange, exchange, http_scope, websocket_scope


@pytest_asyncio.fixture
async def shop() -> AsyncGenerator[ASGIApp]:
    """Give a shop of one's own in the stack, with an empty shelf in memory."""
    settings = Settings(environment="production", service={"name": "shop", "version": "1.2.3"})
    async with Database(DatabaseSettings.model_validate({"url": "sqlite://"})).lifespan() as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Item.metadata.create_all, tables=[Item.__table__, Reservation.__table__])
        yield default_pipeline(settings, database=database).build(build_service(Shop(settings.service)))


async def get(app: ASGIApp, path: str, *, query: str = "", method: str = "GET", root_path: str = "") -> Exchange:
    """Ask for a path."""
    return await exchange(app, http_scope(path, method=method, query_string=query.encode(), root_path=root_path))


async def send_to(
    app: ASGIApp, method: str, path: str, payload: object, headers: list[tuple[bytes, bytes]] | None = None
) -> Exchange:
    """Send JSON, or bytes as they are."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    scope = http_scope(path, method=method, headers=headers or [])
    return await exchange(app, scope, [{"type": "http.request", "body": body}])


async def post(app: ASGIApp, path: str, payload: object) -> Exchange:
    """Send JSON, or bytes as they are, by POST."""
    return await send_to(app, "POST", path, payload)


def json_of(seen: Exchange) -> dict[str, object]:
    """Read a response's JSON."""
    assert seen.values("content-type") == ["application/json"]
    content: dict[str, object] = json.loads(seen.body)
    return content


async def test_index_says_who_answers(shop: ASGIApp) -> None:
    """The first page names the service and what can be tried."""
    seen = await get(shop, "/")

    content = json_of(seen)
    assert (content["service"], content["version"]) == ("shop", "1.2.3")
    assert isinstance(content["links"], dict)
    for link in content["links"].values():
        assert (await get(shop, link.partition("?")[0])).status in {200, 500}


async def test_links_know_the_mount_point(shop: ASGIApp) -> None:
    """Under a prefix the links have the prefix."""
    links = json_of(await get(shop, "/shop/", root_path="/shop"))["links"]

    assert isinstance(links, dict)
    assert links["boom"] == "/shop/boom"


async def lamp_in(shop: ASGIApp, *, stock: int = 3) -> dict[str, object]:
    """Put a lamp on the shelf and give it as it is shown."""
    seen = await post(shop, "/items", {"name": "Lamp", "stock": stock})
    assert seen.status == 201
    return json_of(seen)


async def test_created_item_is_where_its_location_says(shop: ASGIApp) -> None:
    """201 has the new article and its address."""
    seen = await post(shop, "/items", {"name": "Chair", "stock": 4, "price_cents": 4500})

    assert seen.status == 201
    [location] = seen.values("location")
    shown = json_of(seen)
    assert json_of(await get(shop, location)) == shown
    assert {**shown, "id": ""} == {"id": "", "name": "Chair", "price_cents": 4500, "stock": 4, "version": 1}


async def test_second_item_of_a_name_is_a_conflict(shop: ASGIApp) -> None:
    """409, and the first one is as it was."""
    lamp = await lamp_in(shop)
    seen = await post(shop, "/items", {"name": "Lamp", "stock": 9})

    assert (seen.status, json_of(seen)["error_code"]) == (409, "CONFLICT")
    assert json_of(await get(shop, f"/items/{lamp['id']}")) == lamp


async def test_pages_follow_each_other(shop: ASGIApp) -> None:
    """Each page says where the next one begins; the last one says that there is none."""
    for number in range(5):
        await post(shop, "/items", {"name": f"Lamp {number}", "stock": 1})
    names: list[str] = []
    after: object = ""
    while after is not None:
        page = json_of(await get(shop, "/items", query=f"limit=2&after={after}" if after else "limit=2"))
        assert isinstance(page["items"], list)
        names += [item["name"] for item in page["items"]]
        after = page["next"]

    assert names == [f"Lamp {number}" for number in range(5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "other=1", "after=nonsense"])
async def test_page_that_is_none(shop: ASGIApp, query: str) -> None:
    """What no page can be is answered with 422."""
    assert (await get(shop, "/items", query=query)).status == 422


async def test_change_knows_its_version(shop: ASGIApp) -> None:
    """Who has seen the newest version may change it; whoever comes second gets 409."""
    lamp = await lamp_in(shop)
    first = await send_to(shop, "PATCH", f"/items/{lamp['id']}", {"version": 1, "stock": 7})
    second = await send_to(shop, "PATCH", f"/items/{lamp['id']}", {"version": 1, "stock": 8})

    assert (first.status, json_of(first)) == (200, {**lamp, "stock": 7, "version": 2})
    assert (second.status, json_of(second)["error_code"]) == (409, "CONFLICT")


async def test_deleted_item_is_gone(shop: ASGIApp) -> None:
    """204 without a body, then 404."""
    lamp = await lamp_in(shop)
    await send_to(shop, "POST", f"/items/{lamp['id']}/reserve", {})
    first, second = [await get(shop, f"/items/{lamp['id']}", method="DELETE") for _ in range(2)]

    assert (first.status, first.body) == (204, b"")
    assert (second.status, json_of(second)["error_code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("item_id", ["1", "0194f7a0-0000-7000-8000-000000000000"], ids=["no UUID", "unknown"])
async def test_item_that_is_not_there(shop: ASGIApp, method: str, item_id: str) -> None:
    """Nobody's id is a 404 that names it, whatever is to be done with it."""
    payload = {"version": 1} if method == "PATCH" else {}
    seen = await send_to(shop, method, f"/items/{item_id}{'/reserve' if method == 'POST' else ''}", payload)

    assert (seen.status, json_of(seen)["details"]) == (404, {"item_id": item_id})


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"name": "", "price_cents": 1}, "name"),
        ({"name": "Chair", "price_cents": -1}, "price_cents"),
        ({"name": "Chair", "price_cents": 1, "colour": "red"}, "colour"),
        ({"name": "Chair", "stock": "many"}, "stock"),
    ],
)
async def test_wrong_field_is_named(shop: ASGIApp, payload: dict[str, object], field: str) -> None:
    """A body that does not fit is answered with 422 and the field."""
    seen = await post(shop, "/items", payload)

    details = json_of(seen)["details"]
    assert seen.status == 422
    assert isinstance(details, list)
    assert [detail["loc"] for detail in details] == [[field]]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_body_that_is_no_json_object(shop: ASGIApp, body: bytes) -> None:
    """Whatever the bytes are, the answer is 422."""
    seen = await post(shop, "/items", body)

    assert (seen.status, json_of(seen)["error_code"]) == (422, "VALIDATION_ERROR")


async def test_large_body_is_refused(shop: ASGIApp) -> None:
    """A body over 64 KiB is answered with 413 and the limit."""
    seen = await post(shop, "/items", b" " * 70_000)

    assert (seen.status, json_of(seen)["details"]) == (413, {"limit_bytes": 65536})


async def test_reservation_takes_from_the_stock(shop: ASGIApp) -> None:
    """It is answered with what is left."""
    lamp = await lamp_in(shop)
    seen = await post(shop, f"/items/{lamp['id']}/reserve", {"quantity": 2})

    assert (seen.status, json_of(seen)["stock"]) == (201, 1)


async def test_reservation_over_the_stock_breaks_a_rule(shop: ASGIApp) -> None:
    """The client is told what is left, nothing is taken, and the error's context stays inside."""
    lamp = await lamp_in(shop)
    seen = await post(shop, f"/items/{lamp['id']}/reserve", {"quantity": 5})

    content = json_of(seen)
    assert (seen.status, content["error_code"]) == (422, "OUT_OF_STOCK")
    assert content["details"] == {"item_id": lamp["id"], "available": 3}
    assert "requested" not in seen.body.decode()
    assert json_of(await get(shop, f"/items/{lamp['id']}"))["stock"] == 3


async def test_reservation_that_is_repeated_counts_once(shop: ASGIApp) -> None:
    """Who asks again with the same key gets 200 and takes nothing more."""
    lamp = await lamp_in(shop)
    keyed = [(b"idempotency-key", b"wish-1")]
    seen = [
        await send_to(shop, "POST", f"/items/{lamp['id']}/reserve", {"quantity": 2}, headers=keyed) for _ in range(2)
    ]

    assert [exchange.status for exchange in seen] == [201, 200]
    assert [json_of(exchange)["stock"] for exchange in seen] == [1, 1]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/items/99", 404, "NOT_FOUND"),
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("PUT", "/items/1", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/boom", 500, "INTERNAL_ERROR"),
    ],
)
async def test_errors_have_one_form(shop: ASGIApp, method: str, path: str, status: int, code: str) -> None:
    """Every error is the same JSON with the id of its header, and says nothing of the inside."""
    seen = await get(shop, path, method=method)

    content = json_of(seen)
    assert (seen.status, content["error_code"]) == (status, code)
    assert seen.values("x-correlation-id") == [content["correlation_id"]]
    assert "on purpose" not in seen.body.decode()


async def test_refused_method_is_told_which_there_are(shop: ASGIApp) -> None:
    """405 carries Allow."""
    assert (await get(shop, "/notify")).values("allow") == ["POST"]
    assert (await get(shop, "/boom", method="DELETE")).values("allow") == ["GET, HEAD"]


@pytest.mark.parametrize(("query", "count"), [("", 5), ("chunks=1", 1), ("chunks=3", 3)])
async def test_stream_sends_chunk_by_chunk(shop: ASGIApp, query: str, count: int) -> None:
    """Each line is a message of its own, and the last message ends the response."""
    seen = await get(shop, "/stream", query=query)

    bodies = [message.get("body", b"") for message in seen.sent[1:]]
    assert bodies == [*(b"chunk %d\n" % number for number in range(1, count + 1)), b""]
    assert [bool(message.get("more_body")) for message in seen.sent[1:]] == [True] * count + [False]


@pytest.mark.parametrize("query", ["chunks=0", "chunks=1001", "chunks=many", "other=1"])
async def test_stream_is_bounded(shop: ASGIApp, query: str) -> None:
    """What no stream may be is answered with 422 before anything is sent."""
    assert (await get(shop, "/stream", query=query)).status == 422


async def test_stream_stops_when_the_client_leaves(shop: ASGIApp) -> None:
    """A stream of 20 s ends within moments of the disconnect, without an error."""
    gone: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async with asyncio.timeout(2):
        seen = await exchange(shop, http_scope("/stream", query_string=b"chunks=1000"), gone)

    assert seen.raised is None
    assert len(seen.sent) == 2


async def test_cancelled_stream_leaves_no_task_behind(shop: ASGIApp) -> None:
    """A stream that the server cancels takes its own task along."""
    before = asyncio.all_tasks()
    stream = asyncio.create_task(exchange(shop, http_scope("/stream", query_string=b"chunks=1000")))
    await asyncio.sleep(0.05)
    stream.cancel()
    await stream
    await asyncio.sleep(0)

    assert asyncio.all_tasks() == before


async def test_notification_is_delivered_after_the_answer(shop: ASGIApp) -> None:
    """The answer is complete while the request's coroutine is still at work."""
    complete = asyncio.Event()
    body: list[Message] = [{"type": "http.request", "body": b'{"recipient": "ada", "text": "hello"}'}]

    async def receive() -> Message:
        return body.pop(0)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            complete.set()

    async def call() -> None:
        await shop(http_scope("/notify", method="POST"), receive, send)

    request = asyncio.create_task(call())
    await asyncio.wait_for(complete.wait(), timeout=2)

    assert not request.done()
    await asyncio.wait_for(request, timeout=2)


async def test_client_that_leaves_while_sending_gets_no_answer(shop: ASGIApp) -> None:
    """Half a request ends quietly."""
    half: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    seen = await exchange(shop, http_scope("/items", method="POST"), half)

    assert (seen.sent, seen.raised) == ([], None)


async def test_live(shop: ASGIApp) -> None:
    """The probe is answered."""
    assert json_of(await get(shop, "/health/live")) == {"status": "ok"}


@pytest.mark.parametrize("others", [{}, {"bytes": None}])
async def test_websocket_echoes_text_and_bytes(shop: ASGIApp, others: Message) -> None:
    """Text comes back as text, bytes as bytes, in order, until the client closes."""
    incoming: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello", **others},
        {"type": "websocket.receive", "text": ""},
        {"type": "websocket.receive", "bytes": b"\x00", "text": None},
        {"type": "websocket.disconnect", "code": 1000},
    ]

    seen = await exchange(shop, websocket_scope("/echo"), incoming)

    assert [message["type"] for message in seen.sent] == ["websocket.accept", *["websocket.send"] * 3]
    assert seen.sent[1:] == [
        {"type": "websocket.send", "text": "hello"},
        {"type": "websocket.send", "text": ""},
        {"type": "websocket.send", "bytes": b"\x00"},
    ]


async def test_websocket_elsewhere_is_denied(shop: ASGIApp) -> None:
    """A websocket to an unknown path is refused before it is accepted."""
    seen = await exchange(shop, websocket_scope("/nowhere"), [{"type": "websocket.connect"}])

    assert seen.raised is None
    assert "websocket.accept" not in [message["type"] for message in seen.sent]


@pytest.mark.parametrize("scope", [{"type": "lifespan"}, {"type": "mystery"}])
async def test_other_scopes_are_refused(scope: Scope) -> None:
    """The bare service raises for what it does not serve, as the specification asks."""
    seen = await exchange(build_service(Shop(Settings().service)), scope)

    assert isinstance(seen.raised, NotImplementedError)
