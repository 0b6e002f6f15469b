"""Check the names and values of response headers while an application is built.

A browser drops a security header that it cannot parse, without a word to anybody, so a typing error would leave the
application open. Every rule here is the header's own grammar; names are compared without case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from asgi_stack.redaction import REDACTED, Redactor

__all__ = ["check_header_name", "check_header_value"]


class _Rule(NamedTuple):
    """A grammar small enough for one pattern, and what to tell whoever broke it."""

    pattern: re.Pattern[str]
    expected: str


_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""RFC 9110 section 5.6.2."""

_UNSAFE: Final = re.compile(r"[^\x20-\x7e\xa0-\xff]")
"""All that RFC 9110 section 5.5 keeps out of a field value, the tab, and the control characters of latin-1."""

_CSP_NAME: Final = re.compile(r"[a-z-]+")

_CSP_UNQUOTED: Final = re.compile(
    r"(?:self|none|unsafe-inline|unsafe-eval|unsafe-hashes|wasm-unsafe-eval|strict-dynamic|report-sample"
    r"|nonce-.*|sha(?:256|384|512)-.*)",
    re.IGNORECASE,
)
"""Keywords of https://www.w3.org/TR/CSP3/#framework-directive-source-list; without their quotes they name a host."""

_CSP_DIRECTIVE: Final = re.compile(r"(?:[a-z]+-)+(?:action|ancestors|src|uri)")

_CSP_FREE_NAMES: Final = frozenset({"report-to", "trusted-types"})
"""Directives whose arguments are names of the author's choice."""

_HSTS_FLAGS: Final = frozenset({"includesubdomains", "preload"})
"""RFC 6797 section 6.1.2, and https://hstspreload.org/#submission-requirements."""

_MAX_AGE: Final = re.compile(r'[0-9]+|"[0-9]+"')

_ALLOWED: Final = r'(?:\*|self|src|"[^"\\]+")'
_FEATURE: Final = re.compile(
    rf"""
    (?P<name> [a-z*][a-z0-9_.*-]* )
    = (?: {_ALLOWED} | \( [ ]* (?: {_ALLOWED} (?: [ ]+ {_ALLOWED} )* )? [ ]* \) )
    (?: ; [ ]* report-to = (?: "[^"\\]+" | [A-Za-z*][A-Za-z0-9_.*-]* ) )?
    """,
    re.VERBOSE,
)
"""One member of https://www.w3.org/TR/permissions-policy/#permissions-policy-http-header-field."""


def check_header_name(name: object, option: str) -> str:
    """Give a header's name in lower case.

    Args:
        name: The name as the user wrote it.
        option: The option it came from, for the message.

    Raises:
        ValueError: It is no token of RFC 9110 section 5.6.2.
    """
    if isinstance(name, str) and _TOKEN.fullmatch(name):
        return name.lower()
    raise ValueError(f"{option}: {name!r} is no header name")


def check_header_value(name: str, value: object, option: str) -> str:
    """Give a header's value as it is, if the header can have it.

    Args:
        name: The header's name in lower case.
        value: The value as the user wrote it.
        option: The option it came from, for the message.

    Raises:
        ValueError: The value is empty, has a character that no header may have, or breaks the grammar of its header.
    """
    if not isinstance(value, str) or value.strip(" ") != value or not value:
        raise ValueError(
            f"{option}: {value!r} is no header value; give text without space around it, or None to leave it out"
        )
    complaint = _unsafe(value) or _complaint(name, value)
    if complaint:
        shown = REDACTED if Redactor().is_sensitive(name) else repr(value)
        raise ValueError(f"{option}: {shown} is wrong: {complaint}")
    return value


def _unsafe(value: str) -> str | None:
    found = _UNSAFE.search(value)
    return f"it has {found[0]!r} at index {found.start()}" if found else None


def _complaint(name: str, value: str) -> str | None:
    grammar = name.removesuffix("-report-only")
    if check := _LISTS.get(grammar):
        return next(check(value), None)
    rule = _SINGLE_VALUES.get(grammar)
    return f"expected {rule.expected}" if rule and not rule.pattern.fullmatch(value) else None


