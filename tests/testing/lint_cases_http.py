"""Broken responses and requests."""

from __future__ import annotations

import io
import sys
from typing import Final

from asgi_stack.types import Message
from tests.driver import http_scope
from tests.testing.lint_cases import BODY, MORE, START, Case, Get, extended, start, start_with

_START: Final = "www.html#response-start-send-event"
_BODY: Final = "www.html#response-body-send-event"
_REQUEST: Final = "www.html#request-receive-event"
_EXTENSIONS: Final = "main.html#extensions"

_TRAILERS: Final[Message] = {"type": "http.response.trailers", "headers": []}
_PATHSEND: Final[Message] = {"type": "http.response.pathsend", "path": __file__}
_ZEROCOPY: Final[Message] = {"type": "http.response.zerocopysend"}
_PUSH: Final[Message] = {"type": "http.response.push", "path": "/style.css", "headers": []}
_HINT: Final[Message] = {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]}
_DEBUG: Final[Message] = {"type": "http.response.debug", "info": {}}
_LAST: Final[Message] = {"type": "http.request", "body": b""}

_WITH_TRAILERS: Final = extended("http.response.trailers")
_WITH_PATHS: Final = extended("http.response.pathsend")
_WITH_FILES: Final = extended("http.response.zerocopysend")
_WITH_PUSH: Final = extended("http.response.push")
_WITH_HINTS: Final = extended("http.response.early_hint")
_WITH_DEBUG: Final = extended("http.response.debug")


def _length(*values: bytes, status: int = 200) -> Message:
    return start(status=status, headers=[(b"content-length", value) for value in values])


HEADER_CASES: Final = (
    Case("http.headers", _START, (start(headers=None),), "headers is NoneType", note="none"),
    Case("http.headers", _START, (start(headers=b"a: b"),), "headers is bytes", note="bytes"),
    Case("http.headers", _START, (start(headers={b"a": b"b"}),), "a header is bytes", note="dict"),
    Case("http.headers", _START, (start(headers=[(b"a",)]),), "a header is tuple of 1", note="one-item"),
    Case("http.headers", _START, (start_with("x-a"),), "the name of a header is 'x-a' (str)", note="text-name"),
    Case("http.headers", _START, (start_with(b"x-a", "s3cret"),), "b'x-a' (bytes) is str", note="text-value"),
    Case("http.headers", _START, (start_with(b"x-a", 17),), "b'x-a' (bytes) is int", note="number"),
    Case("http.header-name-case", _START, (start_with(b"Set-Cookie", b"s3cret"),), "b'Set-Cookie' (bytes)"),
    Case("http.header-name", "rfc9110.html#section-5.1", (start_with(b"x a"),), "named b'x a' (bytes)", note="space"),
    Case("http.header-name", "rfc9110.html#section-5.1", (start_with(b""),), "named b'' (bytes)", note="empty"),
    Case("http.header-name", "rfc9110.html#section-5.1", (start_with(b"x:"),), "named b'x:' (bytes)", note="colon"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b"s3cret\r\nx: y"),), "x-a", note="crlf"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b"s3cret\n"),), "x-a", note="lf"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b"s3\0cret"),), "x-a", note="nul"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b"s3\x0bcret"),), "x-a", note="control"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b" s3cret"),), "x-a", note="blank-first"),
    Case("http.header-value", "rfc9110.html#section-5.5", (start_with(b"x-a", b"s3cret\t"),), "x-a", note="blank-last"),
    Case("http.pseudo-header", _START, (start_with(b":status", b"200"),), "named b':status' (bytes)"),
    Case("http.transfer-encoding", _START, (start_with(b"transfer-encoding", b"chunked"),), "among the headers"),
    Case("http.content-length", "rfc9110.html#section-8.6", (_length(b"+2"),), "b'+2' (bytes)", note="sign"),
    Case("http.content-length", "rfc9110.html#section-8.6", (_length(b""),), "b'' (bytes)", note="empty"),
    Case("http.content-length", "rfc9110.html#section-8.6", (_length(b"2", b"3"),), "and b'3' (bytes)", note="two"),
    Case("http.content-length-forbidden", "section-8.6", (_length(b"0", status=204),), "a 204 says content-length: 0"),
    Case("http.content-length-mismatch", "section-8.6", (_length(b"1"), BODY), "with this part it is 2", note="long"),
    Case("http.content-length-mismatch", "section-8.6", (_length(b"5"), MORE, BODY), "it is 4", note="short"),
    Case("http.content-length-mismatch", "section-8.6", (_length(b"3"), MORE, MORE), "it is 4", note="in-time"),
)

