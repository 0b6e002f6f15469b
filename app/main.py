"""The application that a server runs: `uvicorn app.main:app`, `hypercorn app.main:app` or `python -m app`."""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from app.routes import Shop
from app.service import build_service
from asgi_stack import Settings, __version__, wrap
from asgi_stack.settings import ServiceSettings


class DemoSettings(Settings):
    """The stack's settings with defaults of the demo's own; a variable wins over its one, as over every default."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    service: ServiceSettings = ServiceSettings(name="demo", version=__version__)


settings = DemoSettings()
service = build_service(Shop(settings.service))
app = wrap(service, settings)
