"""What the shop answers: one method a route, each a coroutine that sends ASGI messages."""

from __future__ import annotations

import asyncio
from typing import Final

from app.items import ITEM_ROUTES
from app.models import Notification, StreamOptions
from app.protocol import WEBSOCKET, Request, send_json
from app.router import Route, Router
from asgi_stack.logging import get_logger
from asgi_stack.settings import ServiceSettings
from asgi_stack.types import Message, Send
from asgi_stack.validation import validate

CHUNK_PAUSE_S: Final = 0.02
"""Slow enough to watch a stream arrive, quick enough for a test."""

DELIVERY_S: Final = 0.05
"""What a mail server would take."""

logger = get_logger(__name__)


class Shop:
    """The service's state and its handlers; `about` is who answers at `/`."""

    def __init__(self, about: ServiceSettings) -> None:
        self._about = about

    def router(self) -> Router:
        """Give the whole service as a table."""
        return Router(
            [
                Route("GET", "/", self.index),
                *ITEM_ROUTES,
                Route("GET", "/stream", self.stream),
                Route("POST", "/notify", self.notify),
                Route("GET", "/boom", self.boom),
                Route(WEBSOCKET, "/echo", self.echo),
            ]
        )

    async def index(self, request: Request, send: Send) -> None:
        """Say who answers, and where to go from here."""
        links = {"items": "/items", "stream": "/stream?chunks=5", "boom": "/boom", "ready": "/health/ready"}
        here = {name: request.root_path + path for name, path in links.items()}
        await send_json(send, 200, {"service": self._about.name, "version": self._about.version, "links": here})

    async def stream(self, request: Request, send: Send) -> None:
        """Send a line every 20 ms, and stop as soon as the client has gone.

        A send to a client that has gone may be silent, so only receive() tells: waiting for it is the pause, too.
        """
        options = validate(StreamOptions, request.query)
        gone = asyncio.create_task(request.wait_for_disconnect())
        try:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for number in range(1, options.chunks + 1):
                await send({"type": "http.response.body", "body": b"chunk %d\n" % number, "more_body": True})
                await asyncio.wait([gone], timeout=CHUNK_PAUSE_S)
                if gone.done():
                    return
            await send({"type": "http.response.body"})
        finally:
            gone.cancel()

    async def notify(self, request: Request, send: Send) -> None:
        """Answer 202 first, then do the work: here, in the request's own coroutine.

        The client has its whole answer when `send_json` returns and is not kept waiting. Until this coroutine ends,
        the server knows of the work and waits for it at shutdown, and the stack logs what it raises, with the
        request's ids. A task from `asyncio.create_task` would be cut off at shutdown, fail unseen, and could be
        collected in the middle, since nobody holds it. What must survive a crash belongs into a queue instead.
        """
        notification = validate(Notification, await request.body())
        await send_json(send, 202, {"status": "accepted"})
        await asyncio.sleep(DELIVERY_S)
        logger.info("notification_delivered", text_length=len(notification.text))

    async def boom(self, _request: Request, _send: Send) -> None:
        """Fail as a bug would: the client gets a 500 without details, the log gets all of them."""
        raise RuntimeError("the demo fails on purpose")

    async def echo(self, request: Request, send: Send) -> None:
        """Accept a websocket and send back every message, text as text and bytes as bytes, until it closes."""
        await request.receive()  # websocket.connect, which is always the first
        await send({"type": "websocket.accept"})
        while (message := await request.receive())["type"] == "websocket.receive":
            await send(_echo_of(message))


def _echo_of(message: Message) -> Message:
    # A server may leave out the key that does not apply, or set it to None.
    if message.get("text") is not None:
        return {"type": "websocket.send", "text": message["text"]}
    return {"type": "websocket.send", "bytes": message["bytes"]}
