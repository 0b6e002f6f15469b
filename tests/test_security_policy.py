"""The presets byte for byte, and what the options make of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from asgi_stack.security_policy import PresetName, XSSProtection, build_security_policy
from asgi_stack.types import Header

HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

API_COMMON = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (
        b"permissions-policy",
        (
            b"accelerometer=(), camera=(), geolocation=(), gyroscope=(), "
            b"magnetometer=(), microphone=(), payment=(), usb=()"
        ),
    ),
    (b"x-permitted-cross-domain-policies", b"none"),
)
API_HTML = (*API_COMMON, (b"content-security-policy", b"base-uri 'self'; frame-ancestors 'none'; object-src 'none'"))
API_OTHER = (
    *API_COMMON,
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
)

# https://github.com/OWASP/www-project-secure-headers/blob/master/ci/headers_add.json, last_update_utc 2026-07-19.
OWASP = (
    (b"cache-control", b"no-store, max-age=0"),
    (
        b"content-security-policy",
        (
            b"default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
            b"frame-ancestors 'none'; upgrade-insecure-requests"
        ),
    ),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        (
            b"accelerometer=(), autoplay=(), camera=(), cross-origin-isolated=(), display-capture=(), "
            b"encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), keyboard-map=(), magnetometer=(), "
            b"microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
            b"screen-wake-lock=(), sync-xhr=(self), usb=(), web-share=(), xr-spatial-tracking=(), clipboard-read=(), "
            b"clipboard-write=(), gamepad=(), hid=(), idle-detection=(), interest-cohort=(), serial=(), unload=()"
        ),
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-dns-prefetch-control", b"off"),
    (b"x-frame-options", b"deny"),
    (b"x-permitted-cross-domain-policies", b"none"),
)
PAGE_HEADERS = {b"content-security-policy", b"cross-origin-resource-policy", b"cross-origin-embedder-policy"}


def without(headers: tuple[Header, ...], names: set[bytes]) -> tuple[Header, ...]:
    """Leave some headers out."""
    return tuple(pair for pair in headers if pair[0] not in names)


class TestPresets:
    """The two presets, byte for byte."""

    def test_api(self) -> None:
        """The preset api is what DESIGN lists, with a CSP of its own for pages."""
        policy = build_security_policy(preset="api")

        assert policy.plain.html == API_HTML
        assert policy.plain.other == API_OTHER
        assert policy.plain.not_modified == API_COMMON
        assert policy.encrypted.html == (*API_HTML, HSTS)
        assert policy.encrypted.other == (*API_OTHER, HSTS)
        assert policy.encrypted.not_modified == (*API_COMMON, HSTS)

    def test_owasp(self) -> None:
        """The preset owasp is the list of OWASP without Clear-Site-Data, for every content type."""
        policy = build_security_policy(preset="owasp")

        assert policy.plain.html == policy.plain.other == OWASP
        assert policy.plain.not_modified == without(OWASP, PAGE_HEADERS)
        assert policy.encrypted.html == policy.encrypted.other == (*OWASP, HSTS)
        assert policy.encrypted.not_modified == (*without(OWASP, PAGE_HEADERS), HSTS)

    def test_api_is_the_default(self) -> None:
        """No option at all means the preset api."""
        assert build_security_policy() == build_security_policy(preset="api")

    @pytest.mark.parametrize("preset", ["api", "owasp"])
    def test_presets_follow_their_own_rules(self, preset: PresetName) -> None:
        """Every value of a preset may be given as an override."""
        policy = build_security_policy(preset=preset)
        values = {name.decode(): value.decode() for name, value in policy.encrypted.other}

        assert build_security_policy(preset=preset, overrides=values).encrypted.other == policy.encrypted.other

    @pytest.mark.parametrize(
        ("preset", "message"),
        [
            ("owsap", r"^preset: 'owsap' is unknown, there are 'api' and 'owasp'; did you mean 'owasp'\?$"),
            ("API", r"did you mean 'api'\?$"),
            ("strict", r"^preset: 'strict' is unknown, there are 'api' and 'owasp'$"),
            (None, r"^preset: None is unknown"),
        ],
    )
    def test_unknown_preset_names_near_ones(self, preset: PresetName, message: str) -> None:
        """An unknown preset is an error that lists those that exist and the one that was probably meant."""
        with pytest.raises(ValueError, match=message):
            build_security_policy(preset=preset)


class TestHsts:
    """The option hsts."""

    def test_sets_the_value(self) -> None:
        """Its text is the header's value, where the connection is encrypted."""
        policy = build_security_policy(hsts="max-age=60")

        assert dict(policy.encrypted.other)[b"strict-transport-security"] == b"max-age=60"
        assert policy.plain == build_security_policy().plain

    @pytest.mark.parametrize("preset", ["api", "owasp"])
    def test_none_switches_it_off(self, preset: PresetName) -> None:
        """None leaves the header out everywhere."""
        policy = build_security_policy(preset=preset, hsts=None)

        assert policy.encrypted == policy.plain

    def test_wrong_values_are_errors(self) -> None:
        """A value outside RFC 6797's grammar is an error that names the option."""
        with pytest.raises(ValueError, match=r"^hsts: 'includeSubDomains' is wrong: max-age is missing$"):
            build_security_policy(hsts="includeSubDomains")


