"""The stacks that are compared, each around the same app, each writing its lines to file descriptor 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO

from asgi_stack import (
    ErrorHandlerMiddleware,
    LifespanMiddleware,
    Pipeline,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
    Settings,
    configure_structlog,
    default_pipeline,
    wrap,
)
from asgi_stack.settings_errors import PREFIX
from asgi_stack.types import ASGIApp, MiddlewareFactory
from benchmarks import basehttp, peers
from benchmarks.apps import Scenario
from benchmarks.peer_access_log import ShortAccessLog
from benchmarks.peer_logging import STDOUT, fast_logger, usual_logger

__all__ = ["STACKS", "Stack", "lines_to"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Layers that can be put around an app.

    Attributes:
        name: As it is named on the command line and in results.
        title: As it is named in tables.
        wrap: Puts the layers around an app. What descriptor 1 is by then, is where the lines go.
        kind: Whose layers they are; it decides which of a scenario's apps is put inside.
        handles_errors: Whether the client gets an answer to an exception.
        logs_requests: Whether each request has its line.
        needs_server: The line is a server's doing: in process this is the bare app.
        takes_options: Whether `wrap` takes the options of a scenario as well.
    """

    name: str
    title: str
    wrap: Callable[..., ASGIApp]
    kind: Literal["bare", "ours", "peers"] = "peers"
    handles_errors: bool = True
    logs_requests: bool = True
    needs_server: bool = False
    takes_options: bool = False

    def build(self, scenario: Scenario) -> ASGIApp:
        """Put the layers around the app of a scenario."""
        app = {"bare": scenario.bare_app, "ours": scenario.app, "peers": scenario.peer_app}[self.kind]
        return self.wrap(app, **scenario.options) if self.takes_options else self.wrap(app)


def _settings() -> Settings:
    with _without_variables():
        return Settings(environment="production", log={"format": "json"})


@contextmanager
def _without_variables() -> Iterator[None]:
    """Hide the variables that would configure the stack: figures must not depend on who measures."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith(PREFIX)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _bare(app: ASGIApp) -> ASGIApp:
    return app


def _ours(app: ASGIApp, **options: Any) -> ASGIApp:  # noqa: ANN401 - whatever `wrap` takes
    return wrap(app, _settings(), **options)


def _ours_without_log(app: ASGIApp, **options: Any) -> ASGIApp:  # noqa: ANN401 - as above
    _configure()
    layers = default_pipeline(_settings(), **options).without(RequestLoggingMiddleware)
    return Pipeline().use(LifespanMiddleware).extend(layers).build(app)


def _alone(layer: MiddlewareFactory[...], app: ASGIApp, **options: Any) -> ASGIApp:  # noqa: ANN401 - as above
    _configure()
    return Pipeline().use(layer, **options).build(app)


def _configure() -> None:
    settings = _settings()
    configure_structlog(settings.resolved_log(), server_access_log=False, service=settings.service)


def _peers(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secweb, logger=fast_logger())


def _peers_tuned(app: ASGIApp) -> ASGIApp:
    logger = fast_logger(is_tuned=True)
    return peers.around(app, headers=peers.with_secweb, logger=logger, ids=peers.with_tuned_correlation_id)


def _peers_traceback(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secweb, logger=fast_logger(), traceback_text=True)


def _peers_as_they_are(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secweb, logger=fast_logger(name=None), request_line=ShortAccessLog)


def _peers_usual(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secweb, logger=usual_logger())


def _secure(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secure, logger=fast_logger())


def _secure_usual(app: ASGIApp) -> ASGIApp:
    return peers.around(app, headers=peers.with_secure, logger=usual_logger())


def _basehttp(app: ASGIApp) -> ASGIApp:
    return basehttp.around(app, logger=usual_logger())


def _basehttp_fast(app: ASGIApp) -> ASGIApp:
    return basehttp.around(app, logger=fast_logger())


def _layer(name: str, layer: MiddlewareFactory[[]], *, handles_errors: bool = False, logs: bool = False) -> Stack:
    return Stack(
        name=name,
        title=f"ours, `{layer.__name__}` alone",
        wrap=partial(_alone, layer),
        kind="ours",
        handles_errors=handles_errors,
        logs_requests=logs,
        takes_options=handles_errors,
    )


_CHEAPEST: Final = "asgi-correlation-id, Secweb, Starlette's error layers, structlog at its fastest"
_SECURE: Final = "asgi-correlation-id, secure.py, Starlette's error layers, structlog at its fastest"

STACKS: Final[Mapping[str, Stack]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Stack(name="bare", title="bare app", wrap=_bare, kind="bare", handles_errors=False, logs_requests=False),
            Stack(name="ours", title="ours, as `wrap` builds it", wrap=_ours, kind="ours", takes_options=True),
            Stack(
                name="ours_without_log",
                title="ours without the request line",
                wrap=_ours_without_log,
                kind="ours",
                logs_requests=False,
                takes_options=True,
            ),
            _layer("headers", SecurityHeadersMiddleware),
            _layer("context", RequestContextMiddleware),
            _layer("logging", RequestLoggingMiddleware, logs=True),
            _layer("errors", ErrorHandlerMiddleware, handles_errors=True),
            _layer("lifespan", LifespanMiddleware),
            Stack(name="peers", title=f"{_CHEAPEST}, the same fields", wrap=_peers),
            Stack(name="peers_tuned", title=f"{_CHEAPEST}, without what these apps do not need", wrap=_peers_tuned),
            Stack(name="peers_traceback", title=f"{_CHEAPEST}, errors with traceback text", wrap=_peers_traceback),
            Stack(name="peers_as_they_are", title=f"{_CHEAPEST}, 8 fields", wrap=_peers_as_they_are),
            Stack(
                name="peers_usual", title="the same as usual: structlog over the standard library", wrap=_peers_usual
            ),
            Stack(name="secure", title=f"{_SECURE}, the same fields", wrap=_secure),
            Stack(name="secure_usual", title="with secure.py as usual", wrap=_secure_usual),
            Stack(name="basehttp", title="four BaseHTTPMiddleware, structlog as usual", wrap=_basehttp),
            Stack(name="basehttp_fast", title="four BaseHTTPMiddleware, structlog at its fastest", wrap=_basehttp_fast),
            Stack(
                name="access_log",
                title="bare app, the server's own access log",
                wrap=_bare,
                kind="bare",
                handles_errors=False,
                needs_server=True,
            ),
        )
    }
)
"""All stacks by name."""


@contextmanager
def lines_to(path: Path) -> Iterator[TextIO]:
    """Point file descriptor 1 to a file, and give what standard output was: a text stream for tables.

    Args:
        path: A file, written from its start, or the null device.

    Stacks must be built within the block: ours looks at the descriptor then, and writes to a terminal in another way.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(STDOUT), "w", encoding="utf-8") as terminal:
        sink = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(sink, STDOUT)
        os.close(sink)
        try:
            with open(STDOUT, "w", encoding="utf-8", closefd=False) as lines, redirect_stdout(lines):
                yield terminal
        finally:
            terminal.flush()
            os.dup2(terminal.fileno(), STDOUT)
