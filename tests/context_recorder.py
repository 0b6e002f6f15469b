"""An app that remembers the records it ran under, and the form of the ids that are made."""

from __future__ import annotations

import re
from typing import Final

from asgi_stack.context import RequestContext
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import START
from tests.driver import Exchange

UUID4: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
BODY: Final[Message] = {"type": "http.response.body", "body": b"{}"}


class Recorder:
    """An app that keeps the record of each request, and sends the messages it was given."""

    def __init__(self, *messages: Message) -> None:
        self.messages = messages or (START, BODY)
        self.records: list[RequestContext] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        record = RequestContext.current()
        assert record is not None
        self.records.append(record)
        for message in self.messages:
            await send(message)

    @property
    def record(self) -> RequestContext:
        """The record of the one request."""
        [record] = self.records
        return record


def ids_of(result: Exchange) -> tuple[list[str], list[str]]:
    """Give all values of both id headers of a response."""
    return result.values("x-correlation-id"), result.values("x-request-id")
