"""What stands beside the load: tests that take long, left out unless --load is given, and figures at the end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from asgi_stack.testing.postgres import PostgresServer, postgres_server
from tests.left_out import leave_out
from tests.load.asking import crash_proof

FIGURES: Final = pytest.StashKey[list[str]]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests out unless --load is given."""
    if config.getoption("--load") or not collection_path.match("test_*.py"):
        return None
    leave_out(config, f"left out without --load: {collection_path.relative_to(config.rootpath)}")
    return True


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of figures."""
    config.stash[FIGURES] = []


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> Generator[None]:
    """Show the figures below all else."""
    yield
    if config.stash[FIGURES]:
        terminalreporter.section("figures")
        for line in config.stash[FIGURES]:
            terminalreporter.write_line(line)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Take a line for the end of the run."""
    return request.config.stash[FIGURES].append


@pytest.fixture(scope="module")
def own_postgres() -> Generator[PostgresServer]:
    """Start a PostgreSQL that may be crashed."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def empty_url(own_postgres: PostgresServer) -> str:
    """Make an empty database."""
    return crash_proof(own_postgres.create_database(f"load_{uuid4().hex[:8]}"))
