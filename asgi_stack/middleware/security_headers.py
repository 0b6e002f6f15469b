"""Put security headers on every final response.

Scopes: http and websocket; lifespan and unknown types pass with the server's own `send`.
Order: outside whatever may answer, so that errors get the headers too; only lifespan stands further out.
Reads: the scope's `type` and `scheme`; status and headers of `http.response.start` and of
`websocket.http.response.start`, which denies a websocket. `websocket.accept` is left alone.
Writes: a copy of that message, with a header list of its own.
Errors: a wrong option is a ValueError when the layer is made; none at a request.
Source: https://owasp.org/www-project-secure-headers/, RFC 6797 section 7.2 (HSTS only over a secure transport),
https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import ClassVar, Final

from asgi_stack.header_names import USUAL_RESPONSE_NAMES, USUAL_VALUES, learn_name
from asgi_stack.middleware.active import ACTIVE, leave
from asgi_stack.options import check_app
from asgi_stack.pipeline import Stage
from asgi_stack.security_policy import (
    DEFAULT_HSTS,
    NEVER_FROM_APP,
    HeaderSets,
    PresetName,
    XSSProtection,
    build_security_policy,
)
from asgi_stack.types import AnyASGIApp, ASGIApp, Header, Message, Receive, Scope, Send

__all__ = ["SecurityHeadersMiddleware"]

_START: Final[Mapping[str, str]] = {"http": "http.response.start", "websocket": "websocket.http.response.start"}
_ENCRYPTED: Final = frozenset({"https", "wss"})
_CONTENT_TYPE: Final = b"content-type"
_HTML: Final = b"text/html"
_NOT_MODIFIED: Final = 304


class SecurityHeadersMiddleware:
    """Add security headers to every final response, whoever wrote it.

    A header that the application set itself wins, except `X-Content-Type-Options`, which is always `nosniff`.
    `server` and `x-powered-by` are taken away. A 304 gets no CSP, CORP or COEP: a cache would put them on the page
    that it stored.

    Args:
        app: The application inside.
        preset: `api`: strict for data, and for `text/html` a CSP that most pages can live with. `owasp`: the list of
            the OWASP Secure Headers project, byte for byte, for every content type.
        overrides: Header name, compared without case, to its value, or to None to switch it off. It may name any
            header; the value goes to every content type alike.
        hsts: `Strict-Transport-Security` (RFC 6797 section 6.1, max-age in seconds), sent over https and wss only;
            None switches it off.
        x_xss_protection: `1; mode=block`, `0`, or None to switch it off. OWASP does not list the header, so the
            preset `owasp` sends `0` only.

    Raises:
        TypeError: `app` or `overrides` is of the wrong type.
        ValueError: An option is wrong; the message names it and the culprit.
    """

    stage: ClassVar[Stage] = Stage.HEADERS

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        preset: PresetName = "api",
        overrides: Mapping[str, str | None] | None = None,
        hsts: str | None = DEFAULT_HSTS,
        x_xss_protection: XSSProtection | None = "1; mode=block",
    ) -> None:
        check_app(app)
        self.app: ASGIApp = app
        policy = build_security_policy(preset=preset, overrides=overrides, hsts=hsts, x_xss_protection=x_xss_protection)
        self._plain = policy.plain
        self._encrypted = policy.encrypted
        self._contested = policy.names | NEVER_FROM_APP
        self._uncontested = {*USUAL_RESPONSE_NAMES} - self._contested - {_CONTENT_TYPE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        start = _START.get(scope["type"])
        outer = scope.get(ACTIVE, ())
        if start is None or type(self) in outer:
            return await self.app(scope, receive, send)
        sets = self._encrypted if scope.get("scheme") in _ENCRYPTED else self._plain

        def send_with_security_headers(message: Message) -> Awaitable[None]:
            if message["type"] == start:
                message = {**message, "headers": self._headers(message, sets)}
            return send(message)

        scope[ACTIVE] = (*outer, type(self))
        try:
            return await self.app(scope, receive, send_with_security_headers)
        finally:
            leave(scope, outer)

    def _headers(self, message: Message, sets: HeaderSets) -> list[Header]:
        headers: list[Header] = [*(message.get("headers") or ())]
        uncontested = self._uncontested
        is_html = False
        contested: list[bytes] = []
        for name, value in headers:
            if name not in uncontested:
                lowered = name.lower()
                is_html = is_html or (lowered == _CONTENT_TYPE and value not in _USUAL_DATA and _is_html(value))
                if lowered in self._contested:
                    contested.append(lowered)
                elif lowered != _CONTENT_TYPE:
                    learn_name(uncontested, name)
        added = sets.html if is_html else sets.other
        if message.get("status") == _NOT_MODIFIED:
            added = sets.not_modified
        if contested:
            return _settled(headers, added, contested)
        headers += added
        return headers


def _is_html(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == _HTML


_USUAL_DATA: Final = frozenset(value for value in USUAL_VALUES if not _is_html(value))


def _settled(headers: list[Header], added: tuple[Header, ...], contested: list[bytes]) -> list[Header]:
    kept = [pair for pair in headers if pair[0].lower() not in NEVER_FROM_APP]
    won = frozenset(contested) - NEVER_FROM_APP
    return [*kept, *[pair for pair in added if pair[0] not in won]]