RESPONSE_CASES: Final = (
    Case("http.status", "rfc9110.html#section-15", (start(status="200"),), "status is '200' (str)", note="text"),
    Case("http.status", "rfc9110.html#section-15", (start(status=True),), "status is True (bool)", note="bool"),
    Case("http.status", "rfc9110.html#section-15", (start(status=600),), "status is 600 (int)", note="above"),
    Case("http.status", "rfc9110.html#section-15", (start(status=99),), "status is 99 (int)", note="below"),
    Case("http.status", "rfc9110.html#section-15", ({"type": START["type"]},), "None (NoneType)", note="missing"),
    Case("http.interim-status", "rfc9110.html#section-15.2", (start(status=103),), "status is 103 (int)"),
    Case("http.start-twice", _START, (START, START), "http.response.start came again"),
    Case("http.start-twice", _START, (START, BODY, START), "came again", note="complete"),
    Case("http.body-before-start", _START, (BODY,), "http.response.body came first"),
    Case("http.body-before-start", _START, (_TRAILERS,), "trailers came first", _WITH_TRAILERS, "trailers"),
    Case("http.no-response", _START, (Get(_LAST),), "without sending anything"),
    Case("http.incomplete", _START, (START,), "before it sent the last part of the body"),
    Case("http.incomplete", _START, (START, MORE), "the last part of the body", note="stream"),
    Case("http.incomplete", _START, (start(trailers=True), BODY), "the trailers", _WITH_TRAILERS, "trailers"),
    Case("http.body", _BODY, (START, {**BODY, "body": "s3cret"}), "body is str", note="text"),
    Case("http.body", _BODY, (START, {**BODY, "body": memoryview(b"x")}), "body is memoryview", note="view"),
    Case("http.body", _BODY, (START, {**BODY, "body": None}), "body is NoneType", note="none"),
    Case("http.flag", _BODY, (START, {**BODY, "more_body": 0}), "more_body is 0 (int)", note="more-body"),
    Case("http.flag", _BODY, (start(trailers=None),), "trailers is None (NoneType)", note="trailers"),
    Case(
        "http.flag",
        _BODY,
        (start(trailers=True), BODY, {**_TRAILERS, "more_trailers": "no"}),
        "more_trailers is 'no' (str)",
        _WITH_TRAILERS,
        "more-trailers",
    ),
    Case("http.body-forbidden", "section-6.4.1", (start(status=204), BODY), "a body of bytes", note="204"),
    Case("http.body-forbidden", "section-6.4.1", (start(status=304), BODY), "a body of bytes", note="304"),
    Case("http.body-forbidden", "section-6.4.1", (start(status=304), _PATHSEND), "pathsend", _WITH_PATHS, "file"),
    Case("http.after-complete", _BODY, (START, BODY, BODY), "body came after the last part", note="body"),
    Case("http.after-complete", _BODY, (start(trailers=True), BODY, BODY), "last part", _WITH_TRAILERS, "announced"),
    Case(
        "http.after-complete",
        _BODY,
        (start(trailers=True), BODY, _TRAILERS, _TRAILERS),
        "after the last trailers",
        _WITH_TRAILERS,
        "trailers",
    ),
    Case("http.after-complete", _BODY, (START, BODY, _PUSH), "push came after", _WITH_PUSH, "push"),
    Case("http.after-complete", _BODY, (START, BODY, _HINT), "early_hint came after", _WITH_HINTS, "hint"),
    Case("http.after-complete", _BODY, (START, _PATHSEND, _PATHSEND), "pathsend came after", _WITH_PATHS, "file"),
)