class TestXXssProtection:
    """The option x_xss_protection."""

    @pytest.mark.parametrize(
        ("preset", "value", "sent"),
        [
            ("api", "1; mode=block", b"1; mode=block"),
            ("api", "0", b"0"),
            ("api", None, None),
            ("owasp", "1; mode=block", None),
            ("owasp", "0", b"0"),
            ("owasp", None, None),
        ],
    )
    def test_values(self, preset: PresetName, value: XSSProtection | None, sent: bytes | None) -> None:
        """Under owasp, whose list lacks the header, the default means absent."""
        policy = build_security_policy(preset=preset, x_xss_protection=value)

        assert dict(policy.plain.html).get(b"x-xss-protection") == sent
        assert dict(policy.plain.other).get(b"x-xss-protection") == sent

    @pytest.mark.parametrize("value", ["1", "1;mode=block", "", 0, False])
    def test_unknown_values_are_errors(self, value: XSSProtection) -> None:
        """Anything else is an error that lists what there is."""
        with pytest.raises(ValueError, match=r"^x_xss_protection: .* is unknown, there are '1; mode=block', '0' and"):
            build_security_policy(x_xss_protection=value)


class TestOverrides:
    """The option overrides."""

    def test_replace_in_place_whatever_the_case(self) -> None:
        """A value takes the place of the preset's, and all else stays as it was."""
        policy = build_security_policy(overrides={"X-FRAME-Options": "SAMEORIGIN"})

        expected = tuple((n, b"SAMEORIGIN" if n == b"x-frame-options" else v) for n, v in API_OTHER)
        assert policy.plain.other == expected

    def test_none_switches_a_header_off(self) -> None:
        """None leaves a header out; one that was never there may be named."""
        policy = build_security_policy(overrides={"Permissions-Policy": None, "X-Other": None})

        assert policy.plain.other == without(API_OTHER, {b"permissions-policy"})

    def test_may_add_any_header(self) -> None:
        """A header of the user's own goes with every kind of response, in latin-1."""
        policy = build_security_policy(overrides={"Origin-Agent-Cluster": "?1", "X-Motto": "caf\xe9"})

        for headers in (policy.plain.html, policy.plain.other, policy.plain.not_modified):
            assert headers[-2:] == ((b"origin-agent-cluster", b"?1"), (b"x-motto", b"caf\xe9"))
        assert {b"origin-agent-cluster", b"x-motto"} <= policy.names

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("Content-Security-Policy", "default-src 'self'"),
            ("Content-Security-Policy-Report-Only", "default-src 'self'"),
            ("Cross-Origin-Embedder-Policy", "credentialless"),
            ("Cross-Origin-Embedder-Policy-Report-Only", "require-corp"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ],
    )
    def test_of_a_page_go_to_every_content_type_and_no_304(self, name: str, value: str) -> None:
        """What the presets tell apart by content type, an override does not; a 304 never has it."""
        policy = build_security_policy(overrides={name: value})

        key = name.lower().encode()
        assert dict(policy.plain.html)[key] == dict(policy.plain.other)[key] == value.encode()
        assert policy.plain.not_modified == API_COMMON

    def test_of_hsts_win_over_the_option_and_stay_off_plain_connections(self) -> None:
        """The header keeps its rule, RFC 6797 section 7.2, when it comes as an override."""
        policy = build_security_policy(overrides={"Strict-Transport-Security": "max-age=1"})

        assert policy.encrypted.other[-1] == (b"strict-transport-security", b"max-age=1")
        assert policy.plain.other == API_OTHER

    def test_may_repeat_nosniff(self) -> None:
        """Naming X-Content-Type-Options with its one value is harmless."""
        policy = build_security_policy(overrides={"X-Content-Type-Options": "nosniff"})

        assert policy == build_security_policy()

    @pytest.mark.parametrize(
        ("overrides", "message"),
        [
            ({"X-Content-Type-Options": None}, r"^overrides\['X-Content-Type-Options'\]: .* always nosniff$"),
            ({"x-content-type-options": "sniff"}, r"^overrides\['x-content-type-options'\]: .* always nosniff$"),
            ({"X-A": "1", "x-a": "2"}, r"^overrides\['x-a'\]: the header is there twice"),
            ({"X A": "1"}, r"^overrides: 'X A' is no header name$"),
            ({"X-A": "1\r\nSet-Cookie: a=b"}, r"^overrides\['X-A'\]: .* it has '\\r' at index 1$"),
            ({"X-Frame-Options": "ALLOW"}, r"^overrides\['X-Frame-Options'\]: 'ALLOW' is wrong: expected one of DENY,"),
            ({"Content-Security-Policy": "default-src self"}, r"^overrides\['Content-Security-Policy'\]: .*'self'"),
            ({"Strict-Transport-Security": "1"}, r"^overrides\['Strict-Transport-Security'\]: .*is no directive"),
            ({"X-XSS-Protection": "2"}, r"^overrides\['X-XSS-Protection'\]: '2' is wrong"),
        ],
    )
    def test_wrong_ones_are_errors(self, overrides: Mapping[str, str | None], message: str) -> None:
        """A wrong name or value is an error that names the option and the header."""
        with pytest.raises(ValueError, match=message):
            build_security_policy(overrides=overrides)
