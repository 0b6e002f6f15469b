"""The rules that `ASGILint` checks, as data: who can break each, what it says, and where that is written.

Source: https://asgi.readthedocs.io/en/latest/ (HTTP and WebSocket 2.5, Lifespan 2.0), RFC 9110 (HTTP semantics) and
RFC 6455 (WebSocket).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = ["LINT_RULES", "Culprit", "LintRule", "Section"]

Culprit: TypeAlias = Literal["app", "server"]
"""The side of the lint that a message or a scope came from."""


class Section(NamedTuple):
    """A part of a specification: its name and its address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule of ASGI, or of HTTP and WebSocket behind it.

    Attributes:
        id: Stable; `ASGILint(app, ignore=(id,))` switches the rule off.
        culprit: The only side that can break it.
        section: The part of a specification that says so.
        sentence: What holds.
    """

    id: str
    culprit: Culprit
    section: Section
    sentence: str

    @property
    def citation(self) -> str:
        """The section and its address, as an error shows them."""
        return f"{self.section.title}, {self.section.url}"


_MAIN: Final = "https://asgi.readthedocs.io/en/latest/specs/main.html"
_WWW: Final = "https://asgi.readthedocs.io/en/latest/specs/www.html"
_LIFESPAN: Final = "https://asgi.readthedocs.io/en/latest/specs/lifespan.html"
_EXTENSIONS: Final = "https://asgi.readthedocs.io/en/latest/extensions.html"


def _rfc(number: int, section: str) -> Section:
    return Section(
        f"RFC {number} section {section}", f"https://www.rfc-editor.org/rfc/rfc{number}.html#section-{section}"
    )


_APPLICATIONS: Final = Section("ASGI, Applications", f"{_MAIN}#applications")
_PROTOCOLS: Final = Section("ASGI, Protocol Specifications", f"{_MAIN}#protocol-specifications")
_EVENTS: Final = Section("ASGI, Events", f"{_MAIN}#events")
_ERRORS: Final = Section("ASGI, Error Handling", f"{_MAIN}#error-handling")
_EXTENDED: Final = Section("ASGI, Extensions", f"{_MAIN}#extensions")

_HTTP_SCOPE: Final = Section("ASGI HTTP, Connection Scope", f"{_WWW}#http-connection-scope")
_REQUEST: Final = Section("ASGI HTTP, Request", f"{_WWW}#request-receive-event")
_START: Final = Section("ASGI HTTP, Response Start", f"{_WWW}#response-start-send-event")
_BODY: Final = Section("ASGI HTTP, Response Body", f"{_WWW}#response-body-send-event")
_TRAILERS: Final = Section("ASGI Extensions, HTTP Trailers", f"{_EXTENSIONS}#http-trailers")
_PATHSEND: Final = Section("ASGI Extensions, Path Send", f"{_EXTENSIONS}#path-send")
_ZEROCOPY: Final = Section("ASGI Extensions, Zero Copy Send", f"{_EXTENSIONS}#zero-copy-send")
_PUSH: Final = Section("ASGI Extensions, HTTP/2 Server Push", f"{_EXTENSIONS}#http-2-server-push")
_HINTS: Final = Section("ASGI Extensions, Early Hints", f"{_EXTENSIONS}#early-hints")
_DEBUG: Final = Section("ASGI Extensions, Debug", f"{_EXTENSIONS}#debug")

_SOCKET_SCOPE: Final = Section("ASGI WebSocket, Connection Scope", f"{_WWW}#websocket-connection-scope")
_CONNECT: Final = Section("ASGI WebSocket, Connect", f"{_WWW}#connect-receive-event")
_ACCEPT: Final = Section("ASGI WebSocket, Accept", f"{_WWW}#accept-send-event")
_RECEIVE: Final = Section("ASGI WebSocket, Receive", f"{_WWW}#receive-receive-event")
_SEND: Final = Section("ASGI WebSocket, Send", f"{_WWW}#send-send-event")
_DISCONNECT: Final = Section("ASGI WebSocket, Disconnect", f"{_WWW}#disconnect-receive-event-ws")
_CLOSE: Final = Section("ASGI WebSocket, Close", f"{_WWW}#close-send-event")
_DENIAL: Final = Section("ASGI Extensions, Websocket Denial Response", f"{_EXTENSIONS}#websocket-denial-response")

_LIFE_SCOPE: Final = Section("ASGI Lifespan, Scope", f"{_LIFESPAN}#scope")
_STARTUP: Final = Section("ASGI Lifespan, Startup", f"{_LIFESPAN}#startup-receive-event")
_STARTED: Final = Section("ASGI Lifespan, Startup Complete", f"{_LIFESPAN}#startup-complete-send-event")
_FAILED: Final = Section("ASGI Lifespan, Startup Failed", f"{_LIFESPAN}#startup-failed-send-event")
_SHUTDOWN: Final = Section("ASGI Lifespan, Shutdown", f"{_LIFESPAN}#shutdown-receive-event")
_STOPPED: Final = Section("ASGI Lifespan, Shutdown Complete", f"{_LIFESPAN}#shutdown-complete-send-event")

_ROWS: Final[tuple[tuple[str, Culprit, Section, str], ...]] = (
    ("scope.type", "server", _APPLICATIONS, "The scope is a dict whose keys are texts, and its `type` is one."),
    (
        "scope.missing-key",
        "server",
        _HTTP_SCOPE,
        "`path` and `headers` are there; over http also `http_version`, `method` and `query_string`.",
    ),
    ("scope.asgi", "server", _APPLICATIONS, "`asgi` is a dict; its `version` and `spec_version` are texts."),
    ("scope.http-version", "server", _HTTP_SCOPE, "`http_version` is one of the texts 1.0, 1.1, 2 and 3."),
    ("scope.method", "server", _HTTP_SCOPE, "`method` is a text in upper case."),
    ("scope.scheme", "server", _HTTP_SCOPE, "`scheme` is a text that is not empty."),
    ("scope.path", "server", _HTTP_SCOPE, "`path` is a text."),
    ("scope.raw-path", "server", _HTTP_SCOPE, "`raw_path` is bytes or None."),
    ("scope.query-string", "server", _HTTP_SCOPE, "`query_string` is bytes; of a websocket also None."),
    ("scope.root-path", "server", _HTTP_SCOPE, "`root_path` is a text."),
    ("scope.headers", "server", _HTTP_SCOPE, "`headers` is an iterable of pairs, and both their items are bytes."),
    ("scope.pseudo-header", "server", _HTTP_SCOPE, "Pseudo headers of HTTP/2 and HTTP/3, as `:path`, are taken out."),
    ("scope.client", "server", _HTTP_SCOPE, "`client` is a pair of a text and a whole number, or None."),
    ("scope.server", "server", _HTTP_SCOPE, "`server` is a pair of a text and a whole number or None, or is None."),
    ("scope.subprotocols", "server", _SOCKET_SCOPE, "`subprotocols` is an iterable of texts."),
    ("scope.state", "server", _LIFE_SCOPE, "`state` is a dict whose keys are texts."),
    ("scope.extensions", "server", _EXTENDED, "`extensions` is a dict of texts to dicts, or None."),
    ("send.message", "app", _EVENTS, "A message is a dict whose `type` is a text."),
    ("send.unknown-type", "app", _ERRORS, "A message is one of the scope's protocol, or of an extension offered."),
    ("send.extension-not-offered", "app", _EXTENDED, "What belongs to an extension needs its name in `extensions`."),
    ("receive.message", "server", _EVENTS, "A message is a dict whose `type` is a text."),
    ("receive.unknown-type", "server", _PROTOCOLS, "A message is one that the scope's protocol defines."),
    ("http.request-body", "server", _REQUEST, "`body` is bytes."),
    ("http.request-flag", "server", _REQUEST, "`more_body` is True or False."),
    ("http.request-after-end", "server", _REQUEST, "No part of the body follows its last one, nor a disconnect."),
    ("http.headers", "app", _START, "`headers` is an iterable of pairs, and both their items are bytes."),
    ("http.header-name-case", "app", _START, "Header names are in lower case."),
    ("http.header-name", "app", _rfc(9110, "5.1"), "A header name is a token: no space, no colon, and not empty."),
    (
        "http.header-value",
        "app",
        _rfc(9110, "5.5"),
        "A header value has no control character but the tab, and no blank around it.",
    ),
    ("http.pseudo-header", "app", _START, "Pseudo headers of HTTP/2 and HTTP/3, as `:status`, are not for apps."),
    ("http.transfer-encoding", "app", _START, "`transfer-encoding` is the server's; what an app says of it is void."),
    ("http.content-length", "app", _rfc(9110, "8.6"), "There is at most one `content-length`, a decimal number."),
    ("http.content-length-forbidden", "app", _rfc(9110, "8.6"), "1xx and 204 have no `content-length`."),
    ("http.content-length-mismatch", "app", _rfc(9110, "8.6"), "The body is as long as `content-length` says."),
    ("http.status", "app", _rfc(9110, "15"), "A status is a whole number from 100 to 599."),
    ("http.interim-status", "app", _rfc(9110, "15.2"), "1xx is interim: no response can end with it."),
    ("http.start-twice", "app", _START, "A response starts once."),
    ("http.body-before-start", "app", _START, "The start comes before the body and the trailers."),
    ("http.no-response", "app", _START, "An app that returns has responded, unless the client left."),
    ("http.incomplete", "app", _START, "An app that returns has completed what it started, unless the client left."),
    ("http.body", "app", _BODY, "`body` is bytes."),
    ("http.flag", "app", _BODY, "`more_body`, `trailers` and `more_trailers` are True or False."),
    ("http.body-forbidden", "app", _rfc(9110, "6.4.1"), "1xx, 204 and 304 have no body."),
    ("http.after-complete", "app", _BODY, "Nothing follows what completes the response."),
    ("http.trailers-not-announced", "app", _TRAILERS, "Trailers need `trailers: True` in the start."),
    ("http.trailers-early", "app", _TRAILERS, "Trailers come after the last part of the body."),
    ("http.pathsend-path", "app", _PATHSEND, "`path` is the absolute path of a file, as a text."),
    ("http.pathsend-mixed", "app", _PATHSEND, "A file sent by its path is the whole body."),
    ("http.zerocopysend", "app", _ZEROCOPY, "`file` has a file descriptor; `offset` and `count` are whole numbers."),
    ("http.push-path", "app", _PUSH, "`path` is a text."),
    ("http.push-before-start", "app", _PUSH, "A push comes after the start."),
    ("http.early-hint", "app", _HINTS, "`links` is an iterable of bytes."),
    ("http.debug", "app", _DEBUG, "`info` is a dict whose keys are texts."),
    ("http.debug-order", "app", _DEBUG, "Debug information is sent once, before the start."),
    ("websocket.connect-first", "server", _CONNECT, "The first message is `websocket.connect`."),
    ("websocket.connect-twice", "server", _CONNECT, "A client connects once."),
    ("websocket.receive-before-accept", "server", _CONNECT, "Data comes after the app accepted."),
    (
        "websocket.receive-content",
        "server",
        _RECEIVE,
        "Either `bytes` is bytes or `text` is a text; the other is None.",
    ),
    ("websocket.disconnect-code", "server", _DISCONNECT, "`code` is there, and a whole number."),
    ("websocket.disconnect-reason", "server", _DISCONNECT, "`reason` is a text or None."),
    ("websocket.after-disconnect", "server", _DISCONNECT, "After a disconnect nothing comes but another one."),
    ("websocket.accept-twice", "app", _ACCEPT, "A connection is accepted once."),
    (
        "websocket.accept-protocol-header",
        "app",
        _ACCEPT,
        "The subprotocol goes into `subprotocol`, not into `headers`.",
    ),
    ("websocket.subprotocol", "app", _ACCEPT, "`subprotocol` is a text or None."),
    (
        "websocket.subprotocol-not-offered",
        "app",
        _rfc(6455, "4.2.2"),
        "The subprotocol is one that the client offered.",
    ),
    ("websocket.send-before-accept", "app", _CONNECT, "Data goes out after the app accepted."),
    ("websocket.send-content", "app", _SEND, "Either `bytes` is bytes or `text` is a text; the other is None."),
    ("websocket.close-code", "app", _rfc(6455, "7.4"), "`code` is a whole number that may stand in a close frame."),
    ("websocket.close-reason", "app", _CLOSE, "`reason` is a text or None."),
    ("websocket.close-reason-length", "app", _rfc(6455, "5.5"), "`reason` has at most 123 bytes of UTF-8."),
    ("websocket.after-close", "app", _CLOSE, "Nothing follows the app's close."),
    ("websocket.denial-after-accept", "app", _DENIAL, "What was accepted cannot be denied."),
    ("websocket.denial-followed", "app", _DENIAL, "No other message follows a denial."),
    (
        "websocket.unanswered",
        "app",
        _CONNECT,
        "An app that returns has accepted, closed or denied, unless the client left.",
    ),
    ("lifespan.startup-first", "server", _STARTUP, "The first message is `lifespan.startup`."),
    ("lifespan.startup-twice", "server", _STARTUP, "The app is started once."),
    ("lifespan.shutdown-early", "server", _STARTED, "The shutdown waits for the answer to the startup."),
    ("lifespan.after-shutdown", "server", _SHUTDOWN, "Nothing comes after the shutdown."),
    ("lifespan.startup-unasked", "app", _STARTUP, "`startup.complete` and `startup.failed` answer a startup."),
    ("lifespan.startup-answered-twice", "app", _STARTED, "A startup is answered once."),
    ("lifespan.shutdown-unasked", "app", _SHUTDOWN, "`shutdown.complete` and `shutdown.failed` answer a shutdown."),
    ("lifespan.shutdown-answered-twice", "app", _STOPPED, "A shutdown is answered once."),
    ("lifespan.message", "app", _FAILED, "`message` is a text."),
    ("lifespan.unanswered", "app", _PROTOCOLS, "An app answers before it returns; one without a lifespan raises."),
)

LINT_RULES: Final[Mapping[str, LintRule]] = MappingProxyType({row[0]: LintRule(*row) for row in _ROWS})
"""Every rule by its id, in the order of docs/asgi-lint.md."""
