"""What the demo answers, inside the default stack and through the ASGI interface."""

from __future__ import annotations

import asyncio

import pytest

from app.routes import Shop
from app.service import build_service
from asgi_stack import Settings
from asgi_stack.types import ASGIApp, Message, Scope
from tests.app.asking import get, json_of, post
from tests.driver import exchange, http_scope, websocket_scope


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
