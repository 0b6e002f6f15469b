"""The types of the settings' values, with the checks that pydantic's own types lack.

The checks raise ValueErrors that begin with "should be", since the variable's name comes before them.
"""

from __future__ import annotations

import contextlib
import json
from typing import Annotated, Final, Literal, TypeAlias, cast, get_args

from pydantic import AfterValidator, BeforeValidator, SecretStr

from asgi_stack.options import Environment, ErrorFormat, Replace5xx, RequestStarted, Reraise
from asgi_stack.paths import PathPatterns
from asgi_stack.security_header_values import check_header_value

__all__ = [
    "DatabaseUrl",
    "Environment",
    "ErrorFormat",
    "Hsts",
    "LogFormat",
    "LogLevel",
    "LogSchema",
    "Paths",
    "Replace5xx",
    "RequestStarted",
    "Reraise",
    "SecurityPreset",
    "TimestampFormat",
    "TlsMode",
    "XssProtection",
    "ignoring_case",
]

_DATABASES: Final = ("postgresql://", "postgres://", "postgresql+asyncpg://", "sqlite://", "sqlite+aiosqlite://")


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
    if value is None:
        return None
    try:
        return check_header_value("strict-transport-security", value, "hsts")
    except ValueError:
        raise ValueError("should be off, or directives such as max-age=63072000; includeSubDomains") from None


def _check_database_url(value: SecretStr | None) -> SecretStr | None:
    if value is None or value.get_secret_value().startswith(_DATABASES):
        return value
    raise ValueError("should be a URL such as postgresql://user:password@host/name or sqlite:///file.db")


LogLevel: TypeAlias = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LogFormat: TypeAlias = Literal["json", "console"]
LogSchema: TypeAlias = Literal["default", "gcp"]
SecurityPreset: TypeAlias = Literal["api", "owasp"]
Paths: TypeAlias = Annotated[tuple[Annotated[str, AfterValidator(_check_path)], ...], BeforeValidator(_json_list)]
TimestampFormat: TypeAlias = Annotated[str, AfterValidator(_check_timestamp_format)]
Hsts: TypeAlias = Annotated[str | None, BeforeValidator(_off_is_none), AfterValidator(_check_hsts)]
XssProtection: TypeAlias = Annotated[Literal["1; mode=block", "0"] | None, BeforeValidator(_off_is_none)]
DatabaseUrl: TypeAlias = Annotated[SecretStr | None, AfterValidator(_check_database_url)]
TlsMode: TypeAlias = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
