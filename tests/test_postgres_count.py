"""The count of tests that ask PostgreSQL, as a run of its own shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from tests import postgres_count

CHECKOUT = Path(__file__).parents[1]

CONFTEST = """
from tests import postgres_count

postgres_count.AT_LEAST = 2
pytest_plugins = ["asgi_stack.testing.pytest_plugin"]


def pytest_addoption(parser):
    parser.addoption("--postgres", action="store_true")


def pytest_configure(config):
    config.pluginmanager.register(postgres_count.PostgresCountPlugin(config))
"""

TESTS = """
from sqlalchemy import text


async def test_one(session):
    await session.execute(text("SELECT 1"))


def test_without_database():
    pass
"""


def test_too_few_fail_a_run(tmp_path: Path) -> None:
    """A whole run with fewer tests than are committed fails though all of them pass, also in several processes."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_sql.py").write_text(TESTS)
    options = [
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "xdist.plugin",
        "-p",
        "no:cacheprovider",
        "--numprocesses=1",
        "--postgres",
    ]
    settings = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, *settings],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "1 tests asked PostgreSQL" in done.stdout
    assert "ERROR: at least 2 should" in done.stdout


def test_there_is_a_least_number() -> None:
    """Some tests do ask PostgreSQL."""
    assert asyncpg.__version__
    assert postgres_count.AT_LEAST > 100
