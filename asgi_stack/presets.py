"""The recommended stack, and the one line that puts it around an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.logging.configuration import configure_structlog
from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.lifespan import LifespanMiddleware, Resource
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.options import check_app, check_instance
from asgi_stack.pipeline import Pipeline, pipeline_of
from asgi_stack.redaction import Redactor
from asgi_stack.responses import ServiceInfo
from asgi_stack.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asgi_stack.error_mapping import ErrorHandlers
    from asgi_stack.reporting import ErrorReporter
    from asgi_stack.types import AnyASGIApp, ASGIApp

__all__ = ["default_pipeline", "wrap"]


def default_pipeline(
    settings: Settings | None = None,
    *,
    redactor: Redactor | None = None,
    handlers: ErrorHandlers | None = None,
    reporters: Sequence[ErrorReporter] = (),
) -> Pipeline:
    """Give the recommended layers in their order: security headers, request context, request line, errors.

    It builds a stack only; `wrap` also sets up logging and answers the server's lifespan.

    Args:
        settings: What the layers are told; None reads the environment.
        redactor: What counts as a secret in each of them; None takes the default policy.
        handlers: What exceptions mean to a client: see `ErrorHandlerMiddleware`.
        reporters: Who is told of errors: see `ErrorHandlerMiddleware`.

    Raises:
        SettingsError: `settings` is None and a variable is wrong.
        TypeError: An argument is of the wrong type.
    """
    check_instance("settings", settings, Settings)
    check_instance("redactor", redactor, Redactor)
    settings = settings or Settings()
    redactor = redactor or Redactor()
    log, security = settings.log, settings.security
    service_info = ServiceInfo(
        name=settings.service.name, version=settings.service.version, environment=settings.environment
    )
    return (
        Pipeline()
        .use(
            SecurityHeadersMiddleware,
            preset=security.preset,
            hsts=security.hsts,
            x_xss_protection=security.x_xss_protection,
        )
        .use(RequestContextMiddleware, trust_inbound=settings.context.trust_inbound)
        .use(
            RequestLoggingMiddleware,
            request_started=log.request_started,
            slow_after_s=log.slow_after_s,
            exclude_paths=log.exclude_paths,
            sensitive_paths=log.sensitive_paths,
            redactor=redactor,
        )
        .use(
            ErrorHandlerMiddleware,
            environment=settings.environment,
            service_info=service_info,
            error_format=settings.errors.format,
            handlers=handlers,
            reporters=reporters,
            reraise=settings.errors.reraise,
            redactor=redactor,
            replace_5xx=settings.errors.replace_5xx,
        )
    )


def wrap(  # noqa: PLR0913 - the one call that most users make
    app: AnyASGIApp,
    settings: Settings | None = None,
    *,
    redactor: Redactor | None = None,
    handlers: ErrorHandlers | None = None,
    reporters: Sequence[ErrorReporter] = (),
    resources: Sequence[Resource] = (),
    configure_logging: bool = True,
) -> ASGIApp:
    """Put the recommended stack around any ASGI 3 application, set up logging, and answer the server's lifespan.

    Args:
        app: Any ASGI 3 callable. One that a Pipeline built is taken as it is: its own options hold, and of the
            settings only those of the log.
        settings: What the stack is told; None reads the environment.
        redactor: What counts as a secret in the log, in error bodies and in all layers; None takes the default policy.
        handlers: What exceptions mean to a client: see `ErrorHandlerMiddleware`.
        reporters: Who is told of errors: see `ErrorHandlerMiddleware`.
        resources: What opens when the server starts and closes when it stops: see `LifespanMiddleware`.
        configure_logging: False leaves structlog and the standard library as they are; the stack's lines go through
            whatever processors structlog has then.

    Raises:
        SettingsError: `settings` is None and a variable is wrong.
        TypeError: `app` is not callable, or another argument is of the wrong type.
        ValueError: `app` was built by a Pipeline, whose own options hold, and `handlers`, `reporters` or `resources`
            are given.

    uvicorn's and hypercorn's own access lines are silenced where the request line takes their place.
    """
    check_app(app)
    check_instance("settings", settings, Settings)
    check_instance("redactor", redactor, Redactor)
    settings = settings or Settings()
    redactor = redactor or Redactor()
    built = pipeline_of(app)
    if built is not None and (handlers or reporters or resources):
        raise ValueError(
            "handlers, reporters and resources belong into the pipeline that built app: its own options hold"
        )
    if configure_logging:
        logs_requests = built is None or RequestLoggingMiddleware in built
        configure_structlog(
            settings.resolved_log(), server_access_log=not logs_requests, redactor=redactor, service=settings.service
        )
    if built is not None:
        return app
    layers = default_pipeline(settings, redactor=redactor, handlers=handlers, reporters=reporters)
    lifespan = (
        Pipeline().use(LifespanMiddleware, resources=resources) if resources else Pipeline().use(LifespanMiddleware)
    )
    return lifespan.extend(layers).build(app)
