"""Middlewares of Starlette and uvicorn, as they are, in a pipeline."""

from __future__ import annotations

import copy

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from asgi_stack.pipeline import Pipeline, pipeline_of
from tests.driver import exchange, http_scope
from tests.tags import A, B, app


async def test_starlette_gzip() -> None:
    """Starlette's GZipMiddleware takes its positional-or-keyword options by name."""
    built = Pipeline().use(GZipMiddleware, minimum_size=10, compresslevel=1).build(app)
    scope = http_scope(headers=[(b"accept-encoding", b"gzip")], answer=b"x" * 100)

    assert (await exchange(built, scope)).values("content-encoding") == ["gzip"]


async def test_starlette_cors() -> None:
    """Starlette's CORSMiddleware works between two of ours."""
    built = Pipeline().use(A).use(CORSMiddleware, allow_origins=["https://shop.example"]).use(B).build(app)
    result = await exchange(built, http_scope(headers=[(b"origin", b"https://shop.example")]))

    assert result.values("access-control-allow-origin") == ["https://shop.example"]
    assert result.body == b"A(B(app))"


async def test_uvicorn_proxy_headers() -> None:
    """The ProxyHeadersMiddleware of uvicorn takes its trusted hosts and rewrites the client."""
    scope = http_scope(headers=[(b"x-forwarded-for", b"203.0.113.7")], client=("10.0.0.1", 1))
    await exchange(Pipeline().use(ProxyHeadersMiddleware, trusted_hosts="10.0.0.1").build(app), scope)

    assert scope["client"][0] == "203.0.113.7"


async def test_a_starlette_application() -> None:
    """A whole Starlette application is built around like any app, and a built stack can be mounted in one."""

    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("page")

    site = Starlette(routes=[Route("/", page)])
    outer = Starlette()
    outer.mount("/", Pipeline().use(A).build(site))

    assert (await exchange(Pipeline().use(B).build(outer))).body == b"B(A(page))"


async def test_our_form_fits_starlette() -> None:
    """What a pipeline takes, Starlette's own stack takes too."""
    site = Starlette(middleware=[Middleware(A, mark="1")])
    site.mount("/", app)

    assert (await exchange(site)).body == b"A1(app)"


def test_a_pipeline_of_foreign_layers_is_remembered() -> None:
    """The memory works on classes that know nothing of it, and a deep copy keeps it."""
    pipeline = Pipeline().use(CORSMiddleware, allow_origins=["*"]).use(GZipMiddleware)
    built = pipeline.build(app)

    assert pipeline_of(built) is pipeline
    assert pipeline_of(copy.deepcopy(built)) == pipeline


def test_mistakes_are_named() -> None:
    """Unknown and positional options of foreign classes are refused at once."""
    with pytest.raises(TypeError, match=r"GZipMiddleware has no option 'minimum_sizes'; did you mean 'minimum_size'"):
        Pipeline().use(GZipMiddleware, minimum_sizes=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="GZipMiddleware takes its options by name only, got 1 positional"):
        Pipeline().use(GZipMiddleware, 500)
    with pytest.raises(TypeError, match=r"must be a class or function.*got Middleware"):
        Pipeline().use(Middleware(GZipMiddleware))  # type: ignore[arg-type]


def test_foreign_errors_pass_as_they_are() -> None:
    """What a foreign class raises about its options is its own exception, with a note that names the layer."""
    with pytest.raises(AssertionError) as caught:
        Pipeline().use(TrustedHostMiddleware, allowed_hosts=["a*b"]).build(app)

    assert caught.value.__notes__ == [
        "raised while the pipeline made its layer TrustedHostMiddleware(allowed_hosts=['a*b'])"
    ]
