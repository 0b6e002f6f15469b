"""The recommended stack, and the one line that puts it around an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.logging.configuration import configure_structlog
from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.health import HealthCheck, HealthMiddleware
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
    from collections.abc import Mapping, Sequence

    from asgi_stack.database import Database
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
    database: Database | None = None,
    health_checks: Mapping[str, HealthCheck] | None = None,
) -> Pipeline:
    """Give the recommended layers in order: security headers, request context, health, request line, errors, database.

    It builds a stack only; `wrap` also sets up logging, makes the database that the settings name, and answers the
    server's lifespan.

    Args:
        settings: What the layers are told; None reads the environment.
        redactor: What counts as a secret in each of them; None takes the default policy.
        handlers: What exceptions mean to a client: see `ErrorHandlerMiddleware`.
        reporters: Who is told of errors: see `ErrorHandlerMiddleware`.
        database: Gives each request its session, see `DatabaseSessionMiddleware`, and is one of the health checks;
            None leaves that layer out. Its lifespan is for a `LifespanMiddleware` outside.
        health_checks: More checks for `/health/ready`: see `HealthMiddleware`.

    Raises:
        SettingsError: `settings` is None and a variable is wrong.
        TypeError: An argument is of the wrong type.
    """
    check_instance("settings", settings, Settings)
    check_instance("redactor", redactor, Redactor)
    settings = settings or Settings()
    redactor = redactor or Redactor()
    checks: dict[str, HealthCheck] = {**({} if database is None else database.health_checks()), **(health_checks or {})}
    pipeline = (
        _outer_layers(settings)
        .extend(_health_layer(checks))
        .extend(_inner_layers(settings, redactor, handlers, reporters))
    )
    if database is None:
        return pipeline
    from asgi_stack.middleware.database_session import DatabaseSessionMiddleware  # noqa: PLC0415 - brings SQLAlchemy

    return pipeline.use(DatabaseSessionMiddleware, database=database)


def _outer_layers(settings: Settings) -> Pipeline:
    security = settings.security
    return (
        Pipeline()
        .use(
            SecurityHeadersMiddleware,
            preset=security.preset,
            hsts=security.hsts,
            x_xss_protection=security.x_xss_protection,
        )
        .use(RequestContextMiddleware, trust_inbound=settings.context.trust_inbound)
    )


def _inner_layers(
    settings: Settings, redactor: Redactor, handlers: ErrorHandlers | None, reporters: Sequence[ErrorReporter]
) -> Pipeline:
    log = settings.log
    service = settings.service
    return (
        Pipeline()
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
            service_info=ServiceInfo(name=service.name, version=service.version, environment=settings.environment),
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
    database: Database | None = None,
    health_checks: Mapping[str, HealthCheck] | None = None,
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
        database: Opens and closes with the server, gives each request its session, and is checked by `/health/ready`;
            None makes one where the settings have a URL.
        health_checks: More checks for `/health/ready`: see `HealthMiddleware`.
        resources: What opens when the server starts and closes when it stops, inside of the database's time: see
            `LifespanMiddleware`.
        configure_logging: False leaves structlog and the standard library as they are; the stack's lines go through
            whatever processors structlog has then.

    Raises:
        SettingsError: `settings` is None and a variable is wrong.
        ImportError: The settings have a database's URL, and its driver is not installed.
        TypeError: `app` is not callable, or another argument is of the wrong type.
        ValueError: `app` was built by a Pipeline, whose own options hold, and `handlers`, `reporters`, `database`,
            `health_checks` or `resources` are given; the database's URL cannot be read.

    uvicorn's and hypercorn's own access lines are silenced where the request line takes their place.
    """
    check_app(app)
    check_instance("settings", settings, Settings)
    check_instance("redactor", redactor, Redactor)
    settings = settings or Settings()
    redactor = redactor or Redactor()
    built = pipeline_of(app)
    if built is not None and (handlers or reporters or resources or database or health_checks):
        raise ValueError(
            "handlers, reporters, database, health_checks and resources belong into the pipeline that built app: "
            "its own options hold"
        )
    if configure_logging:
        logs_requests = built is None or RequestLoggingMiddleware in built
        configure_structlog(
            settings.resolved_log(), server_access_log=not logs_requests, redactor=redactor, service=settings.service
        )
    if built is not None:
        return app
    database = database or _database_of(settings)
    if database is not None:
        resources = (database.lifespan, *resources)
    layers = default_pipeline(
        settings,
        redactor=redactor,
        handlers=handlers,
        reporters=reporters,
        database=database,
        health_checks=health_checks,
    )
    return _lifespan_layer(resources).extend(layers).build(app)


def _health_layer(checks: Mapping[str, HealthCheck]) -> Pipeline:
    return Pipeline().use(HealthMiddleware, checks=checks) if checks else Pipeline().use(HealthMiddleware)


def _lifespan_layer(resources: Sequence[Resource]) -> Pipeline:
    # Without resources the option is left out, so that a drawing of the stack shows what matters.
    return Pipeline().use(LifespanMiddleware, resources=resources) if resources else Pipeline().use(LifespanMiddleware)


def _database_of(settings: Settings) -> Database | None:
    """Make the database that the settings name."""
    if settings.database.url is None:
        return None
    from asgi_stack.database import Database  # noqa: PLC0415 - brings SQLAlchemy

    return Database(settings.database, application_name=settings.service.name)
