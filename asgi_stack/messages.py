"""What the messages of a response mean, shared by the layers that watch them.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html and /extensions.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asgi_stack.types import Message, Scope

__all__ = ["ends_response", "send_may_raise"]

_BODIES: Final = frozenset({"http.response.body", "http.response.zerocopysend", "websocket.http.response.body"})
_DROPS_SILENTLY: Final = frozenset({"2.0", "2.1", "2.2", "2.3"})
"""Versions of the http and websocket spec before `send` was to raise OSError after a disconnect."""


def ends_response(message: Message, trailers: bool) -> bool:  # noqa: FBT001 - by position, it runs for every chunk
    """Tell whether a response is complete once this message was handed over.

    Args:
        message: Any message of an http response, or of a websocket denial.
        trailers: Whether the start said `trailers: True`, so that the last trailers end it and no body does.
    """
    kind = message["type"]
    if kind in _BODIES:
        return not (trailers or message.get("more_body", False))
    if kind == "http.response.pathsend":
        return not trailers
    return kind == "http.response.trailers" and not message.get("more_trailers", False)


def send_may_raise(scope: Scope) -> bool:
    """Tell whether this server's `send` may raise OSError once the client has gone.

    That is so from version 2.4 of the http and websocket spec; older servers drop the message instead. A server that
    tells no version is taken for a new one.
    """
    asgi = scope.get("asgi")
    return asgi is None or asgi.get("spec_version") not in _DROPS_SILENTLY
