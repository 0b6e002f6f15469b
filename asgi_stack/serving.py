"""Serve a target with uvicorn: inside the default stack, or in the stack that it was built with."""

from __future__ import annotations

import inspect
import logging
import signal
import socket
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import structlog

from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.pipeline import pipeline_of
from asgi_stack.presets import wrap
from asgi_stack.settings import Settings, tell_workers, told_by_parent
from asgi_stack.target import load_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from asgi_stack.settings import ServerSettings
    from asgi_stack.types import AnyASGIApp, ASGIApp

__all__ = ["ServingError", "application", "prepare", "serve"]

GRACEFUL_SHUTDOWN_S: Final = 15
"""What requests in flight get to finish after SIGTERM; uvicorn itself would wait for ever. With the 10 s that resources
get to close afterwards it stays below the 30 s after which Kubernetes kills (terminationGracePeriodSeconds).
"""

STARTUP_FAILURE: Final = 3
"""uvicorn's exit code for an application that cannot start."""


class ServingError(Exception):
    """The server cannot start; the message is one line that says why.

    Attributes:
        exit_code: 2 when the command has to change, 1 when the machine has.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def serve(target: str, settings: Settings, *, factory: bool = False) -> None:
    """Serve a target until the process is told to stop.

    Args:
        target: `module:attribute`, as `load_target` takes it.
        settings: Of the stack and the server. With more than one worker, each reads the environment for itself.
        factory: Whether the attribute makes the application.

    Raises:
        TargetError: There is no application under the target's name.
        ServingError: uvicorn is not installed, or the address cannot be listened on.
        SystemExit: uvicorn gave up, with code 3 when the application's startup failed.
    """
    loaded = load_target(target, factory=factory)
    uvicorn_run = _uvicorn_run()
    app = prepare(loaded, settings)
    server = settings.server
    _check_address(server.host, server.port)
    options = _uvicorn_options(app, server)
    if server.workers == 1:
        uvicorn_run(app, **options)
    else:
        tell_workers(target, factory=factory)
        with _expecting_a_signal():
            uvicorn_run(f"{__name__}:{application.__name__}", factory=True, workers=server.workers, **options)


def application() -> ASGIApp:
    """Make the application of a worker: the parent's target, prepared as the parent did.

    uvicorn starts workers as new processes, and takes nothing for them but the name of such a function.
    """
    target, factory = told_by_parent()
    return prepare(load_target(target, factory=factory), Settings())


def prepare(app: AnyASGIApp, settings: Settings) -> ASGIApp:
    """Put an app into the default stack, unless a pipeline built it already, and see that logging is configured.

    A module that configured structlog while it was imported, in any way, is left to its choice; only where nobody
    has, the server's lines would come out unformatted or not at all.
    """
    return wrap(app, settings, configure_logging=not structlog.is_configured())


def _logs_requests(app: ASGIApp) -> bool:
    return RequestLoggingMiddleware in (pipeline_of(app) or ())


def _uvicorn_run() -> Callable[..., None]:
    try:
        import uvicorn  # noqa: PLC0415 - an optional dependency
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise
        raise ServingError('serving needs uvicorn: pip install "asgi-stack[server]"', exit_code=2) from None
    return uvicorn.run


def _uvicorn_options(app: ASGIApp, server: ServerSettings) -> dict[str, object]:
    import uvicorn  # noqa: PLC0415 - an optional dependency

    options: dict[str, object] = {
        "host": server.host,
        "port": server.port,
        # Our request line takes the place of the access log, where there is one, and our headers of the server's name.
        "access_log": not _logs_requests(app),
        "server_header": False,
        "timeout_graceful_shutdown": GRACEFUL_SHUTDOWN_S,
        # Our lifespan layer answers for every app, so an exception out of it must stop the server, not be overlooked.
        "lifespan": "on" if LifespanMiddleware in (pipeline_of(app) or ()) else "auto",
    }
    # A target that configured structlog alone leaves the server's lines to the server.
    if logging.getLogger("uvicorn.error").hasHandlers():
        options["log_config"] = None
    # Else a request on a kept-alive connection begins with the ContextVars of the one before it (uvicorn 2167).
    if "reset_contextvars" in inspect.signature(uvicorn.Config).parameters:
        options["reset_contextvars"] = True
    return options


@contextmanager
def _expecting_a_signal() -> Generator[None]:
    """Exit with uvicorn's code for a failed startup where no signal asked to stop.

    uvicorn's parent of several workers ends when one cannot start, and does not tell: its exit code would be 0, which
    no process manager takes for a failure. The handlers are uvicorn's, so Python is asked to note signals besides.
    """
    noted, note = socket.socketpair()
    with noted, note:
        noted.settimeout(0)
        note.settimeout(0)
        before = signal.set_wakeup_fd(note.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
        with suppress(BlockingIOError):
            if {signal.SIGINT, signal.SIGTERM}.intersection(noted.recv(4096)):
                return
        sys.exit(STARTUP_FAILURE)


def _check_address(host: str, port: int) -> None:
    """Try to listen, for an error that names the address before anything starts; uvicorn then does it in earnest."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    # As asyncio does it: `::` must not take the IPv4 port, too.
                    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                listener.bind(address)
                listener.listen(1)
    except OSError as error:
        raise ServingError(f"cannot listen on {host}:{port}: {error.strerror or error}", exit_code=1) from error
