"""A headless Chromium, and the origin that serves the scripts and styles of documentation pages."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.left_out import leave_out

if TYPE_CHECKING:
    from tests.browser.chromium import Browser

FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",  # CI runs as root, which Chromium's sandbox refuses
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests out unless --browser is given: they import what only `tox -e browser` installs."""
    if config.getoption("--browser") or not collection_path.match("test_*.py"):
        return None
    leave_out(config, f"left out without --browser: {collection_path.relative_to(config.rootpath)}")
    return True


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the files of Swagger UI and ReDoc from an origin of their own."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.origin is not None

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            # As public mirrors of these files do: Litestar's pages load scripts in CORS mode.
            self.send_header("access-control-allow-origin", "*")
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    folder = tmp_path_factory.mktemp("assets")
    shutil.copytree(Path(spec.origin).parent / "static", folder, dirs_exist_ok=True)
    # The bundle has no standalone layout, which is a bar above the page.
    (folder / "standalone.js").write_text("window.SwaggerUIStandalonePreset = {};")
    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile."""
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("there is no chromium and chromedriver here; .ci/run installs them where it can")
    from tests.browser import chromium as driven  # noqa: PLC0415 - every run reads this file, also without selenium

    with driven.Browser.started(chromium, driver, [*FLAGS, f"--user-data-dir={tmp_path}"]) as started:
        yield started
