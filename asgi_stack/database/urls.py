"""From a setting to SQLAlchemy's URL and to what asyncpg is told beside it: driver, TLS, PgBouncer.

Source: https://www.postgresql.org/docs/current/libpq-ssl.html for the modes of TLS.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from asgi_stack.settings import DatabaseSettings

__all__ = ["DRIVERS", "EXTRAS", "IN_MEMORY", "postgres_arguments", "url_of"]

DRIVERS: Final = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
"""What a URL's scheme means."""

EXTRAS: Final = {"asyncpg": "postgres", "aiosqlite": "sqlite"}
"""Which extra of the package brings a driver."""

IN_MEMORY: Final = frozenset({None, "", ":memory:"})

_TLS_PARAMETERS: Final = ("sslmode", "ssl", "sslrootcert", "sslcert", "sslkey")
_VERIFYING: Final = ("verify-ca", "verify-full")
_MODES: Final = ("disable", "allow", "prefer", "require", *_VERIFYING)


def url_of(settings: DatabaseSettings) -> URL:
    """Give the URL of a database with the driver that is meant.

    Raises:
        ValueError: There is none, or it cannot be read; the message never shows it, since it may hold a password.
    """
    if settings.url is None:
        raise ValueError("No database is set: set ASGI_STACK_DATABASE__URL, or give DatabaseSettings(url=...)")
    try:
        url = make_url(settings.url.get_secret_value())
    except (ArgumentError, ValueError):
        # Not as the cause: its text is the URL.
        raise ValueError("The database's URL cannot be read: is a port no number, a character not escaped?") from None
    if url.drivername not in DRIVERS:
        raise ValueError(f"The database's URL begins with {url.drivername}; known are {', '.join(sorted(DRIVERS))}")
    return url.set(drivername=DRIVERS[url.drivername])


def postgres_arguments(url: URL, settings: DatabaseSettings, application_name: str) -> tuple[URL, dict[str, object]]:
    """Give the URL without what asyncpg does not know, and what `asyncpg.connect` is told in its place.

    Raises:
        ValueError: A mode of TLS is unknown, or a file of certificates cannot be read.
    """
    given = {name: str(url.query[name]) for name in url.query}
    arguments: dict[str, object] = {
        "timeout": float(given.get("connect_timeout") or settings.connect_timeout_s),
        "command_timeout": settings.command_timeout_s,
        "server_settings": {"application_name": given.get("application_name", application_name)},
        "ssl": _tls(given, settings),
    }
    if settings.pgbouncer:
        arguments |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            # A connection of PgBouncer may lead to a server where another client has used the same name.
            "prepared_statement_name_func": lambda: f"__asgi_stack_{uuid4()}__",
        }
    return url.difference_update_query([*_TLS_PARAMETERS, "application_name", "connect_timeout"]), arguments


def _tls(given: dict[str, str], settings: DatabaseSettings) -> str | ssl.SSLContext:
    mode = settings.tls or given.get("sslmode") or given.get("ssl") or "prefer"
    ca_file = settings.tls_ca_file or given.get("sslrootcert")
    cert_file = settings.tls_cert_file or given.get("sslcert")
    key_file = settings.tls_key_file or given.get("sslkey")
    if mode not in _MODES:
        raise ValueError(f"sslmode {mode} is unknown; known are {', '.join(_MODES)}")
    if mode not in _VERIFYING and not (ca_file or cert_file):
        return mode
    try:
        context = ssl.create_default_context(cafile=ca_file)
        if cert_file:
            context.load_cert_chain(cert_file, key_file)
    except (OSError, ssl.SSLError) as error:
        files = [file for file in (ca_file, cert_file, key_file) if file]
        raise ValueError(f"The database's certificates cannot be read from {', '.join(files)}: {error}") from error
    context.check_hostname = mode == "verify-full"
    # As libpq has it: with a file of certificates, `require` verifies too.
    context.verify_mode = ssl.CERT_REQUIRED if mode in _VERIFYING or ca_file else ssl.CERT_NONE
    return context
