"""FastAPI and Litestar with their documentation pages, whose scripts and styles another origin serves.

`SHOP_ASSETS` is that origin. Pages are revalidated each time, so that a browser gets a 304 for the second visit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import MutableMapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from litestar import Litestar, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import RedocRenderPlugin, SwaggerRenderPlugin
from litestar.params import FromPath

from asgi_stack import Pipeline, SecurityHeadersMiddleware, Settings, default_pipeline, wrap
from asgi_stack.types import Message, Receive, Scope, Send

ASSETS: Final = os.environ.get("SHOP_ASSETS", "http://127.0.0.1:1")
FAVICON: Final = f"{ASSETS}/favicon.png"


class Revalidated:
    """Have browsers ask again for each page, and tell them when it is the one they have (RFC 9110 section 13.1.2)."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - frameworks each have types of their own for one protocol
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = dict(scope["headers"]).get(b"if-none-match")
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in messages)
        tag = b'"%s"' % hashlib.sha256(body).hexdigest().encode()
        start: MutableMapping[str, Any] = dict(messages[0])
        start["headers"] = [*start["headers"], (b"etag", tag), (b"cache-control", b"no-cache")]
        if known == tag:
            await send({"type": "http.response.start", "status": 304, "headers": start["headers"][-2:]})
            await send({"type": "http.response.body"})
            return
        await send(start)
        for message in messages[1:]:
            await send(message)


api = FastAPI(title="Shop", docs_url=None, redoc_url=None)


@api.get("/items/{item_id}")
async def show_item(item_id: int) -> dict[str, int]:
    """Show an article."""
    return {"item": item_id}


@api.get("/docs", include_in_schema=False)
async def swagger() -> HTMLResponse:
    """Show the documentation, as FastAPI's guide for assets of one's own has it."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Shop",
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=FAVICON,
    )


@api.get("/redoc", include_in_schema=False)
async def redoc() -> HTMLResponse:
    """Show it in the other form."""
    return get_redoc_html(
        openapi_url="/openapi.json",
        title="Shop",
        redoc_js_url=f"{ASSETS}/redoc.standalone.js",
        redoc_favicon_url=FAVICON,
        with_google_fonts=False,
    )


@get("/items/{item_id:int}")
async def show_litestar_item(item_id: FromPath[int]) -> dict[str, int]:
    """Show an article."""
    return {"item": item_id}


@get("/", include_in_schema=False)
async def index() -> str:
    """Answer."""
    return "hello"


api.get("/", include_in_schema=False)(lambda: "hello")
ICON_LINK: Final = f'<link rel="icon" href="{FAVICON}">'
shop = Litestar(
    [show_litestar_item, index],
    logging_config=None,
    openapi_config=OpenAPIConfig(
        title="Shop",
        version="1",
        path="/schema",
        render_plugins=[
            SwaggerRenderPlugin(
                js_url=f"{ASSETS}/swagger-ui-bundle.js",
                css_url=f"{ASSETS}/swagger-ui.css",
                standalone_preset_js_url=f"{ASSETS}/standalone.js",
                favicon=ICON_LINK,
            ),
            RedocRenderPlugin(js_url=f"{ASSETS}/redoc.standalone.js", google_fonts=False, favicon=ICON_LINK),
        ],
    ),
)

fastapi = wrap(Revalidated(api))
litestar = wrap(Revalidated(shop))
STRICT: Final[Pipeline] = default_pipeline(Settings()).replace(
    SecurityHeadersMiddleware, overrides={"Content-Security-Policy": "default-src 'none'"}
)
strict = wrap(STRICT.build(Revalidated(api)))