EXTENSION_CASES: Final = (
    Case("send.extension-not-offered", _EXTENSIONS, (start(trailers=True),), "trailers: True", note="announced"),
    Case("send.extension-not-offered", _EXTENSIONS, (START, BODY, _TRAILERS), "trailers was sent", note="trailers"),
    Case("send.extension-not-offered", _EXTENSIONS, (START, _PATHSEND), "pathsend was sent", note="pathsend"),
    Case("send.extension-not-offered", _EXTENSIONS, (START, _ZEROCOPY), "zerocopysend was sent", note="zerocopysend"),
    Case("send.extension-not-offered", _EXTENSIONS, (START, _PUSH), "push was sent", note="push"),
    Case("send.extension-not-offered", _EXTENSIONS, (_HINT,), "early_hint was sent", note="early-hint"),
    Case("send.extension-not-offered", _EXTENSIONS, (_DEBUG,), "debug was sent", _WITH_PUSH, "debug"),
    Case("http.trailers-not-announced", "#http-trailers", (START, MORE, _TRAILERS), "nothing", _WITH_TRAILERS),
    Case("http.trailers-early", "#http-trailers", (start(trailers=True), MORE, _TRAILERS), "not", _WITH_TRAILERS),
    Case(
        "http.headers",
        _START,
        (start(trailers=True), BODY, {"type": "http.response.trailers"}),
        "http.response.trailers has no headers",
        _WITH_TRAILERS,
        "trailers",
    ),
    Case("http.pathsend-path", "#path-send", (START, {**_PATHSEND, "path": "s3cret"}), "relative", _WITH_PATHS),
    Case("http.pathsend-path", "#path-send", (START, {**_PATHSEND, "path": b"/x"}), "path is bytes", _WITH_PATHS, "b"),
    Case("http.pathsend-mixed", "#path-send", (START, MORE, _PATHSEND), "were sent before", _WITH_PATHS),
    Case("http.zerocopysend", "#zero-copy-send", (START, _ZEROCOPY), "file is NoneType", _WITH_FILES, "none"),
    Case("http.zerocopysend", "#zero-copy-send", (START, {**_ZEROCOPY, "file": io.BytesIO()}), "", _WITH_FILES, "io"),
    Case(
        "http.zerocopysend",
        "#zero-copy-send",
        (START, {**_ZEROCOPY, "file": sys.__stderr__, "count": "all"}),
        "count is 'all' (str)",
        _WITH_FILES,
        "count",
    ),
    Case("http.push-path", "#http-2-server-push", (START, {**_PUSH, "path": b"/"}), "path is bytes", _WITH_PUSH),
    Case("http.push-before-start", "#http-2-server-push", (_PUSH,), "http.response.push came first", _WITH_PUSH),
    Case("http.early-hint", "#early-hints", ({**_HINT, "links": ["</a>"]},), "links is list", _WITH_HINTS),
    Case("http.debug", "#debug", ({**_DEBUG, "info": []},), "info is list", _WITH_DEBUG),
    Case("http.debug-order", "#debug", (START, _DEBUG), "after the start", _WITH_DEBUG, "late"),
    Case("http.debug-order", "#debug", (_DEBUG, _DEBUG), "again", _WITH_DEBUG, "twice"),
)

REQUEST_CASES: Final = (
    Case("http.request-body", _REQUEST, (Get({**_LAST, "body": "s3cret"}),), "body is str"),
    Case("http.request-flag", _REQUEST, (Get({**_LAST, "more_body": None}),), "more_body is None (NoneType)"),
    Case("http.request-after-end", _REQUEST, (Get(_LAST), Get(_LAST)), "after the last part of the body", note="last"),
    Case(
        "http.request-after-end",
        _REQUEST,
        (Get({"type": "http.disconnect"}), Get(_LAST)),
        "after the disconnect",
        http_scope(method="POST"),
        "disconnect",
    ),
)
