"""The security headers on every kind of response, and what becomes of the application's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.pipeline import Stage
from asgi_stack.security_policy import HeaderSets, build_security_policy
from asgi_stack.types import ASGIApp, Header, Message, Receive, Scope, Send
from tests.driver import Exchange, exchange, http_scope

POLICY: Final = build_security_policy()
NAME_CASE = "http.header-name-case"
JSON: Final = (b"content-type", b"application/json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
BODY: Final[Message] = {"type": "http.response.body", "body": b"{}"}


def answering(headers: object = (), status: int = 200) -> ASGIApp:
    """Build an app that answers with these headers, of whatever shape."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send(BODY)

    return app


async def answered(headers: object = (), status: int = 200, *, scheme: str = "http", method: str = "GET") -> Exchange:
    """Drive such an app inside the layer with its defaults."""
    scope = http_scope(scheme=scheme, method=method)
    layer = SecurityHeadersMiddleware(answering(headers, status))
    # An iterator is not looked into before the layer has read it, so its names seem to be the layer's.
    return await exchange(layer, scope, allowed=[] if isinstance(headers, list | tuple) else [NAME_CASE])


class TestResponses:
    """Which headers a response gets."""

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 404, 405, 429, 500, 503])
    async def test_every_status_gets_all(self, status: int) -> None:
        """Success, redirect and error get the same headers, behind the app's own."""
        result = await answered([JSON], status)

        assert result.headers == [JSON, *POLICY.plain.other]
        assert result.status == status
        assert result.body == b"{}"

    async def test_head_gets_all(self) -> None:
        """A HEAD request gets what the GET would get."""
        result = await answered([JSON], method="HEAD")

        assert result.headers == [JSON, *POLICY.plain.other]

    @pytest.mark.parametrize("headers", [[], [HTML], [(b"etag", b'"1"')]])
    async def test_not_modified_gets_no_page_policy(self, headers: list[Header]) -> None:
        """A 304 has no CSP, CORP or COEP that a cache could put on the stored page."""
        result = await answered(headers, 304)

        assert result.headers == [*headers, *POLICY.plain.not_modified]

    @pytest.mark.parametrize(
        "content_type", [b"text/html", b"Text/HTML; charset=utf-8", b"text/html;charset=utf-8", b"TEXT/HTML ; a=b"]
    )
    async def test_html_gets_the_policy_for_pages(self, content_type: bytes) -> None:
        """Pages get a CSP that pages can live with, however their type is written."""
        result = await answered([(b"Content-Type", content_type)])

        assert result.headers == [(b"Content-Type", content_type), *POLICY.plain.html]

    @pytest.mark.parametrize(
        "content_type", [b"application/json", b"text/htmlx", b"text/plain; a=text/html", b"application/xhtml+xml", b""]
    )
    async def test_all_else_gets_the_strict_policy(self, content_type: bytes) -> None:
        """A type that is not text/html gets the CSP for data."""
        result = await answered([(b"content-type", content_type)])

        assert result.headers == [(b"content-type", content_type), *POLICY.plain.other]

    @pytest.mark.parametrize(
        ("scheme", "sets"),
        [("http", POLICY.plain), ("https", POLICY.encrypted), ("ws", POLICY.plain), ("wss", POLICY.encrypted)],
        ids=["http", "https", "ws", "wss"],
    )
    async def test_hsts_goes_over_encrypted_connections_only(self, scheme: str, sets: HeaderSets) -> None:
        """Strict-Transport-Security is sent over https and wss, for each kind of content."""
        data = await answered([JSON], scheme=scheme)
        page = await answered([HTML], scheme=scheme)
        not_modified = await answered([], 304, scheme=scheme)

        assert data.headers == [JSON, *sets.other]
        assert page.headers == [HTML, *sets.html]
        assert not_modified.headers == [*sets.not_modified]

    async def test_missing_scheme_means_plain(self) -> None:
        """A scope without a scheme, which ASGI allows, gets no HSTS."""
        scope = http_scope()
        del scope["scheme"]

        result = await exchange(SecurityHeadersMiddleware(answering()), scope)

        assert result.headers == [*POLICY.plain.other]

    async def test_preset_owasp(self) -> None:
        """The preset owasp sends its list, with its Cache-Control where the app set none."""
        layer = SecurityHeadersMiddleware(answering([JSON]), preset="owasp")
        caching = SecurityHeadersMiddleware(answering([(b"Cache-Control", b"max-age=60")]), preset="owasp")

        result, cached = await exchange(layer), await exchange(caching)

        assert result.headers == [JSON, *build_security_policy(preset="owasp").plain.other]
        assert result.values("cache-control") == ["no-store, max-age=0"]
        assert cached.values("cache-control") == ["max-age=60"]

    async def test_options_reach_the_response(self) -> None:
        """Overrides, hsts and x_xss_protection decide what is sent."""
        layer = SecurityHeadersMiddleware(
            answering(), overrides={"X-Frame-Options": None, "X-Own": "1"}, hsts="max-age=9", x_xss_protection="0"
        )

        result = await exchange(layer, http_scope(scheme="https"))

        assert result.values("x-frame-options") == []
        assert result.values("x-own") == ["1"]
        assert result.values("strict-transport-security") == ["max-age=9"]
        assert result.values("x-xss-protection") == ["0"]

    def test_wrong_option_fails_when_the_layer_is_made(self) -> None:
        """A wrong value is an error before the first request."""
        with pytest.raises(ValueError, match=r"^hsts: "):
            SecurityHeadersMiddleware(answering(), hsts="never")

    def test_stage_is_headers(self) -> None:
        """A pipeline puts the layer outside all that may answer."""
        assert SecurityHeadersMiddleware.stage is Stage.HEADERS


