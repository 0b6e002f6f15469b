"""A service that calls another one, with both kinds of client that httpx has."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs

import httpx

from asgi_stack import httpx_event_hooks, wrap
from asgi_stack.logging import get_logger
from asgi_stack.types import Receive, Scope, Send
from tests.integration.apps import ids, respond

logger = get_logger("tests.calls")


async def call(url: str) -> object:
    """Ask the other service for its ids."""
    async with httpx.AsyncClient(event_hooks=httpx_event_hooks(), trust_env=False) as client:
        return (await client.get(url)).json()


def call_and_wait(url: str) -> object:
    """Do so in a thread that waits."""
    with httpx.Client(event_hooks=httpx_event_hooks(), trust_env=False) as client:
        return client.get(url).json()


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask the service on the port of the query twice, and tell what it saw."""
    assert scope["type"] == "http"
    url = f"http://127.0.0.1:{parse_qs(scope['query_string'].decode())['port'][0]}/"
    found = {"here": ids(), "async": await call(url), "sync": await asyncio.to_thread(call_and_wait, url)}
    logger.info("asked", url=url)
    await respond(send, json.dumps(found).encode())


app = wrap(service)
