"""The faults of http, in a service whose own set-up of structlog fails at each line."""

from __future__ import annotations

from typing import NoReturn

import structlog
from structlog.typing import EventDict, WrappedLogger

from asgi_stack import wrap
from asgi_stack.types import Receive, Scope, Send
from tests.faults import apps

__all__ = ["app"]


def broken_processor(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> NoReturn:
    """Fail at each line."""
    raise RuntimeError("the processor broke")


async def service(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve without a lifespan, since the one of the other app logs by itself, and that would fail by itself."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await apps.service(scope, receive, send)


app = wrap(service)
structlog.configure(processors=[broken_processor])
