"""The vocabulary of ASGI, as types.

Source: https://asgi.readthedocs.io/en/latest/specs/main.html. `Any` lives in this file alone: a scope and a message
are dictionaries whose values depend on their `type`, and third-party classes annotate them in many ways.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Concatenate, ParamSpec, TypeAlias

__all__ = [
    "JSON",
    "ASGIApp",
    "AnyASGIApp",
    "Header",
    "Message",
    "MiddlewareFactory",
    "Receive",
    "Scope",
    "Send",
]

P = ParamSpec("P")

Scope: TypeAlias = MutableMapping[str, Any]
"""The connection: `type` is `http`, `websocket`, `lifespan`, or a type of an extension. Its keys may be missing."""

Message: TypeAlias = MutableMapping[str, Any]
"""One event, named by its `type`, as in `http.response.start`. It belongs to who made it: never change one in place."""

Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3 application as this package writes them."""

AnyASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]
"""An ASGI 3 application as anybody writes them: frameworks' own types for scope, receive and send all fit."""

MiddlewareFactory: TypeAlias = Callable[Concatenate[Any, P], AnyASGIApp]
"""A class or function of the form `(app, **options) -> ASGI app`."""

JSON: TypeAlias = Any
"""What a JSON document was parsed to: who reads it knows its form, a type checker cannot."""

Header: TypeAlias = tuple[bytes, bytes]
"""A header's name and value, in latin-1 bytes; names that this package writes are lower-case."""
