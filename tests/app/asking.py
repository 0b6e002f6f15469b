"""Ask the shop, through the ASGI interface."""

from __future__ import annotations

import json

from asgi_stack.types import ASGIApp
from tests.driver import Exchange, exchange, http_scope

__all__ = ["get", "json_of", "post", "send_to"]


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
