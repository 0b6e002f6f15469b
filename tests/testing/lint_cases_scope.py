"""Broken scopes, and what is wrong with messages of every protocol."""

from __future__ import annotations

from typing import Final

from tests.driver import http_scope, lifespan_scope, websocket_scope
from tests.testing.lint_cases import BODY, START, Case, Get, Step, without

_WHOLE: Final[tuple[Step, ...]] = (START, BODY)
_HTTP: Final = "www.html#http-connection-scope"
_ODD: Final = {1: "x"}

SCOPE_CASES: Final = (
    Case("scope.type", "main.html#applications", (), "the scope is dict", {**http_scope(), 1: 2}, "key"),  # type: ignore[dict-item]
    Case("scope.type", "main.html#applications", (), "type is b'http' (bytes)", http_scope(type=b"http"), "bytes"),
    Case("scope.missing-key", _HTTP, _WHOLE, "http scope has no method", without(http_scope(), "method"), "http"),
    Case("scope.missing-key", _HTTP, _WHOLE, "websocket scope has no path", without(websocket_scope(), "path"), "ws"),
    Case("scope.asgi", "main.html#applications", _WHOLE, "asgi is str", http_scope(asgi="3.0")),
    Case(
        "scope.asgi",
        "main.html#applications",
        (),
        "asgi['spec_version'] is 2 (int)",
        lifespan_scope(asgi={"version": "3.0", "spec_version": 2}),
        "spec-version",
    ),
    Case("scope.http-version", _HTTP, _WHOLE, "http_version is 'HTTP/1.1' (str)", http_scope(http_version="HTTP/1.1")),
    Case("scope.http-version", _HTTP, _WHOLE, "is 1.1 (float)", http_scope(http_version=1.1), "number"),
    Case("scope.method", _HTTP, _WHOLE, "method is 'get' (str)", http_scope(method="get")),
    Case("scope.method", _HTTP, _WHOLE, "method is b'GET' (bytes)", http_scope(method=b"GET"), "bytes"),
    Case("scope.scheme", _HTTP, _WHOLE, "scheme is '' (str)", http_scope(scheme="")),
    Case("scope.path", _HTTP, _WHOLE, "path is bytes", {**http_scope(), "path": b"/s3cret"}),
    Case("scope.raw-path", _HTTP, _WHOLE, "raw_path is str", http_scope(raw_path="/s3cret")),
    Case("scope.query-string", _HTTP, _WHOLE, "query_string is str", http_scope(query_string="token=s3cret")),
    Case("scope.query-string", _HTTP, _WHOLE, "query_string is NoneType", http_scope(query_string=None), "none"),
    Case("scope.root-path", _HTTP, _WHOLE, "root_path is NoneType", http_scope(root_path=None)),
    Case("scope.headers", _HTTP, _WHOLE, "headers is NoneType", {**http_scope(), "headers": None}, "none"),
    Case("scope.headers", _HTTP, _WHOLE, "a header is bytes", {**http_scope(), "headers": {b"host": b"x"}}, "dict"),
    Case("scope.headers", _HTTP, _WHOLE, "tuple of 3", {**http_scope(), "headers": [(b"a", b"b", b"c")]}, "three"),
    Case("scope.headers", _HTTP, _WHOLE, "'host' (str)", {**http_scope(), "headers": [("host", "s3cret")]}, "texts"),
    Case(
        "scope.headers",
        _HTTP,
        _WHOLE,
        "the value of the header b'cookie' (bytes) is str",
        {**http_scope(), "headers": [(b"cookie", "s3cret")]},
        "value",
    ),
    Case("scope.pseudo-header", _HTTP, _WHOLE, "b':path'", http_scope(headers=[(b":path", b"/s3cret")])),
    Case("scope.client", _HTTP, _WHOLE, "client is tuple of (str, str)", http_scope(client=("127.0.0.1", "80"))),
    Case("scope.client", _HTTP, _WHOLE, "client is str", http_scope(client="127.0.0.1:80"), "text"),
    Case("scope.client", _HTTP, _WHOLE, "client is tuple of (str, NoneType)", http_scope(client=("x", None)), "none"),
    Case("scope.server", _HTTP, _WHOLE, "server is list of (str)", http_scope(server=["127.0.0.1"])),
    Case(
        "scope.subprotocols",
        "www.html#websocket-connection-scope",
        (),
        "subprotocols is str",
        websocket_scope(subprotocols="chat"),
    ),
    Case("scope.state", "lifespan.html#scope", _WHOLE, "state is list", http_scope(state=[]), "http"),
    Case("scope.state", "lifespan.html#scope", (), "state is dict", lifespan_scope(state=_ODD), "lifespan"),
    Case("scope.extensions", "main.html#extensions", _WHOLE, "extensions is list", http_scope(extensions=["tls"])),
    Case(
        "scope.extensions",
        "main.html#extensions",
        _WHOLE,
        "the extension 'tls' is True (bool)",
        http_scope(extensions={"tls": True}),
        "value",
    ),
)

MESSAGE_CASES: Final = (
    Case("send.message", "main.html#events", ("http.response.start",), "the message is str", note="text"),
    Case("send.message", "main.html#events", (without(START, "type"),), "type is None (NoneType)", note="no-type"),
    Case("send.message", "main.html#events", ({**START, "type": b"x"},), "type is b'x' (bytes)", note="bytes"),
    Case("send.unknown-type", "main.html#error-handling", ({"type": "http.response.stop"},), "over http", note="http"),
    Case("send.unknown-type", "main.html#error-handling", ({"type": "websocket.accept"},), "over http", note="foreign"),
    Case(
        "send.unknown-type",
        "main.html#error-handling",
        (START,),
        "over a websocket",
        websocket_scope(),
        note="websocket",
    ),
    Case("send.unknown-type", "main.html#error-handling", (START,), "over a lifespan", lifespan_scope(), "lifespan"),
    Case("receive.message", "main.html#events", (Get(b"body"),), "the message is bytes", note="bytes"),
    Case("receive.message", "main.html#events", (Get({}),), "type is None", note="no-type"),
    Case(
        "receive.unknown-type",
        "main.html#protocol-specifications",
        (Get({"type": "websocket.connect"}),),
        "'websocket.connect' (str) was received over http",
        note="http",
    ),
    Case(
        "receive.unknown-type",
        "main.html#protocol-specifications",
        (Get({"type": "http.request"}),),
        "over a websocket",
        websocket_scope(),
        "websocket",
    ),
    Case(
        "receive.unknown-type",
        "main.html#protocol-specifications",
        (Get({"type": "http.request"}),),
        "over a lifespan",
        lifespan_scope(),
        "lifespan",
    ),
)
