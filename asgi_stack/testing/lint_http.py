"""Check the messages of one http request, in both directions.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html#http and /extensions.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.testing.lint_response import ResponseLint
from asgi_stack.testing.lint_scope import is_of_foreign_extension, offers
from asgi_stack.testing.lint_values import check_headers, is_text_dict, items_of
from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Message, Scope

__all__ = ["HTTPLint"]

_PLAIN: Final = frozenset({"http.response.start", "http.response.body"})
"""What needs no extension."""


class HTTPLint:
    """One request and its response."""

    __slots__ = ("_checks", "_debugged", "_gone", "_report", "_request_ended", "_response", "_scope")

    def __init__(self, scope: Scope, report: Reporter) -> None:
        self._scope = scope
        self._report = report
        self._response = response = ResponseLint(scope, report)
        self._debugged = False
        self._gone = False
        self._request_ended = False
        self._checks: Mapping[str, Callable[[Message], None]] = {
            "http.response.start": response.start,
            "http.response.body": response.body,
            "http.response.trailers": response.trailers,
            "http.response.pathsend": response.pathsend,
            "http.response.zerocopysend": response.zerocopysend,
            "http.response.push": self._push,
            "http.response.early_hint": self._early_hint,
            "http.response.debug": self._debug,
        }

    def sent(self, message: Message) -> None:
        """Check a message of the app, and note it."""
        message_type: str = message["type"]
        check = self._checks.get(message_type)
        if check is None:
            if not is_of_foreign_extension(self._scope, message_type):
                self._report("send.unknown-type", f"{shown(message_type)} was sent over http")
            return
        if message_type not in _PLAIN and not offers(self._scope, message_type):
            self._report("send.extension-not-offered", f"{message_type} was sent")
        check(message)

    def received(self, message: Message) -> None:
        """Check a message of the server, and note it."""
        message_type: str = message["type"]
        if message_type == "http.disconnect":
            self._gone = True
            self._response.cut = self._response.cut or not self._response.complete
        elif message_type == "http.request":
            self._request(message)
        elif not is_of_foreign_extension(self._scope, message_type):
            self._report("receive.unknown-type", f"{shown(message_type)} was received over http")

    def interrupted(self) -> None:
        """Note that the server did not take a message."""
        self._response.cut = True

    def returned(self) -> None:
        """Check what the app leaves behind."""
        if not self._response.cut:
            self._response.returned()

    def _request(self, message: Message) -> None:
        body, more = message.get("body", b""), message.get("more_body", False)
        if not isinstance(body, bytes):
            self._report("http.request-body", f"body is {kind(body)}")
        if not isinstance(more, bool):
            self._report("http.request-flag", f"more_body is {shown(more)}")
        if self._request_ended or self._gone:
            last = "the disconnect" if self._gone else "the last part of the body"
            self._report("http.request-after-end", f"http.request came after {last}")
        self._request_ended = not more

    def _push(self, message: Message) -> None:
        if not isinstance(message.get("path"), str):
            self._report("http.push-path", f"path is {kind(message.get('path'))}")
        check_headers(message, self._report, required=True)
        if not self._response.started:
            self._report("http.push-before-start", f"{message['type']} came first")
        self._response.check_open(message)

    def _early_hint(self, message: Message) -> None:
        # The text puts hints after the start, where no server can send a 103 any more; hypercorn takes them before.
        links = items_of(message.get("links"))
        if links is None or not all(isinstance(link, bytes) for link in links):
            self._report("http.early-hint", f"links is {kind(message.get('links'))}, not all of it bytes")
        self._response.check_open(message)

    def _debug(self, message: Message) -> None:
        if not is_text_dict(message.get("info")):
            self._report("http.debug", f"info is {kind(message.get('info'))}")
        if self._debugged or self._response.started:
            self._report("http.debug-order", f"it came {'again' if self._debugged else 'after the start'}")
        self._debugged = True
