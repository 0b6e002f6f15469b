"""The demo in a process that dies when a client says so: after the commit, before a byte of the answer has left."""

from __future__ import annotations

import os
import signal

from app.main import database, service, settings
from asgi_stack import LifespanMiddleware, Pipeline, default_pipeline
from asgi_stack.logging import configure_structlog
from asgi_stack.middleware.database_session import DatabaseSessionMiddleware
from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send


class DyingMiddleware:
    """Kills its process at the start of a successful response to a request with `x-die`."""

    def __init__(self, app: AnyASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def send_or_die(message: Message) -> None:
            # This layer stands outside of the one that commits.
            if message["type"] == "http.response.start" and message["status"] < 300:
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        dies = scope["type"] == "http" and any(name == b"x-die" for name, _ in scope["headers"])
        await self.app(scope, receive, send_or_die if dies else send)


configure_structlog(settings.resolved_log())
app: ASGIApp = (
    Pipeline()
    .use(LifespanMiddleware, resources=[database.lifespan])
    .extend(default_pipeline(settings, database=database))
    .insert_before(DatabaseSessionMiddleware, DyingMiddleware)
    .build(service)
)
