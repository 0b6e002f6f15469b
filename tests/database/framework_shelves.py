"""The same four views in each framework: add an item and say 201, add and fail, add and refuse, name what is there.

Each builder takes no database: the views ask for the request's session.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, Final, TypeAlias

from django.http import HttpRequest, HttpResponse
from django.urls import path
from fastapi import Depends, FastAPI
from litestar import Litestar
from litestar import Response as LitestarResponse
from litestar import post as litestar_post
from quart import Quart
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from asgi_stack.database import get_async_session, get_db
from asgi_stack.types import AnyASGIApp
from tests.database.models import Item

__all__ = ["APPS", "django_urls"]


RequestSession: TypeAlias = Annotated[AsyncSession, Depends(get_db)]


async def add(name: str, *, flush: bool = False) -> None:
    """Put an item on the shelf."""
    async with get_async_session() as session:
        session.add(Item(name=name))
        if flush:
            await session.flush()


def starlette_app() -> AnyASGIApp:
    """Make the app in Starlette."""

    async def created(request: Request) -> PlainTextResponse:
        await add("Lamp")
        return PlainTextResponse("yours", 201)

    async def streamed(request: Request) -> StreamingResponse:
        await add("Lamp")
        return StreamingResponse(iter(["yo", "urs"]), 201)

    async def flushed(request: Request) -> PlainTextResponse:
        await add("Lamp", flush=True)
        return PlainTextResponse("yours", 201)

    async def failing(request: Request) -> PlainTextResponse:
        await add("Chair", flush=True)
        raise RuntimeError

    async def refused(request: Request) -> PlainTextResponse:
        await add("Table", flush=True)
        return PlainTextResponse("no", 403)

    views = (created, streamed, flushed, failing, refused)
    return Starlette(routes=[Route(f"/{view.__name__}", view, methods=["POST"]) for view in views])


def fastapi_app() -> AnyASGIApp:
    """Make the app in FastAPI, with its dependencies."""
    api = FastAPI()

    @api.post("/created", status_code=201)
    async def created(session: RequestSession) -> str:
        session.add(Item(name="Lamp"))
        return "yours"

    @api.post("/streamed", status_code=201)
    async def streamed(session: RequestSession) -> StreamingResponse:
        session.add(Item(name="Lamp"))
        return StreamingResponse(iter(["yo", "urs"]), 201)

    @api.post("/flushed", status_code=201)
    async def flushed(session: RequestSession) -> str:
        session.add(Item(name="Lamp"))
        await session.flush()
        return "yours"

    @api.post("/failing")
    async def failing(session: RequestSession) -> str:
        session.add(Item(name="Chair"))
        raise RuntimeError

    @api.post("/refused")
    async def refused(session: RequestSession) -> PlainTextResponse:
        session.add(Item(name="Table"))
        return PlainTextResponse("no", 403)

    return api


def litestar_app() -> AnyASGIApp:
    """Make the app in Litestar."""

    @litestar_post("/created")
    async def created() -> str:
        await add("Lamp")
        return "yours"

    @litestar_post("/streamed")
    async def streamed() -> str:
        await add("Lamp")
        return "yours"

    @litestar_post("/flushed")
    async def flushed() -> str:
        await add("Lamp", flush=True)
        return "yours"

    @litestar_post("/failing")
    async def failing() -> str:
        await add("Chair", flush=True)
        raise RuntimeError

    @litestar_post("/refused")
    async def refused() -> LitestarResponse[str]:
        await add("Table", flush=True)
        return LitestarResponse("no", status_code=403)

    return Litestar([created, streamed, flushed, failing, refused], openapi_config=None)


def quart_app() -> AnyASGIApp:
    """Make the app in Quart."""
    quart = Quart(__name__)

    @quart.post("/created")
    async def created() -> tuple[str, int]:
        await add("Lamp")
        return "yours", 201

    @quart.post("/streamed")
    async def streamed() -> tuple[Any, int]:
        await add("Lamp")

        async def parts() -> AsyncGenerator[bytes]:
            yield b"yo"
            yield b"urs"

        return parts(), 201

    @quart.post("/flushed")
    async def flushed() -> tuple[str, int]:
        await add("Lamp", flush=True)
        return "yours", 201

    @quart.post("/failing")
    async def failing() -> str:
        await add("Chair", flush=True)
        raise RuntimeError

    @quart.post("/refused")
    async def refused() -> tuple[str, int]:
        await add("Table", flush=True)
        return "no", 403

    return quart


async def _django_created(request: HttpRequest) -> HttpResponse:
    await add("Lamp")
    return HttpResponse("yours", status=201)


async def _django_flushed(request: HttpRequest) -> HttpResponse:
    await add("Lamp", flush=True)
    return HttpResponse("yours", status=201)


async def _django_failing(request: HttpRequest) -> HttpResponse:
    await add("Chair", flush=True)
    raise RuntimeError


async def _django_refused(request: HttpRequest) -> HttpResponse:
    await add("Table", flush=True)
    return HttpResponse("no", status=403)


django_urls: Final = [
    path("created", _django_created),
    path("streamed", _django_created),
    path("flushed", _django_flushed),
    path("failing", _django_failing),
    path("refused", _django_refused),
]
"""The views of Django, for a project of the tests."""

APPS: Final[dict[str, Callable[[], AnyASGIApp]]] = {
    "fastapi": fastapi_app,
    "litestar": litestar_app,
    "quart": quart_app,
    "starlette": starlette_app,
}
