"""The servers that the tests share: each kind is started once for each app, and must be quiet after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.servers import KINDS, Server, ServerKind, serving


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a kind of server, or for a server, with each of them."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", KINDS, ids=lambda kind: kind.name, scope="session")


@pytest.fixture(scope="session")
def shared_server(kind: ServerKind) -> Iterator[Server]:
    """Serve the tests' own app."""
    with serving(kind, "tests.integration.apps:app") as server:
        yield server


@pytest.fixture(scope="session")
def shared_demo(kind: ServerKind) -> Iterator[Server]:
    """Serve the demo."""
    with serving(kind, "app.main:app") as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """Give the server of the tests' own app, and see that it wrote nothing but the stack's and the app's lines."""
    yield shared_server
    assert shared_server.take_noise() == []


@pytest.fixture
def demo(shared_demo: Server) -> Iterator[Server]:
    """Give the server of the demo, and see that it wrote nothing but the stack's and the demo's lines."""
    yield shared_demo
    assert shared_demo.take_noise() == []
