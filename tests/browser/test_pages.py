"""Pages behind the stack, in Chromium: they look and work as without it, and the console has no error."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chromium import Browser
from tests.integration.servers import Server, serving
from tests.integration.shops import UVICORN
from tests.integration.wire import one_request

OPERATION: Final = ".opblock-summary-path"
PASSWORD: Final = "only here"

PAGES: Final = {
    "fastapi-swagger": ("fastapi", "/docs", OPERATION),
    "fastapi-redoc": ("fastapi", "/redoc", "[data-section-id]"),
    "litestar-swagger": ("litestar", "/schema/swagger", OPERATION),
    "litestar-redoc": ("litestar", "/schema/redoc", "[data-section-id]"),
}


def url(server: Server, path: str) -> str:
    """Give an address on a server."""
    return f"http://127.0.0.1:{server.port}{path}"


def has_answered(server: Server, path: str, status: int) -> bool:
    """Tell whether a request for a path had a status."""
    return bool(server.find(event="request_completed", path=path, status_code=status))


@pytest.mark.parametrize("page", sorted(PAGES))
def test_documentation_works(browser: Browser, assets: str, page: str) -> None:
    """It shows the operations, with scripts and styles of another origin, also from the cache after a 304."""
    name, path, shown = PAGES[page]
    with serving(UVICORN, f"tests.browser.documented_apps:{name}", SHOP_ASSETS=assets) as server:
        for visit in (200, 304):
            browser.open(url(server, path))
            browser.find(shown)
            server.wait_until(partial(has_answered, server, path, visit))

            assert browser.errors() == []
            browser.open("about:blank")


@pytest.mark.parametrize(("name", "path"), [("fastapi", "/docs"), ("litestar", "/schema/swagger")])
def test_operation_can_be_tried_out(browser: Browser, assets: str, name: str, path: str) -> None:
    """Swagger UI sends a request from the page, and shows the answer."""
    with serving(UVICORN, f"tests.browser.documented_apps:{name}", SHOP_ASSETS=assets) as server:
        browser.open(url(server, path))
        browser.click(".opblock-summary-control")
        browser.click(".try-out__btn")
        browser.type(".parameters input[type=text]", "7")
        browser.click(".execute")
        browser.wait_for_text(".live-responses-table", '"item": 7')

        assert browser.errors() == []


def test_check_can_fail(browser: Browser, assets: str) -> None:
    """A policy that allows nothing breaks the page, and the console says so: silence above means something."""
    with serving(UVICORN, "tests.browser.documented_apps:strict", SHOP_ASSETS=assets) as server:
        browser.open(url(server, "/docs"))

        assert any("Content Security Policy" in message for message in browser.errors())


@pytest.mark.parametrize("variant", ["main", "adapted"])
def test_django_admin_works(browser: Browser, tmp_path: Path, variant: str) -> None:
    """Log in, add an article, see it in the list, log out; its styles come from the same server."""
    environment = {"SHOP_DATABASE": str(tmp_path / "shop.sqlite3"), "SHOP_ADMIN_PASSWORD": PASSWORD}
    with serving(UVICORN, f"app.frameworks.django.{variant}:app", **environment) as server:
        browser.open(url(server, "/admin/"))
        browser.type("#id_username", "admin")
        browser.type("#id_password", PASSWORD)
        browser.click("[type=submit]")
        browser.click(".model-article .addlink")
        browser.type("#id_name", "Chair")
        browser.type("#id_price_cents", "4900")
        browser.click("[name=_save]")
        browser.wait_for_text("#result_list", "Chair")
        browser.wait_for_text(".messagelist", "Chair")

        assert browser.style_of("#header", "display") == "flex"
        browser.click("#logout-form button")
        browser.wait_for_text("h1, #content", "Logged out")
        assert browser.errors() == []
        assert server.find(level="error") == []


async def test_pages_have_their_policy() -> None:
    """The pages above are served with the policy that they were tested against."""
    with serving(UVICORN, "tests.browser.documented_apps:fastapi", SHOP_ASSETS="http://127.0.0.1:1") as server:
        page = await one_request(server.port, "/docs")

    assert page.value("content-security-policy") == "base-uri 'self'; frame-ancestors 'none'; object-src 'none'"
    assert page.values("cross-origin-embedder-policy") == []
