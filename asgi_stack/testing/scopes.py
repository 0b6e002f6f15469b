"""Scopes as a server makes them, for tests that call an app themselves.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html and /lifespan.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asgi_stack.types import Header, Scope

__all__ = ["http_scope", "lifespan_scope", "websocket_scope"]


def http_scope(path: str = "/", *, headers: Iterable[Header] = (), **others: object) -> Scope:
    """Give the scope of a GET request.

    Args:
        path: The path after percent-decoding; `raw_path` is made of it.
        headers: Pairs of bytes, names in lower case, taken as they are.
        others: Keys to replace or add, such as `method="POST"`.
    """
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": b"",
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        **others,
    }


def websocket_scope(path: str = "/", *, headers: Iterable[Header] = (), **others: object) -> Scope:
    """Give the scope of a websocket, with the extension that lets an app deny it with a response of its own.

    Args:
        path: The path after percent-decoding.
        headers: Pairs of bytes, names in lower case, taken as they are.
        others: Keys to replace or add, such as `subprotocols=["chat"]`.
    """
    scope = http_scope(path, headers=headers, type="websocket", scheme="ws")
    del scope["method"]
    return {**scope, "subprotocols": [], "extensions": {"websocket.http.response": {}}, **others}


def lifespan_scope(**others: object) -> Scope:
    """Give the scope of a lifespan.

    Args:
        others: Keys to replace or add, such as `state={}`, which the app fills.
    """
    return {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}, **others}
