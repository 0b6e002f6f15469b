"""The count of tests that ask PostgreSQL, as a run of its own shows it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

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


async def test_other(session):
    await session.execute(text("SELECT 1"))


def test_without_database():
    pass
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--postgres", "--numprocesses=1"], 0, "2 tests asked PostgreSQL"),
        (["--postgres", "--deselect=test_sql.py::test_one"], 1, "ERROR: at least 2 should"),
        (["--postgres", "test_sql.py::test_one"], 0, "1 tests asked PostgreSQL"),
    ],
    ids=["enough", "too-few", "a-part"],
)
def test_run(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    """A whole run with fewer tests than are committed fails; a part of one does not."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_sql.py").write_text(TESTS)
    options = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, said in done.stdout) == (code, True), done.stdout + done.stderr


def test_there_is_a_least_number() -> None:
    """Some tests do ask PostgreSQL."""
    assert asyncpg.__version__
    assert postgres_count.AT_LEAST > 100