class TestHeadersOfTheApp:
    """What becomes of the headers that the app sent."""

    @pytest.mark.parametrize("name", sorted({n for n, _ in POLICY.encrypted.other} - {b"x-content-type-options"}))
    @pytest.mark.parametrize("spelling", [bytes.lower, bytes.title, bytes.upper])
    async def test_own_value_wins(self, name: bytes, spelling: Callable[[bytes], bytes]) -> None:
        """A header that the app set stays as it is, name and value, and ours is not added."""
        own = (spelling(name), b"the app's")

        result = await answered([own, JSON], scheme="https")

        assert result.headers == [own, JSON, *[pair for pair in POLICY.encrypted.other if pair[0] != name]]

    async def test_nosniff_is_always_ours(self) -> None:
        """X-Content-Type-Options of the app is dropped, in any case and number."""
        result = await answered([(b"X-Content-Type-Options", b"sniff"), JSON, (b"x-content-type-options", b"nosniff")])

        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_what_tells_of_the_server_is_dropped(self) -> None:
        """The app's Server and X-Powered-By do not leave."""
        result = await answered([(b"Server", b"A/1"), JSON, (b"x-powered-by", b"B/2")])

        assert result.headers == [JSON, *POLICY.plain.other]

    async def test_override_may_say_what_the_server_is(self) -> None:
        """A value that the user gave for Server replaces the app's."""
        layer = SecurityHeadersMiddleware(answering([(b"server", b"A/1")]), overrides={"Server": "ours"})

        assert (await exchange(layer)).values("server") == ["ours"]

    async def test_override_of_content_type_fills_in_only(self) -> None:
        """A content type given as an override goes where the app set none."""
        options = {"Content-Type": "text/plain"}

        set_by_app = await exchange(SecurityHeadersMiddleware(answering([JSON]), overrides=options))
        missing = await exchange(SecurityHeadersMiddleware(answering(), overrides=options))

        assert set_by_app.values("content-type") == ["application/json"]
        assert missing.values("content-type") == ["text/plain"]

    async def test_order_and_repeats_stay(self) -> None:
        """Headers of the app keep their order and number, also when one of ours is set by the app."""
        own = [(b"set-cookie", b"a=1"), (b"Referrer-Policy", b"origin"), JSON, (b"set-cookie", b"a=1"), (b"vary", b"*")]

        result = await answered(own)

        assert result.headers == [*own, *[pair for pair in POLICY.plain.other if pair[0] != b"referrer-policy"]]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from([n for n, _ in POLICY.plain.other] + [b"set-cookie", b"content-length", b"server"]),
                st.sampled_from([b"1", b"2"]),
                st.booleans(),
            )
        )
    )
    def test_nothing_is_lost_or_doubled(self, drawn: list[tuple[bytes, bytes, bool]]) -> None:
        """Whatever the app sent, in whatever order, leaves but for three names; what it left out is ours."""
        own = [(name.title() if titled else name, value) for name, value, titled in drawn]

        sent = asyncio.run(answered(own)).headers

        kept = [pair for pair in own if pair[0].lower() not in {b"server", b"x-content-type-options"}]
        names = {name.lower() for name, _ in kept}
        assert sent == [*kept, *[pair for pair in POLICY.plain.other if pair[0] not in names]]

    @pytest.mark.parametrize(
        "shape",
        [
            list,
            tuple,
            iter,
            lambda pairs: [list(pair) for pair in pairs],
            lambda pairs: (pair for pair in pairs),
            lambda pairs: dict(pairs).items(),
        ],
        ids=["list", "tuple", "iterator", "lists", "generator", "view"],
    )
    async def test_any_iterable_of_pairs(self, shape: Callable[[Iterable[Header]], object]) -> None:
        """Lists, tuples, generators and lists of lists are headers alike."""
        plain = await answered(shape([JSON, (b"vary", b"*")]))
        contested = await answered(shape([JSON, (b"X-Frame-Options", b"SAMEORIGIN")]))

        assert [tuple(pair) for pair in plain.headers] == [JSON, (b"vary", b"*"), *POLICY.plain.other]
        assert contested.values("x-frame-options") == ["SAMEORIGIN"]
        assert isinstance(plain.start["headers"], list)

    async def test_missing_headers_key(self) -> None:
        """A start message without headers, which ASGI allows, gets ours."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 204})

        result = await exchange(SecurityHeadersMiddleware(app))

        assert result.headers == [*POLICY.plain.other]
        assert result.status == 204

    async def test_message_and_list_of_the_app_stay_untouched(self) -> None:
        """A start message that is a constant of the app serves two requests and is the same afterwards."""
        headers = [JSON, (b"server", b"A/1")]
        start: Message = {"type": "http.response.start", "status": 200, "headers": headers, "trailers": True}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(start)

        first, second = [await exchange(SecurityHeadersMiddleware(app)) for _ in range(2)]

        assert first.start == second.start == {**start, "headers": [JSON, *POLICY.plain.other]}
        assert first.start["headers"] is not second.start["headers"]
        assert start == {"type": "http.response.start", "status": 200, "headers": headers, "trailers": True}
        assert headers == [JSON, (b"server", b"A/1")]
