"""Fixtures for tests with a real PostgreSQL, which nobody has to install or start.

```python
# conftest.py
pytest_plugins = ["asgi_stack.testing.pytest_plugin"]
```

| fixture | what a test gets |
|---|---|
| `database` | a `Database` of its own, empty but for the tables; commits are real |
| `session` | a session whose work is undone at the end of the test, also what it committed |
| `client` | an `ASGIClient` of the fixture `app`, which you define, beside `database` |
| `database_url` | the URL of the database that `database` opens |
| `postgres` | the server, shared by all tests of a process |

`database_metadata` says which tables there are: those of all imported subclasses of `BaseModel`, unless you define it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import pytest_asyncio

from asgi_stack.database import BaseModel, Database, DatabaseSettings
from asgi_stack.settings import Settings
from asgi_stack.testing.client import ASGIClient
from asgi_stack.testing.database import create_tables, rolled_back
from asgi_stack.testing.postgres import PostgresServer, PostgresUnavailableError, postgres_server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from sqlalchemy import MetaData
    from sqlalchemy.ext.asyncio import AsyncSession

    from asgi_stack.types import AnyASGIApp

__all__ = ["app", "client", "database", "database_metadata", "database_url", "postgres", "session"]


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    """Run a PostgreSQL, or take the one that ASGI_STACK_TEST_DATABASE_URL names; the test fails where there is none."""
    own = Settings().test_database_url
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server(url=own.get_secret_value() if own else None))
        except PostgresUnavailableError as error:
            # Without the traceback, in which pytest would show the URL, and so its password.
            pytest.fail(str(error), pytrace=False)
        yield server


@pytest.fixture(scope="session")
def database_metadata() -> MetaData:
    """Say which tables a database has; define it anew in your conftest for others."""
    return BaseModel.metadata


@pytest.fixture(scope="session")
def _database_template(postgres: PostgresServer, database_metadata: MetaData) -> Generator[str]:
    """Name a database that has the tables; to copy it takes 20 ms, to make them takes longer."""
    name = f"template_{uuid4().hex}"
    url = postgres.create_database(name)
    # In a thread, since an event loop may be running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, create_tables(url, database_metadata)).result()
    yield name
    postgres.drop_database(name)


@pytest.fixture
def database_url(postgres: PostgresServer, _database_template: str) -> Generator[str]:
    """Give the URL of a database of the test's own."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name, template=_database_template)
    postgres.drop_database(name)


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """Give a database of the test's own, open; `get_db` and `get_async_session` mean it."""
    async with Database(_settings(database_url)).lifespan() as database:
        yield database


@pytest.fixture(scope="session")
def _shared_database_url(postgres: PostgresServer, _database_template: str) -> Generator[str]:
    name = f"shared_{uuid4().hex}"
    yield postgres.create_database(name, template=_database_template)
    postgres.drop_database(name)


@pytest_asyncio.fixture
async def session(_shared_database_url: str) -> AsyncGenerator[AsyncSession]:
    """Give a session of which nothing stays; it is faster than `database`, and sees nothing of it."""
    database = Database(_settings(_shared_database_url))
    try:
        async with rolled_back(database), database.session() as session:
            yield session
    finally:
        await database.engine.dispose()


@pytest.fixture
def app() -> AnyASGIApp:
    """Stand for the application that `client` is about: define a fixture of this name."""
    pytest.fail("the fixture `client` needs a fixture `app` that returns your ASGI application", pytrace=False)


@pytest_asyncio.fixture
async def client(app: AnyASGIApp, database: Database) -> AsyncGenerator[ASGIClient]:  # noqa: ARG001 - to be open
    """Give a client of the app, started, with the test's own database open."""
    async with ASGIClient(app) as client:
        yield client


def _settings(url: str) -> DatabaseSettings:
    return DatabaseSettings.model_validate({"url": url})
