"""What a header's name and value may be, and what the user is told about one that is wrong."""

from __future__ import annotations

import re

import pytest

from asgi_stack.security_header_values import check_header_name, check_header_value

CSP = "content-security-policy"
HSTS = "strict-transport-security"
PERMISSIONS = "permissions-policy"

GOOD = [
    (CSP, "default-src 'self'; img-src 'self' https://img.example data:; upgrade-insecure-requests;"),
    (CSP, "script-src 'nonce-c2VjcmV0' 'strict-dynamic' 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"),
    (CSP, "report-to none; report-uri /csp; trusted-types none; sandbox allow-scripts"),
    (CSP, "script-src https://cdn.example/vendor-src self.example none.example"),
    (f"{CSP}-report-only", "default-src 'none'"),
    (HSTS, "max-age=0"),
    (HSTS, 'MAX-AGE="31536000" ; IncludeSubDomains; preload;'),
    (PERMISSIONS, "camera=(), fullscreen=*, geolocation=(self), sync-xhr=self"),
    (PERMISSIONS, 'usb=(self "https://a.example" "https://b.example");report-to=main, midi=( )'),
    ("x-frame-options", "SameOrigin"),
    ("referrer-policy", "no-referrer, strict-origin-when-cross-origin"),
    ("cross-origin-opener-policy", 'same-origin-allow-popups; report-to="coop"'),
    ("cross-origin-embedder-policy", 'credentialless;report-to="coep"'),
    ("cross-origin-embedder-policy-report-only", "require-corp"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("x-xss-protection", "1; mode=block; report=https://a.example/xss"),
    ("x-xss-protection", "0"),
    ("x-dns-prefetch-control", "on"),
    ("x-permitted-cross-domain-policies", "by-content-type"),
    ("x-anything", "any; text, 'of' its own; caf\xe9 \xa0\xff~"),
]

WRONG_CSP = [
    ("default-src self", "'self' would be a host name"),
    ("default-src NONE", "'NONE' would be a host name"),
    ("script-src 'self' unsafe-inline", "'unsafe-inline' would be a host name"),
    ("script-src unsafe-eval", "'unsafe-eval' would be a host name"),
    ("script-src strict-dynamic", "'strict-dynamic' would be a host name"),
    ("script-src report-sample", "'report-sample' would be a host name"),
    ("script-src wasm-unsafe-eval", "'wasm-unsafe-eval' would be a host name"),
    ("script-src nonce-c2VjcmV0", "'nonce-c2VjcmV0' would be a host name"),
    ("script-src sha256-qznLcsROx4GACP2dm0UC", "'sha256-qznLcsROx4GACP2dm0UC' would be a host name"),
    ('script-src "self"', "double quotes"),
    ("default-src 'none', script-src 'self'", "','"),
    ("img-src https://ex\xe4mple", "outside ASCII"),
    ("default-src 'none'; default-src 'self'", "directive 'default-src' occurs twice"),
    ("default-src 'none' script-src 'self'", "'script-src' would be a host name; a ';' before it is missing"),
    ("Default-Src 'none'", "'Default-Src' is no directive name"),
    ("default_src 'none'", "'default_src' is no directive name"),
    ("; ;", "no directive"),
]

WRONG_HSTS = [
    ("includeSubDomains", "max-age is missing"),
    ("max-age", "max-age needs a number of seconds"),
    ("max-age=", "max-age needs a number of seconds"),
    ("max-age=1y", "max-age needs a number of seconds"),
    ("max-age=-1", "max-age needs a number of seconds"),
    ("max-age=\xb2", "max-age needs a number of seconds"),
    ("max-age=31536000, includeSubDomains", "max-age needs a number of seconds"),
    ("max-age=1; Max-Age=2", "directive 'max-age' occurs twice"),
    ("max-age=1; includeSubDomain", "'includeSubDomain' is no directive"),
    ("max-age=1; includeSubDomains=true", "'includeSubDomains=true' is no directive"),
]

WRONG_PERMISSIONS = [
    ("camera 'none'; geolocation 'none'", "is no feature"),
    ("camera=(); geolocation=()", "is no feature"),
    ("camera=('self')", "is no feature"),
    ("camera=none", "is no feature"),
    ("camera=(https://a.example)", "is no feature"),
    ("Camera=()", "is no feature"),
    ("camera=(), ", "give text without space around it"),
    ("camera=(),,usb=()", "'' is no feature"),
    ("camera=(), camera=(self)", "feature 'camera' occurs twice"),
]

WRONG_WORDS = [
    ("x-frame-options", "ALLOW-FROM https://a.example"),
    ("x-frame-options", "DENY; SAMEORIGIN"),
    ("x-frame-options", "DENY, DENY"),
    ("x-content-type-options", "nosniff; "),
    ("referrer-policy", "no-referer"),
    ("referrer-policy", "no-referrer; same-origin"),
    ("referrer-policy", "no-referrer,"),
    ("cross-origin-opener-policy", "Same-Origin"),
    ("cross-origin-opener-policy", "same-origin; max-age=1"),
    ("cross-origin-opener-policy", 'same-origin ;report-to="coop"'),
    ("cross-origin-embedder-policy", "require-corp; credentialless"),
    ("cross-origin-embedder-policy", "same-origin"),
    ("cross-origin-resource-policy", 'same-site; report-to="corp"'),
    ("x-xss-protection", "1; mode=blocked"),
    ("x-xss-protection", "0; mode=block"),
    ("x-dns-prefetch-control", "maybe"),
    ("x-permitted-cross-domain-policies", "None"),
]


class TestCheckHeaderName:
    """check_header_name()."""

    @pytest.mark.parametrize("name", ["X-Frame-Options", "x-frame-options", "!#$%&'*+-.^_`|~09AZaz"])
    def test_gives_tokens_in_lower_case(self, name: str) -> None:
        """A token of RFC 9110 is a name, and names are written in lower case."""
        assert check_header_name(name, "overrides") == name.lower()

    @pytest.mark.parametrize("name", ["", " ", "X Frame", "X-Frame:", "x\r\ny", "x\x00", "x\n", "caf\xe9", b"x", None])
    def test_rejects_all_else(self, name: object) -> None:
        """What is no token is rejected, and the message has the option and the name."""
        with pytest.raises(ValueError, match=f"^overrides: {re.escape(repr(name))} is no header name$"):
            check_header_name(name, "overrides")


class TestCheckHeaderValue:
    """check_header_value()."""

    @pytest.mark.parametrize(("name", "value"), GOOD)
    def test_gives_good_values_as_they_are(self, name: str, value: str) -> None:
        """A value of its header's grammar comes back unchanged."""
        assert check_header_value(name, value, "hsts") == value

    @pytest.mark.parametrize("value", ["", " ", " DENY", "DENY ", None, 1, True, b"DENY", ["DENY"]])
    def test_rejects_what_is_no_text(self, value: object) -> None:
        """Nothing, space around it, and other types are no values; the message says how to leave a header out."""
        with pytest.raises(ValueError, match=f"^hsts: {re.escape(repr(value))} is no header value; .* None to leave"):
            check_header_value("x-anything", value, "hsts")

    @pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u20ac"])
    def test_rejects_characters_that_no_header_may_have(self, character: str) -> None:
        """Line ends, other control characters and what latin-1 lacks are rejected wherever they stand."""
        for value in (f"{character}ab", f"a{character}b", f"ab{character}"):
            expected = f"^option: .* is wrong: it has {re.escape(repr(character))} at index {value.index(character)}$"
            with pytest.raises(ValueError, match=expected):
                check_header_value("x-anything", value, "option")

    @pytest.mark.parametrize(
        ("name", "value", "complaint"),
        [
            *[(CSP, value, complaint) for value, complaint in WRONG_CSP],
            *[(f"{CSP}-report-only", value, complaint) for value, complaint in WRONG_CSP],
            *[(HSTS, value, complaint) for value, complaint in WRONG_HSTS],
            *[(PERMISSIONS, value, complaint) for value, complaint in WRONG_PERMISSIONS],
        ],
    )
    def test_says_what_is_wrong_in_a_list(self, name: str, value: str, complaint: str) -> None:
        """A wrong part of a policy is named, with the option that it came from."""
        with pytest.raises(ValueError, match=f"^overrides: .*{re.escape(complaint)}"):
            check_header_value(name, value, "overrides")

    @pytest.mark.parametrize(("name", "value"), WRONG_WORDS)
    def test_says_which_words_a_header_takes(self, name: str, value: str) -> None:
        """A header of one value takes its few words and nothing behind a ';' that it does not know."""
        with pytest.raises(ValueError, match=r"^overrides: .*(expected|give text)"):
            check_header_value(name, value, "overrides")
