"""Settings of a whole stack, from keyword arguments or from environment variables.

This is the only place of the package that reads the environment. A variable is `ASGI_STACK_`, the group, `__` and the
field: `ASGI_STACK_LOG__LEVEL=DEBUG`. Names and the words of a choice are compared without case; an empty variable
counts as unset; a list is written as JSON. No `.env` file is read, unless `Settings(_env_file=".env")` asks for it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Final

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from asgi_stack.settings_errors import PREFIX, SettingsError, describe_problems, misnamed
from asgi_stack.settings_groups import (
    ContextSettings,
    DatabaseSettings,
    ErrorsSettings,
    LogSettings,
    SecuritySettings,
    ServerSettings,
    ServiceSettings,
)
from asgi_stack.settings_values import (
    DatabaseUrl,
    Environment,
    ErrorFormat,
    LogFormat,
    LogLevel,
    LogSchema,
    Replace5xx,
    RequestStarted,
    Reraise,
    SecurityPreset,
    TlsMode,
    ignoring_case,
)

__all__ = [
    "ContextSettings",
    "DatabaseSettings",
    "Environment",
    "ErrorFormat",
    "ErrorsSettings",
    "LogFormat",
    "LogLevel",
    "LogSchema",
    "LogSettings",
    "Replace5xx",
    "RequestStarted",
    "Reraise",
    "SecurityPreset",
    "SecuritySettings",
    "ServerSettings",
    "ServiceSettings",
    "Settings",
    "SettingsError",
    "TlsMode",
    "tell_workers",
    "told_by_parent",
]

WORKER_TARGET: Final = f"{PREFIX}WORKER_TARGET"
"""No setting: how `run` with several workers tells them what to load, as a JSON list of target and factory."""


class Settings(BaseSettings):
    """Everything that a default stack can be told, checked when it is made and unchangeable afterwards.

    Keyword arguments win over the environment: `Settings(environment="testing", log={"level": "DEBUG"})`.

    Raises:
        SettingsError: A value is wrong or a name misspelt; its message names each variable or keyword.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        extra="ignore",  # of an env file, which may set other programs' variables; keywords are checked by hand
        frozen=True,
    )

    environment: Annotated[Environment, ignoring_case(Environment)] = Field(
        default="production", description="Where the service runs; only development shows stack traces to clients"
    )
    service: ServiceSettings = ServiceSettings()
    context: ContextSettings = ContextSettings()
    log: LogSettings = LogSettings()
    security: SecuritySettings = SecuritySettings()
    errors: ErrorsSettings = ErrorsSettings()
    database: DatabaseSettings = DatabaseSettings()
    test_database_url: DatabaseUrl = Field(
        default=None, description="A PostgreSQL of one's own for tests, whose user may create databases"
    )
    server: ServerSettings = ServerSettings()

    def __init__(self, **values: object) -> None:
        """Read the environment below the keyword arguments; `_env_file` and its like are pydantic-settings' own."""
        problems = misnamed(type(self), values, os.environ)
        try:
            # The options that begin with `_` have types of their own, which are pydantic-settings' to check.
            super().__init__(**values)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        except ValidationError as error:
            problems += describe_problems(error, type(self), values)
        if problems:
            raise SettingsError(problems) from None

    def resolved_log(self) -> LogSettings:
        """Give the log group with its format decided: console on a terminal in development, else json."""
        if self.log.format is not None:
            return self.log
        on_terminal = sys.stdout is not None and not sys.stdout.closed and sys.stdout.isatty()
        chosen: LogFormat = "console" if on_terminal and self.environment == "development" else "json"
        return self.log.model_copy(update={"format": chosen})


def tell_workers(target: str, *, factory: bool) -> None:
    """Leave in the environment what the worker processes that this one starts are to load."""
    os.environ[WORKER_TARGET] = json.dumps([target, factory])


def told_by_parent() -> tuple[str, bool]:
    """Read what `tell_workers` left: the target, and whether it is a factory."""
    target, factory = json.loads(os.environ[WORKER_TARGET])
    return str(target), bool(factory)
