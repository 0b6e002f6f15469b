"""The types of the settings' values, with the checks that pydantic's own types lack.

The checks raise ValueErrors that begin with "should be", since the variable's name comes before them.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Annotated, Final, Literal, TypeAlias, cast, get_args

from pydantic import AfterValidator, BeforeValidator

from asgi_stack.paths import PathPatterns

__all__ = [
    "Environment",
    "Hsts",
    "LogFormat",
    "LogLevel",
    "Paths",
    "RequestStarted",
    "Reraise",
    "SecurityPreset",
    "TimestampFormat",
    "XssProtection",
    "ignoring_case",
]

HSTS_DIRECTIVE: Final = re.compile(r"(?i)(max-age=\d+|includeSubDomains|preload)")
"""The directives of RFC 6797 section 6.1, and `preload` of the browsers' preload list."""


def ignoring_case(choice: object) -> BeforeValidator:
    """Take the words of a `Literal` in any case, and leave everything else to pydantic, as it was written."""
    words = {word.lower(): word for word in get_args(choice)}
    return BeforeValidator(lambda value: words.get(value.lower(), value) if isinstance(value, str) else value)


def _off_is_none(value: object) -> object:
    return None if isinstance(value, str) and value.lower() in {"off", "none"} else value


def _json_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    with contextlib.suppress(ValueError):
        parsed: object = json.loads(value)
        if isinstance(parsed, list):
            return cast("list[object]", parsed)
    raise ValueError('should be a JSON list of strings, such as ["/health/*"]')


def _check_path(value: str) -> str:
    try:
        PathPatterns("path", (value,))
    except ValueError:
        raise ValueError("should be a path (/health) or a prefix (/internal/*)") from None
    return value


def _check_timestamp_format(value: str) -> str:
    if value in {"iso", "unix"} or "%" in value:
        return value
    raise ValueError("should be iso, unix or a strftime pattern such as %Y-%m-%d %H:%M:%S")


def _check_hsts(value: str | None) -> str | None:
    directives = [] if value is None else [part.strip() for part in value.split(";")]
    known = all(HSTS_DIRECTIVE.fullmatch(directive) for directive in directives)
    if value is None or (known and any(directive.lower().startswith("max-age=") for directive in directives)):
        return value
    raise ValueError("should be off, or directives such as max-age=63072000; includeSubDomains")


Environment: TypeAlias = Literal["development", "testing", "staging", "production"]
LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat: TypeAlias = Literal["json", "console"]
RequestStarted: TypeAlias = Literal["debug", "info", "off"]
SecurityPreset: TypeAlias = Literal["api", "owasp"]
Reraise: TypeAlias = Literal["incomplete", "always", "never"]
Paths: TypeAlias = Annotated[tuple[Annotated[str, AfterValidator(_check_path)], ...], BeforeValidator(_json_list)]
TimestampFormat: TypeAlias = Annotated[str, AfterValidator(_check_timestamp_format)]
Hsts: TypeAlias = Annotated[str | None, BeforeValidator(_off_is_none), AfterValidator(_check_hsts)]
XssProtection: TypeAlias = Annotated[Literal["1; mode=block", "0"] | None, BeforeValidator(_off_is_none)]
