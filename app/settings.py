"""The demo's settings: the stack's, with defaults of its own."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from asgi_stack import Settings, __version__
from asgi_stack.settings import DatabaseSettings, ServiceSettings

__all__ = ["DemoSettings"]


class DemoSettings(Settings):
    """A variable wins over the demo's default, as over every default.

    The database is a file in the current folder unless `ASGI_STACK_DATABASE__URL` names another one, such as
    `postgresql://user:password@localhost/demo`; its tables are made when the server starts.
    """

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    service: ServiceSettings = ServiceSettings(name="demo", version=__version__)
    database: DatabaseSettings = DatabaseSettings(url=SecretStr("sqlite:///demo.sqlite3"), migrate_at_start=True)
