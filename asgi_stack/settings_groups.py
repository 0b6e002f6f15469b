"""The groups of `Settings`: what each concern of the stack can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from asgi_stack.settings_values import (
    DatabaseUrl,
    ErrorFormat,
    Hsts,
    LogFormat,
    LogLevel,
    LogSchema,
    Paths,
    Replace5xx,
    RequestStarted,
    Reraise,
    SecurityPreset,
    TimestampFormat,
    TlsMode,
    XssProtection,
    ignoring_case,
)

__all__ = [
    "ContextSettings",
    "DatabaseSettings",
    "ErrorsSettings",
    "LogSettings",
    "SecuritySettings",
    "ServerSettings",
    "ServiceSettings",
]


class _Group(BaseModel):
    """What the groups share: unchangeable, and a misspelt name is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ServiceSettings(_Group):
    """Who is speaking, in error bodies, logs and reports."""

    name: str = Field(default="service", min_length=1, description="The service's name")
    version: str = Field(default="0.0.0", min_length=1, description="The service's version")


class ContextSettings(_Group):
    """How a request gets its ids."""

    trust_inbound: bool = Field(default=True, description="Continue the caller's correlation id; else only note it")


class LogSettings(_Group):
    """What is logged, and how a line looks."""

    # pydantic-settings hands defaults on by the names of the fields, beside what variables set by the alias.
    model_config = ConfigDict(populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _prefer_alias(cls, given: object) -> object:
        """Let a variable win over the default of a group, with `nested_model_default_partial_update` of a subclass."""
        if not isinstance(given, Mapping):
            return given
        named = cast("Mapping[str, object]", given)
        return {name: value for name, value in named.items() if name != "schema_" or "schema" not in named}

    level: Annotated[LogLevel, ignoring_case(LogLevel)] = Field(
        default="INFO", description="The least level that is written"
    )
    format: Annotated[LogFormat | None, ignoring_case(LogFormat)] = Field(
        default=None, description="How a line looks; unset: console on a terminal in development, else json"
    )
    schema_: Annotated[LogSchema, ignoring_case(LogSchema)] = Field(
        default="default",
        alias="schema",  # pydantic's models have a method of that name
        description="What the keys of a json line are called; gcp: as Google Cloud Logging knows them",
    )
    add_timestamp: bool = Field(default=True, description="Write the time into each line")
    timestamp_format: TimestampFormat = Field(
        default="iso", description="The time's form: iso, unix (seconds) or a strftime pattern; always UTC"
    )
    call_site: bool = Field(default=True, description="Write into each line which file, line and function logged it")
    request_started: Annotated[RequestStarted, ignoring_case(RequestStarted)] = Field(
        default="debug", description="Level of the line at a request's start"
    )
    slow_after_s: float = Field(
        default=1.0, gt=0, description="Seconds until the first byte, from which on a request is a WARNING; inf: never"
    )
    exclude_paths: Paths = Field(
        default=(), description="Paths that are not logged; exact, or a prefix with `*` at its end"
    )
    sensitive_paths: Paths = Field(
        default=(), description="Paths that are logged as `[REDACTED]`; written like the above"
    )


class SecuritySettings(_Group):
    """Which security headers a response carries."""

    preset: Annotated[SecurityPreset, ignoring_case(SecurityPreset)] = Field(
        default="api", description="The set of headers; owasp is the OWASP Secure Headers list"
    )
    hsts: Hsts = Field(
        default="max-age=63072000; includeSubDomains", description="Strict-Transport-Security on https; off: none"
    )
    x_xss_protection: XssProtection = Field(default="1; mode=block", description="X-XSS-Protection; off: none")


class ErrorsSettings(_Group):
    """How an error is answered, and what happens to it afterwards."""

    format: Annotated[ErrorFormat, ignoring_case(ErrorFormat)] = Field(
        default="default", description="The body; default: a problem (RFC 9457) for clients that ask; problem: for all"
    )
    reraise: Annotated[Reraise, ignoring_case(Reraise)] = Field(
        default="incomplete", description="When the server sees the error too; incomplete: if no whole response left"
    )
    replace_5xx: Annotated[Replace5xx, ignoring_case(Replace5xx)] = Field(
        default="default_bodies", description="Which of the app's own 5xx responses are replaced by an error body"
    )


class DatabaseSettings(_Group):
    """Which database, and how it is connected to."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a URL that is wrong has a password all the same

    url: DatabaseUrl = Field(
        default=None, description="postgresql://user:password@host:5432/name, sqlite:///file.db, or sqlite:// in memory"
    )
    pool_size: int = Field(default=5, ge=1, description="Connections of a process that are kept open")
    max_overflow: int = Field(default=10, ge=0, description="Connections beyond those, closed after use")
    pool_timeout_s: float = Field(
        default=3.0, gt=0, description="Seconds to wait for a free connection, before the answer is 503"
    )
    connect_timeout_s: float = Field(default=5.0, gt=0, description="Seconds to wait for a new connection")
    command_timeout_s: float = Field(default=10.0, gt=0, description="Seconds that one statement may take")
    tls: Annotated[TlsMode | None, ignoring_case(TlsMode)] = Field(
        default=None, description="PostgreSQL: as libpq's sslmode; unset: what the URL says, else prefer"
    )
    tls_ca_file: str | None = Field(default=None, description="PostgreSQL: whom to trust, PEM; else the system's")
    tls_cert_file: str | None = Field(default=None, description="PostgreSQL: the client's certificate, PEM")
    tls_key_file: str | None = Field(default=None, description="PostgreSQL: the client's private key, PEM")
    pgbouncer: bool = Field(
        default=False, description="PostgreSQL: prepare no named statements, which PgBouncer's transaction mode loses"
    )
    required: bool = Field(default=True, description="Whether the server refuses to start without its database")
    startup_timeout_s: float = Field(
        default=10.0, gt=0, description="Seconds that the start waits for a database that is not there yet"
    )
    migrate_at_start: bool = Field(
        default=False, description="Whether the server brings the tables up to date before it serves"
    )


class ServerSettings(_Group):
    """Where `asgi-stack run` and `python -m app` listen."""

    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for all of IPv4")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one")
    workers: int = Field(default=1, ge=1, description="Processes that serve")
