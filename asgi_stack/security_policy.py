"""Build the security headers of an application once: presets and options in, tuples of bytes out.

Sources: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html (`api`) and
https://github.com/OWASP/www-project-secure-headers/blob/master/ci/headers_add.json as of 2026-07-19 (`owasp`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias

from asgi_stack.options import check_instance
from asgi_stack.security_header_values import check_header_name, check_header_value
from asgi_stack.types import Header

__all__ = [
    "DEFAULT_HSTS",
    "NEVER_FROM_APP",
    "HeaderSets",
    "PresetName",
    "SecurityPolicy",
    "XSSProtection",
    "build_security_policy",
]

PresetName: TypeAlias = Literal["api", "owasp"]
XSSProtection: TypeAlias = Literal["1; mode=block", "0"]

DEFAULT_HSTS: Final = "max-age=63072000; includeSubDomains"
"""Two years, in seconds: what OWASP lists, and twice the least that https://hstspreload.org takes."""

NEVER_FROM_APP: Final = frozenset({b"server", b"x-content-type-options", b"x-powered-by"})
"""Headers of the application that never leave: two tell an attacker what to look for, and nosniff is always ours."""

_CSP: Final = "content-security-policy"
_HSTS: Final = "strict-transport-security"
_NOSNIFF: Final = "x-content-type-options"
_XSS: Final = "x-xss-protection"

_OF_A_PAGE: Final = frozenset(
    {
        _CSP,
        f"{_CSP}-report-only",
        "cross-origin-embedder-policy",
        "cross-origin-embedder-policy-report-only",
        "cross-origin-resource-policy",
    }
)
"""What a cache would take from a 304 and put on the page that it stored (RFC 9111 section 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderSets:
    """The headers for each kind of response: pairs of lower-case ASCII names and latin-1 values."""

    html: tuple[Header, ...]
    other: tuple[Header, ...]
    not_modified: tuple[Header, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPolicy:
    """All that the options say, ready to send: over http and ws `plain`, over https and wss `encrypted`."""

    plain: HeaderSets
    encrypted: HeaderSets

    @property
    def names(self) -> frozenset[bytes]:
        """The lower-case names of all headers that some response gets."""
        return frozenset(name for name, _ in (*self.encrypted.html, *self.encrypted.other))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preset:
    common: Mapping[str, str]
    html: Mapping[str, str] = field(default_factory=dict[str, str])
    other: Mapping[str, str] = field(default_factory=dict[str, str])


_API: Final = _Preset(
    common={
        _NOSNIFF: "nosniff",
        "x-frame-options": "DENY",
        _XSS: "1; mode=block",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": (
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), "
            "magnetometer=(), microphone=(), payment=(), usb=()"
        ),
        "x-permitted-cross-domain-policies": "none",
    },
    html={_CSP: "base-uri 'self'; frame-ancestors 'none'; object-src 'none'"},
    other={
        _CSP: "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
    },
)

# The whole list but two: Clear-Site-Data belongs to a logout; Strict-Transport-Security is an option, with its value.
_OWASP: Final = _Preset(
    common={
        "cache-control": "no-store, max-age=0",
        _CSP: (
            "default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
            "frame-ancestors 'none'; upgrade-insecure-requests"
        ),
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": (
            "accelerometer=(), autoplay=(), camera=(), cross-origin-isolated=(), display-capture=(), "
            "encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), keyboard-map=(), magnetometer=(), "
            "microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
            "screen-wake-lock=(), sync-xhr=(self), usb=(), web-share=(), xr-spatial-tracking=(), clipboard-read=(), "
            "clipboard-write=(), gamepad=(), hid=(), idle-detection=(), interest-cohort=(), serial=(), unload=()"
        ),
        "referrer-policy": "no-referrer",
        _NOSNIFF: "nosniff",
        "x-dns-prefetch-control": "off",
        "x-frame-options": "deny",
        "x-permitted-cross-domain-policies": "none",
    },
)

_PRESETS: Final[Mapping[str, _Preset]] = {"api": _API, "owasp": _OWASP}


def build_security_policy(
    *,
    preset: PresetName = "api",
    overrides: Mapping[str, str | None] | None = None,
    hsts: str | None = DEFAULT_HSTS,
    x_xss_protection: XSSProtection | None = "1; mode=block",
) -> SecurityPolicy:
    """Check the options and render every set of headers that they ask for.

    Args:
        preset: `api` or `owasp`.
        overrides: Header name, in any case, to the value that each response gets, or to None for none.
        hsts: Strict-Transport-Security (RFC 6797 section 6.1), or None for none.
        x_xss_protection: `1; mode=block`, `0`, or None for none; `owasp` does not list the header and sends `0` only.

    Raises:
        ValueError: An option is wrong; the message names it and the culprit.
    """
    chosen = _chosen(preset)
    check_instance("overrides", overrides, Mapping)
    changes = {
        _HSTS: None if hsts is None else check_header_value(_HSTS, hsts, "hsts"),
        _XSS: _xss_protection(chosen, x_xss_protection),
        **_checked(overrides or {}),
    }
    html = _merged(chosen.common, chosen.html, changes)
    other = _merged(chosen.common, chosen.other, changes)
    return SecurityPolicy(
        plain=_render_sets(html, other, without=frozenset({_HSTS})),
        encrypted=_render_sets(html, other, without=frozenset()),
    )


def _chosen(preset: str) -> _Preset:
    if isinstance(preset, str) and preset in _PRESETS:
        return _PRESETS[preset]
    near = get_close_matches(str(preset).lower(), _PRESETS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"preset: {preset!r} is unknown, there are {' and '.join(map(repr, _PRESETS))}{hint}")


def _xss_protection(chosen: _Preset, value: str | None) -> str | None:
    if value not in ("1; mode=block", "0", None):
        raise ValueError(f"x_xss_protection: {value!r} is unknown, there are '1; mode=block', '0' and None")
    return None if value == "1; mode=block" and _XSS not in chosen.common else value


def _checked(overrides: Mapping[str, str | None]) -> dict[str, str | None]:
    checked: dict[str, str | None] = {}
    for given, value in overrides.items():
        name, option = check_header_name(given, "overrides"), f"overrides[{given!r}]"
        if name in checked:
            raise ValueError(f"{option}: the header is there twice; names are compared without case")
        if name == _NOSNIFF and value != "nosniff":
            raise ValueError(f"{option}: {value!r} is not possible, it is always nosniff")
        checked[name] = None if value is None else check_header_value(name, value, option)
    return checked


def _merged(common: Mapping[str, str], own: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**common, **own, **changes}.items() if value is not None}


def _render_sets(html: Mapping[str, str], other: Mapping[str, str], *, without: frozenset[str]) -> HeaderSets:
    return HeaderSets(
        html=_render(html, without),
        other=_render(other, without),
        not_modified=_render(other, without | _OF_A_PAGE),
    )


def _render(headers: Mapping[str, str], without: frozenset[str]) -> tuple[Header, ...]:
    return tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items() if name not in without)
