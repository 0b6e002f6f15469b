"""Broken websockets, from both sides."""

from __future__ import annotations

from typing import Final

from asgi_stack.types import Message, Scope
from tests.driver import websocket_scope
from tests.testing.lint_cases import Case, Get, Step

CONNECT: Final = Get({"type": "websocket.connect"})
ACCEPT: Final[Message] = {"type": "websocket.accept"}
TEXT: Final[Message] = {"type": "websocket.send", "text": "hello"}
CLOSE: Final[Message] = {"type": "websocket.close"}
DATA: Final = Get({"type": "websocket.receive", "text": "hello", "bytes": None})
DISCONNECT: Final = Get({"type": "websocket.disconnect", "code": 1005, "reason": ""})
DENY: Final[Message] = {"type": "websocket.http.response.start", "status": 401, "headers": []}
DENIED: Final[Message] = {"type": "websocket.http.response.body", "body": b"no"}

_CONNECT: Final = "www.html#connect-receive-event"
_DISCONNECT: Final = "www.html#disconnect-receive-event-ws"
_RECEIVE: Final = "www.html#receive-receive-event"
_ACCEPT: Final = "www.html#accept-send-event"
_SEND: Final = "www.html#send-send-event"
_CLOSE: Final = "www.html#close-send-event"
_CODE: Final = "rfc6455.html#section-7.4"
_DENIAL: Final = "extensions.html#websocket-denial-response"


def _case(rule: str, cites: str, steps: tuple[Step, ...], detail: str, note: str = "") -> Case:
    return Case(rule, cites, steps, detail, websocket_scope(subprotocols=["chat"]), note)


def _closing(**others: object) -> tuple[Step, ...]:
    return (CONNECT, ACCEPT, {**CLOSE, **others})


_PLAIN: Final[Scope] = websocket_scope(extensions={})
_COOKIE_CHAT: Final[Message] = {**ACCEPT, "headers": [(b"sec-websocket-protocol", b"chat")]}

SERVER_CASES: Final = (
    _case("websocket.connect-first", _CONNECT, (DATA,), "websocket.receive came first", "data"),
    _case("websocket.connect-first", _CONNECT, (DISCONNECT,), "websocket.disconnect came first", "disconnect"),
    _case("websocket.connect-twice", _CONNECT, (CONNECT, ACCEPT, CONNECT), "websocket.connect came again"),
    _case("websocket.receive-before-accept", _CONNECT, (CONNECT, DATA), "came before websocket.accept"),
    _case(
        "websocket.receive-content", _RECEIVE, (CONNECT, ACCEPT, Get({"type": "websocket.receive"})), "none of the two"
    ),
    _case(
        "websocket.receive-content",
        _RECEIVE,
        (CONNECT, ACCEPT, Get({"type": "websocket.receive", "text": b"s3cret"})),
        "text is bytes",
        "type",
    ),
    _case("websocket.disconnect-code", _DISCONNECT, (CONNECT, Get({"type": "websocket.disconnect"})), "code is None"),
    _case(
        "websocket.disconnect-reason",
        _DISCONNECT,
        (CONNECT, Get({**DISCONNECT.message, "reason": b"s3cret"})),
        "reason is bytes",
    ),
    _case("websocket.after-disconnect", _DISCONNECT, (CONNECT, ACCEPT, DISCONNECT, DATA), "websocket.receive came"),
)

APP_CASES: Final = (
    _case("websocket.accept-twice", _ACCEPT, (CONNECT, ACCEPT, ACCEPT), "websocket.accept came again"),
    _case("websocket.accept-protocol-header", _ACCEPT, (CONNECT, _COOKIE_CHAT), "among the headers"),
    _case("websocket.subprotocol", _ACCEPT, (CONNECT, {**ACCEPT, "subprotocol": b"s3cret"}), "subprotocol is bytes"),
    _case(
        "websocket.subprotocol-not-offered",
        "rfc6455.html#section-4.2.2",
        (CONNECT, {**ACCEPT, "subprotocol": "s3cret"}),
        "none of the 1 offered",
    ),
    _case("websocket.send-before-accept", _CONNECT, (CONNECT, TEXT), "came before websocket.accept"),
    _case("websocket.send-content", _SEND, (CONNECT, ACCEPT, {"type": "websocket.send"}), "none of the two", "none"),
    _case("websocket.send-content", _SEND, (CONNECT, ACCEPT, {**TEXT, "bytes": b""}), "bytes and text is", "both"),
    _case("websocket.send-content", _SEND, (CONNECT, ACCEPT, {**TEXT, "text": {"a": 1}}), "text is dict", "type"),
    _case("websocket.close-code", _CODE, _closing(code="1000"), "code is '1000' (str)", "text"),
    _case("websocket.close-code", _CODE, _closing(code=1005), "code is 1005 (int)", "reserved"),
    _case("websocket.close-code", _CODE, _closing(code=5000), "code is 5000 (int)", "above"),
    _case("websocket.close-reason", _CLOSE, _closing(reason=b"s3cret"), "reason is bytes"),
    _case("websocket.close-reason-length", "rfc6455.html#section-5.5", _closing(reason="é" * 62), "has 124 bytes"),
    _case("websocket.after-close", _CLOSE, (CONNECT, ACCEPT, CLOSE, TEXT), "websocket.send came after", "send"),
    _case("websocket.after-close", _CLOSE, (CONNECT, CLOSE, CLOSE), "websocket.close came after", "close"),
    _case("websocket.after-close", _CLOSE, (CONNECT, CLOSE, DENY), "start came after", "denial"),
    _case("websocket.after-close", _CLOSE, (CONNECT, ACCEPT, CLOSE, DISCONNECT, TEXT), "came after", "disconnected"),
    _case("websocket.denial-after-accept", _DENIAL, (CONNECT, ACCEPT, DENY), "came after websocket.accept"),
    _case("websocket.denial-followed", _DENIAL, (CONNECT, DENY, DENIED, CLOSE), "websocket.close came after", "close"),
    _case("websocket.denial-followed", _DENIAL, (CONNECT, DENY, ACCEPT), "websocket.accept came after", "accept"),
    _case("websocket.unanswered", _CONNECT, (CONNECT,), "without sending anything"),
    Case("send.extension-not-offered", "#extensions", (CONNECT, DENY), "without websocket.http", _PLAIN, "denial"),
    _case("http.incomplete", "#response-start-send-event", (CONNECT, DENY), "the last part of the body", "denial"),
    _case("http.body-before-start", "#response-start-send-event", (CONNECT, DENIED), "body came first", "denial"),
    _case("http.status", "#section-15", (CONNECT, {**DENY, "status": 0}), "status is 0 (int)", "denial"),
    _case(
        "http.header-name-case",
        "#response-start-send-event",
        (CONNECT, {**ACCEPT, "headers": [[b"X-A", b"s3cret"]]}),
        "b'X-A' (bytes)",
        "accept",
    ),
)
