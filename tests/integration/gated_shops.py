"""The five shops behind a gate of their own: an ASGI middleware inside the stack that fails before any answer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from app.frameworks.failures import fail
from asgi_stack import wrap
from asgi_stack.types import ASGIApp, Receive, Scope, Send


def gated(app: Any) -> ASGIApp:  # noqa: ANN401 - frameworks each have types of their own for one protocol
    """Put the gate before an app."""

    async def gate(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/gate/boom":
            fail()
        if scope.get("path") != "/gate/silent":
            await app(scope, receive, send)

    return gate


def __getattr__(name: str) -> ASGIApp:
    """Give a framework's shop when a server asks for it: Django's settings are for a whole process."""
    if name.startswith("_"):
        raise AttributeError(name)
    module = import_module(f"app.frameworks.{'django.main' if name == 'django' else name}")
    return wrap(gated(module.bare))
