"""What type checkers accept and reject in a pipeline; checked by mypy and pyright, never executed.

Each rejected line carries the error that it must give. An unused ignore is an error itself, so a mistake that a checker
begins to accept fails the check.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

import functools
from typing import ClassVar, assert_type

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp as StarletteApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.lifespan import LifespanMiddleware
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
from asgi_stack.pipeline import Layer, Pipeline, Stage, application_of, pipeline_of
from asgi_stack.types import AnyASGIApp, ASGIApp, Receive, Scope, Send


class Limit:
    """A layer of our own form: options by name only, one required."""

    stage: ClassVar[Stage] = Stage.TRAFFIC

    def __init__(self, app: ASGIApp, *, max_bytes: int, status: int = 413) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stand for any layer's work."""


class Plain:
    """A layer without options."""

    def __init__(self, app: ASGIApp) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stand for any layer's work."""


class NoApp:
    """A class that is no layer: it makes nothing that can be called."""

    def __init__(self, app: ASGIApp) -> None: ...


def prefixed(app: ASGIApp, prefix: str = "/") -> ASGIApp:
    """Stand for any function of the form (app, **options)."""
    del prefix
    return app


def tagged(app: ASGIApp, **tags: object) -> ASGIApp:
    """Stand for a function that takes any option."""
    del tags
    return app


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand for any application."""


def accepted() -> None:
    """Everything here must check."""
    pipeline = Pipeline().use(Limit, max_bytes=1).use(Plain).use(prefixed, prefix="/shop")
    assert_type(pipeline, Pipeline)

    assert_type(pipeline.use(Limit, max_bytes=1, status=400), Pipeline)
    assert_type(pipeline.use(functools.partial(Limit, max_bytes=1)), Pipeline)
    assert_type(pipeline.extend(pipeline), Pipeline)
    assert_type(pipeline.without(Limit), Pipeline)
    assert_type(pipeline.replace(Limit, max_bytes=2), Pipeline)
    assert_type(pipeline.insert_before(Limit, prefixed, prefix="/"), Pipeline)
    assert_type(pipeline.insert_after(Plain, Limit, max_bytes=1), Pipeline)

    assert_type(pipeline.build(application), ASGIApp)
    assert_type(pipeline.build(Starlette()), ASGIApp)
    assert_type(pipeline_of(application), Pipeline | None)
    assert_type(application_of(application), AnyASGIApp)
    assert_type(list(pipeline), list[Layer])
    assert_type(len(pipeline), int)
    assert_type(Limit in pipeline, bool)


def accepted_of_ours() -> None:
    """The package's own layers, with options."""
    pipeline = (
        Pipeline()
        .use(LifespanMiddleware, shutdown_timeout_s=5.0)
        .use(SecurityHeadersMiddleware, preset="api", overrides={"Referrer-Policy": None})
        .use(RequestContextMiddleware, trust_inbound=False)
        .use(RequestLoggingMiddleware, slow_after_s=1)
        .use(ErrorHandlerMiddleware, environment="production")
    )
    assert_type(pipeline.build(application), ASGIApp)


def accepted_from_others(app: StarletteApp) -> None:
    """Classes and apps of Starlette and uvicorn check unchanged."""
    pipeline = (
        Pipeline()
        .use(ProxyHeadersMiddleware, trusted_hosts="10.0.0.1")
        .use(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
        .use(GZipMiddleware, minimum_size=500)
    )
    assert_type(pipeline.build(app), ASGIApp)
    Starlette().add_middleware(Limit, max_bytes=1)


def accepted_by_pyright_alone(pipeline: Pipeline) -> None:
    """A named `app` beside `**options`: mypy sees that `app` could be given twice."""
    pipeline.use(tagged, colour="red")  # type: ignore[arg-type]


def rejected_names(pipeline: Pipeline) -> None:
    """An option that the class does not have."""
    pipeline.use(Limit, max_bytes=1, colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(Plain, status=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(Limit, app=application, max_bytes=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(GZipMiddleware, minimum=500)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(prefixed, prefx="/")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.replace(Limit, max_byte=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_before(Plain, Limit, max_byte=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_after(Plain, Limit, max_byte=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def rejected_types(pipeline: Pipeline) -> None:
    """An option of a wrong type."""
    pipeline.use(Limit, max_bytes="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.use(GZipMiddleware, minimum_size="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.use(ProxyHeadersMiddleware, trusted_hosts=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.use(SecurityHeadersMiddleware, preset="apis")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.use(prefixed, prefix=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.replace(Limit, max_bytes="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.insert_before(Plain, Limit, max_bytes="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.insert_after(Plain, Limit, max_bytes="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def rejected_missing(pipeline: Pipeline) -> None:
    """A required option that is not given."""
    pipeline.use(Limit)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(Limit, status=400)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.replace(Limit)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_before(Plain, Limit)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_after(Plain, Limit)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def rejected_positions(pipeline: Pipeline) -> None:
    """An option by position, where the class takes it by name only; `use` itself refuses it always."""
    pipeline.use(Limit, 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.use(Plain, 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.replace(Limit, 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_before(Plain, Limit, 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pipeline.insert_after(Plain, Limit, 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def rejected_layers(pipeline: Pipeline) -> None:
    """What is no layer, and what is no application."""
    pipeline.use(NoApp)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.use(application)  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportArgumentType, reportCallIssue]
    pipeline.use(None)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pipeline.without("Limit")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.insert_before("Limit", Plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.build(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.build(NoApp(application))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def rejected_changes(pipeline: Pipeline) -> None:
    """A pipeline and its records are read-only."""
    pipeline.layers = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    for layer in pipeline:
        layer.options["preset"] = "api"  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