def _csp_complaints(value: str) -> Iterator[str]:
    if "," in value or not value.isascii():
        yield "a ',' or a character outside ASCII ends or breaks the policy; percent-encode it"
    seen: set[str] = set()
    for name, *arguments in filter(None, map(str.split, value.split(";"))):
        if not _CSP_NAME.fullmatch(name):
            yield f"{name!r} is no directive name (lower-case letters and '-')"
        if name in seen:
            yield f"directive {name!r} occurs twice"
        seen.add(name)
        if name not in _CSP_FREE_NAMES:
            yield from _source_complaints(arguments)
    if not seen:
        yield "it has no directive"


def _source_complaints(sources: list[str]) -> Iterator[str]:
    for source in sources:
        if '"' in source:
            yield f"{source} has double quotes; keywords stand in single ones"
        if _CSP_UNQUOTED.fullmatch(source):
            yield f"{source!r} would be a host name; quote it: \"'{source}'\""
        if _CSP_DIRECTIVE.fullmatch(source):
            yield f"{source!r} would be a host name; a ';' before it is missing"


def _hsts_complaints(value: str) -> Iterator[str]:
    seen: set[str] = set()
    for part in filter(None, map(str.strip, value.split(";"))):
        name, equals, argument = (piece.strip() for piece in part.lower().partition("="))
        if name in seen:
            yield f"directive {name!r} occurs twice"
        seen.add(name)
        if name == "max-age" and not _MAX_AGE.fullmatch(argument):
            yield "max-age needs a number of seconds, in digits"
        if name != "max-age" and (name not in _HSTS_FLAGS or equals):
            yield f"{part!r} is no directive; known are max-age=SECONDS, includeSubDomains, preload"
    if "max-age" not in seen:
        yield "max-age is missing"


def _permissions_complaints(value: str) -> Iterator[str]:
    seen: set[str] = set()
    for part in map(str.strip, value.split(",")):
        member = _FEATURE.fullmatch(part)
        if not member:
            yield f'{part!r} is no feature; write camera=(), camera=(self) or camera=(self "https://a.example"), ...'
        elif member["name"] in seen:
            yield f"feature {member['name']!r} occurs twice"
        else:
            seen.add(member["name"])


_LISTS: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    "content-security-policy": _csp_complaints,
    "permissions-policy": _permissions_complaints,
    "strict-transport-security": _hsts_complaints,
}


def _one_of(*choices: str, then: str = "", flags: re.RegexFlag = re.NOFLAG) -> _Rule:
    """Build the rule for one word of a few, which may go on with the pattern `then`."""
    return _Rule(re.compile(rf"(?:{'|'.join(map(re.escape, choices))}){then}", flags), "one of " + ", ".join(choices))


_REPORT_TO: Final = r'(?:; *report-to="[^"\\]+")?'
"""The one parameter of COOP and COEP: https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies."""

_REFERRER_POLICIES: Final = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)
_REFERRER_POLICY: Final = f"(?:{'|'.join(_REFERRER_POLICIES)})"

_SINGLE_VALUES: Final[Mapping[str, _Rule]] = {
    "cross-origin-embedder-policy": _one_of("require-corp", "credentialless", "unsafe-none", then=_REPORT_TO),
    "cross-origin-opener-policy": _one_of(
        "same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none", then=_REPORT_TO
    ),
    "cross-origin-resource-policy": _one_of("same-origin", "same-site", "cross-origin"),
    "referrer-policy": _Rule(
        re.compile(rf"{_REFERRER_POLICY}(?: *, *{_REFERRER_POLICY})*", re.IGNORECASE),
        "one or more, with commas, of " + ", ".join(_REFERRER_POLICIES),
    ),
    "x-dns-prefetch-control": _one_of("on", "off", flags=re.IGNORECASE),
    "x-frame-options": _one_of("DENY", "SAMEORIGIN", flags=re.IGNORECASE),
    "x-permitted-cross-domain-policies": _one_of(
        "none", "master-only", "by-content-type", "by-ftp-filename", "all", "none-this-response"
    ),
    "x-xss-protection": _Rule(
        re.compile(r"0|1(?: *; *mode=block)?(?: *; *report=[^ ;]+)?"), "0, 1, 1; mode=block or 1; report=URL"
    ),
}
