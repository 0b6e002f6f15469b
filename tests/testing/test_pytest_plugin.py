"""The fixtures as a user has them: a project of its own, run by a pytest of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg

from asgi_stack.testing.postgres import postgres_server

CONFTEST = """
import pytest
from sqlalchemy.orm import Mapped, mapped_column
from asgi_stack.database import BaseModel

pytest_plugins = ["asgi_stack.testing.pytest_plugin"]


class Item(BaseModel):
    __tablename__ = "items"
    name: Mapped[str] = mapped_column(unique=True)


@pytest.fixture
def item():
    return Item
"""

TESTS = """
import asyncio
import pytest
from asgi_stack import wrap
from asgi_stack.database import BaseRepository, get_async_session


@pytest.fixture
def app(item):
    async def app(scope, receive, send):
        async with get_async_session() as session:
            items = BaseRepository(session, item)
            await items.create(item(name=scope["path"]))
            body = b"%d" % await items.count()
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return wrap(app)


@pytest.mark.parametrize("run", [1, 2])
async def test_client_begins_with_empty_tables(client, run):
    assert (await client.post("/lamp")).text == "1"
    assert (await client.post("/lamp")).status == 409
    answers = await asyncio.gather(*(client.post(f"/{number}") for number in range(8)))
    assert max(int(answer.text) for answer in answers) <= 9


@pytest.mark.parametrize("run", [1, 2])
async def test_session_leaves_nothing(session, item, run):
    items = BaseRepository(session, item)
    await items.create(item(name="Lamp"))
    await session.commit()
    assert await items.count() == 1


async def test_both(database, session, item):
    async with database.session() as own:
        await BaseRepository(own, item).create(item(name="Lamp"))
    assert await BaseRepository(session, item).count() == 0
"""

NO_APP = """
async def test_without_app(client):
    pass
"""


def run(folder: Path, tests: str, **environment: str) -> str:
    """Run a user's tests, and give what pytest says."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_items.py").write_text(tests)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ASGI_STACK_", "PYTEST_"))}
    # Only what a user has installed for sure.
    inherited["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    options = ["-q", "-W", "error", "-p", "pytest_asyncio.plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *settings]
    done = subprocess.run(
        command, cwd=folder, env={**inherited, **environment}, check=False, capture_output=True, text=True
    )
    return done.stdout + done.stderr


async def databases_at(url: str) -> list[str]:
    """Name the databases of a server."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database ORDER BY datname")
    finally:
        await connection.close()
    return [row["datname"] for row in rows]


def test_own_server_that_is_not_there_fails_loudly(tmp_path: Path) -> None:
    """The tests do not go on with another server, nor without one, and the password is not shown."""
    said = run(tmp_path, TESTS, ASGI_STACK_TEST_DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/d")

    assert "5 errors" in said
    assert "The PostgreSQL for the tests does not answer" in said
    assert "hunter2" not in said


def test_fixtures_of_a_project() -> None:
    """Tests of a user's app have tables, isolation and a client; databases are made in their own server and dropped.

    Who asks for a client and has no app is told what to write.
    """
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        (Path(folder) / "test_client.py").write_text(NO_APP)
        said = run(Path(folder), TESTS, ASGI_STACK_TEST_DATABASE_URL=server.url)
        left = asyncio.run(databases_at(server.url))

    assert "5 passed, 1 error" in said
    assert "the fixture `client` needs a fixture `app`" in said
    assert left == ["postgres", "template0", "template1"]
