"""What the in-process client raises: the test failed, and each message says what the app did instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asgi_stack.types import Message

__all__ = ["ASGIClientError", "ASGITimeoutError", "ClientLeftError", "LifespanFailedError", "summary_of"]

_SHOWN: Final = 10
"""Messages that a summary lists; a stream may have sent thousands."""


class ASGIClientError(AssertionError):
    """Raised when an app did not do what a test asked of it, such as sending one response start."""


class ASGITimeoutError(ASGIClientError, TimeoutError):
    """Raised when an app did nothing for longer than the client's `timeout_s`."""


class LifespanFailedError(ASGIClientError):
    """Raised when an app failed to start or to stop; the cause is what it raised, where it raised."""


class ClientLeftError(OSError):
    """Raised out of an app's `send` once the client has gone, from version 2.4 of the http and websocket spec on."""


def summary_of(messages: Sequence[Message]) -> str:
    """Tell in one line what an app sent.

    Args:
        messages: All that it sent; the first ten are listed.
    """
    listed = ", ".join(map(_summary_of_one, messages[:_SHOWN])) or "nothing"
    more = len(messages) - _SHOWN
    return f"{listed} and {more} more" if more > 0 else listed


def _summary_of_one(message: Message) -> str:
    kind = message.get("type")
    for key in ("status", "code", "message"):
        if key in message:
            return f"{kind} ({message[key]!r})"
    for key in ("body", "bytes", "text"):
        content = message.get(key)
        if isinstance(content, bytes | str):
            return f"{kind} ({len(content)} {'characters' if isinstance(content, str) else 'bytes'})"
    return str(kind)
