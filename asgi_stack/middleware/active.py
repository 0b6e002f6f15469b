"""Which layers are at work on a scope, so that the same layer applied twice does its work once.

A wrapped app mounted inside a wrapped app shares its scope, or carries a copy of it. The layers write their class
under one private key; a second one of exactly the same class finds it and passes through.
"""

from __future__ import annotations

from typing import Final

from asgi_stack.types import Scope

__all__ = ["ACTIVE", "HIDE_PATH", "leave"]

ACTIVE: Final = "asgi_stack"
"""The scope's key; its value is the tuple of the classes at work, outermost first.

Behind the class of an error layer stands its exchange, by which a framework's adapter asks for the layer's answer.
"""

HIDE_PATH: Final = object()
"""Stands among the classes where log lines must not show the path, nor what was bound."""


def leave(scope: Scope, outer: tuple[object, ...]) -> None:
    """Put back what a layer found under the key when it entered: `outer`, or nothing."""
    if outer:
        scope[ACTIVE] = outer
    else:
        scope.pop(ACTIVE, None)
