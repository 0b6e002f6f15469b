"""Check the messages of one websocket, in both directions.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html#websocket and
/extensions.html#websocket-denial-response, RFC 6455 sections 4.2.2, 5.5 and 7.4.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from asgi_stack.testing.lint_response import ResponseLint
from asgi_stack.testing.lint_scope import is_of_foreign_extension, offers
from asgi_stack.testing.lint_values import check_headers, is_number, items_of
from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Message, Scope

__all__ = ["WebSocketLint"]

_DENIAL: Final = "websocket.http.response"

_CLOSE_CODES: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
"""Registered or private; 1004 to 1006 and 1015 are reserved, the rest is unassigned (RFC 6455 section 7.4)."""

_REASON_BYTES: Final = 123
"""A control frame has 125 bytes, of which the code takes two."""


class _State(Enum):
    """What the app has made of the connection."""

    CONNECTING = auto()
    ACCEPTED = auto()
    DENIED = auto()
    CLOSED = auto()


class WebSocketLint:
    """One websocket, from the handshake on."""

    __slots__ = ("_checks", "_connected", "_gone", "_left", "_report", "_response", "_scope", "_state")

    def __init__(self, scope: Scope, report: Reporter) -> None:
        self._scope = scope
        self._report = report
        self._response = ResponseLint(scope, report)
        self._state = _State.CONNECTING
        self._connected = False
        self._gone = False
        self._left = False
        self._checks: Mapping[str, Callable[[Message], None]] = {
            "websocket.accept": self._accept,
            "websocket.send": self._send,
            "websocket.close": self._close,
            f"{_DENIAL}.start": self._deny,
            f"{_DENIAL}.body": self._deny,
        }

    def sent(self, message: Message) -> None:
        """Check a message of the app, and note it."""
        check = self._checks.get(message["type"])
        if check is not None:
            check(message)
        elif not is_of_foreign_extension(self._scope, message["type"]):
            self._report("send.unknown-type", f"{shown(message['type'])} was sent over a websocket")

    def received(self, message: Message) -> None:
        """Check a message of the server, and note it."""
        message_type: str = message["type"]
        if message_type not in ("websocket.connect", "websocket.receive", "websocket.disconnect"):
            if not is_of_foreign_extension(self._scope, message_type):
                self._report("receive.unknown-type", f"{shown(message_type)} was received over a websocket")
            return
        if not self._connected and message_type != "websocket.connect":
            self._report("websocket.connect-first", f"{message_type} came first")
        if self._gone and message_type != "websocket.disconnect":
            self._report("websocket.after-disconnect", f"{message_type} came")
        self._check_content(message)
        self._connected = True
        if message_type == "websocket.disconnect":
            self._gone = True
            self._left = self._left or not (self._state is _State.CLOSED or self._response.complete)

    def interrupted(self) -> None:
        """Note that the server did not take a message."""
        self._left = True

    def returned(self) -> None:
        """Check what the app leaves behind."""
        if self._left:
            return
        if self._state is _State.CONNECTING:
            self._report("websocket.unanswered", "the app returned without sending anything")
        if self._state is _State.DENIED:
            self._response.returned()

    def _check_content(self, message: Message) -> None:
        if message["type"] == "websocket.connect" and self._connected:
            self._report("websocket.connect-twice", "websocket.connect came again")
        if message["type"] == "websocket.disconnect":
            self._check_disconnect(message)
        if message["type"] == "websocket.receive":
            if self._state is _State.CONNECTING:
                self._report("websocket.receive-before-accept", "websocket.receive came before websocket.accept")
            if problem := _content_problem(message):
                self._report("websocket.receive-content", problem)

    def _check_disconnect(self, message: Message) -> None:
        if not is_number(message.get("code")):
            self._report("websocket.disconnect-code", f"code is {shown(message.get('code'))}")
        if not isinstance(message.get("reason"), str | None):
            self._report("websocket.disconnect-reason", f"reason is {kind(message['reason'])}")

    def _accept(self, message: Message) -> None:
        headers = check_headers(message, self._report)
        if any(name.lower() == b"sec-websocket-protocol" for name, _ in headers):
            self._report("websocket.accept-protocol-header", "sec-websocket-protocol is among the headers")
        self._check_subprotocol(message.get("subprotocol"))
        self._check_open(message)
        self._refuse_in(_State.ACCEPTED, "websocket.accept-twice", "websocket.accept came again")
        self._state = _State.ACCEPTED

    def _send(self, message: Message) -> None:
        if problem := _content_problem(message):
            self._report("websocket.send-content", problem)
        self._check_open(message)
        self._refuse_in(
            _State.CONNECTING, "websocket.send-before-accept", "websocket.send came before websocket.accept"
        )

    def _close(self, message: Message) -> None:
        code, reason = message.get("code", 1000), message.get("reason")
        if not is_number(code) or code not in _CLOSE_CODES:
            self._report("websocket.close-code", f"code is {shown(code)}")
        if not isinstance(reason, str | None):
            self._report("websocket.close-reason", f"reason is {kind(reason)}")
        elif reason and (size := len(reason.encode("utf-8", "surrogatepass"))) > _REASON_BYTES:
            self._report("websocket.close-reason-length", f"reason has {size} bytes")
        self._check_open(message)
        self._state = _State.CLOSED

    def _deny(self, message: Message) -> None:
        if not offers(self._scope, _DENIAL):
            self._report("send.extension-not-offered", f"{message['type']} was sent without {_DENIAL}")
        message_type: str = message["type"]
        self._refuse_in(_State.CLOSED, "websocket.after-close", f"{message_type} came after websocket.close")
        self._refuse_in(_State.ACCEPTED, "websocket.denial-after-accept", f"{message_type} came after websocket.accept")
        self._response.cut = self._left
        (self._response.start if message_type.endswith("start") else self._response.body)(message)
        self._state = _State.DENIED

    def _check_open(self, message: Message) -> None:
        message_type: str = message["type"]
        self._refuse_in(_State.CLOSED, "websocket.after-close", f"{message_type} came after websocket.close")
        self._refuse_in(_State.DENIED, "websocket.denial-followed", f"{message_type} came after {_DENIAL}.start")

    def _refuse_in(self, state: _State, rule_id: str, detail: str) -> None:
        """Report a message that has no place in a state; once the client has left, its place is of no account."""
        if self._state is state and not self._left:
            self._report(rule_id, detail)

    def _check_subprotocol(self, subprotocol: object) -> None:
        if subprotocol is None:
            return
        if not isinstance(subprotocol, str):
            self._report("websocket.subprotocol", f"subprotocol is {kind(subprotocol)}")
            return
        offered = items_of(self._scope.get("subprotocols", ())) or []
        if subprotocol not in offered:
            # Some clients put a token there, so no name is shown.
            self._report("websocket.subprotocol-not-offered", f"subprotocol is none of the {len(offered)} offered")


def _content_problem(message: Message) -> str | None:
    """Say what is wrong with the data of a message, if anything."""
    content: Mapping[str, type] = {"bytes": bytes, "text": str}
    given = [key for key in content if message.get(key) is not None]
    if len(given) != 1:
        return f"{' and '.join(given) or 'none of the two'} is there"
    key = given[0]
    return None if isinstance(message[key], content[key]) else f"{key} is {kind(message[key])}"
