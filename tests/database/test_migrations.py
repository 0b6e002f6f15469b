"""Migrations of a user's project: up, down, from code, in a running loop, and what they leave alone."""

from __future__ import annotations

import asyncio
import io
import logging
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.engine import make_url

from asgi_stack import AppError, HealthMiddleware, ServiceUnavailableError
from asgi_stack.database import Database
from asgi_stack.database.migration_config import alembic_config, check_config
from asgi_stack.database.migrations import MigrationsError, check_at_head, downgrade, heads_of, upgrade
from asgi_stack.testing import ASGIClient
from asgi_stack.types import Receive, Scope, Send
from tests.database.opening import emptied, opened
from tests.database.projects import ROOT, project_in, run_process


@pytest.fixture
def shelf_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Give the URL of an empty database of each kind."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/empty.sqlite3"
    url = str(request.getfixturevalue("database_url"))
    asyncio.run(emptied(url))
    return url


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give the pyproject.toml of a project with one migration."""
    return project_in(tmp_path)


async def tables_of(database: Database) -> set[str]:
    """Name the tables that there are."""
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


class TestFromCode:
    """`upgrade` and `downgrade`."""

    async def test_up_and_down_and_up(self, database: Database, project: Path) -> None:
        """The tables come, go and come again."""
        found = []
        for step in ("head", "base", "head"):
            await (downgrade if step == "base" else upgrade)(database, step, config=project)
            found.append(await tables_of(database) & {"things"})

        assert found == [{"things"}, set(), {"things"}]

    async def test_settings_will_do(self, database: Database, project: Path) -> None:
        """A database that nobody has opened can be migrated by its settings."""
        await upgrade(database.settings, config=project)

        assert "things" in await tables_of(database)

    async def test_database_in_memory(self, project: Path) -> None:
        """It is the very database that gets the tables."""
        async with opened("sqlite://").lifespan() as database:
            await upgrade(database, config=project)

            assert await tables_of(database) == {"alembic_version", "things"}

    async def test_event_loop_stays_free(
        self, database: Database, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While a migration takes its time, others are served."""
        monkeypatch.setenv("DDL_TAKES_S", "0.7")
        await upgrade(database, "base", config=project)
        late: list[float] = []

        async def beat() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due = loop.time() + 0.02
                await asyncio.sleep(0.02)
                late.append(loop.time() - due)

        heart = asyncio.create_task(beat())
        await upgrade(database, config=project)
        heart.cancel()

        assert len(late) > 10
        assert max(late) < 0.3

    async def test_alembics_own_command_in_a_running_loop(
        self, shelf_url: str, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plain call from async code works: the migration gets a loop of its own."""
        monkeypatch.setenv("ASGI_STACK_DATABASE__URL", shelf_url)
        command.upgrade(alembic_config(project), "head")
        async with opened(shelf_url).lifespan() as database:
            assert "things" in await tables_of(database)

    async def test_connection_of_the_callers_own(self, database: Database, project: Path) -> None:
        """Alembic's usual way to share a connection wins over all settings."""
        config = alembic_config(project)
        async with database.engine.begin() as connection:

            def migrate(sync: object) -> None:
                config.attributes["connection"] = sync
                command.upgrade(config, "head")

            await connection.run_sync(migrate)

        assert "things" in await tables_of(database)

    async def test_loggers_stay_alive(self, database: Database, project: Path) -> None:
        """No logger is switched off, and no handler is taken away."""
        logger = logging.getLogger("shop.orders")
        handlers = list(logging.getLogger().handlers)
        await upgrade(database, config=project)

        assert not logger.disabled
        assert logging.getLogger().handlers == handlers

    async def test_unknown_revision(self, database: Database, project: Path) -> None:
        """The error names it."""
        with pytest.raises(MigrationsError, match="0815"):
            await upgrade(database, "0815", config=project)

    async def test_database_that_is_not_there(self, project: Path) -> None:
        """It is a 503 as everywhere, without the password in it or in its chain."""
        with pytest.raises(ServiceUnavailableError) as caught:
            await upgrade(opened("postgresql://user:hunter2@127.0.0.1:1/shop"), config=project)

        assert "hunter2" not in repr((caught.value, caught.value.context, caught.value.__cause__))

    async def test_failing_migration_leaves_nothing(self, database: Database, project: Path) -> None:
        """DDL is undone on both databases, and the error is an AppError."""
        (project.parent / "migrations/versions/0002_fails.py").write_text(
            "from alembic import op\nrevision = '0002'\ndown_revision = '0001'\n"
            "def upgrade():\n    op.execute('CREATE TABLE half (x INTEGER)')\n    op.execute('SELECT * FROM nowhere')\n"
        )
        with pytest.raises(AppError):
            await upgrade(database, config=project)

        assert await tables_of(database) & {"half", "things"} == set()

    async def test_offline_mode_writes_sql(
        self, shelf_url: str, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`alembic upgrade head --sql` needs no database."""
        monkeypatch.setenv("ASGI_STACK_DATABASE__URL", shelf_url)
        config = alembic_config(project)
        config.output_buffer = out = io.StringIO()
        command.upgrade(config, "head", sql=True)

        assert "CREATE TABLE things" in out.getvalue()


class TestAtHead:
    """The check for the probe, and migrations at the start."""

    async def test_database_behind_its_migrations(self, database: Database, project: Path) -> None:
        """The error says where both are; afterwards all is well."""
        heads = heads_of(check_config(project))
        with pytest.raises(MigrationsError, match="the database is at nothing, the migrations are at 0001"):
            await check_at_head(database, heads)
        await upgrade(database, config=project)
        await check_at_head(database, heads)

        assert heads == {"0001"}

    async def test_migrations_at_the_start(self, shelf_url: str, project: Path) -> None:
        """Before the first request the tables are there, and the probe knows."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise AssertionError

        database = Database(opened(shelf_url, migrate_at_start=True).settings, migrations=project)
        async with database.lifespan():
            response = await ASGIClient(HealthMiddleware(app, checks=database.health_checks())).get("/health/ready")

            assert "things" in await tables_of(database)
            assert response.status == 200
            assert set(response.json()["checks"]) == {"database", "migrations"}

    async def test_probe_of_a_database_that_is_behind(self, database: Database, project: Path) -> None:
        """Readiness fails until somebody migrates."""
        behind = Database(database.settings, migrations=project)
        async with behind.lifespan():
            with pytest.raises(MigrationsError):
                await behind.health_checks()["migrations"]()


class TestConfiguration:
    """Where the migrations are."""

    def test_missing_file(self, tmp_path: Path) -> None:
        """The error names it, when the database is made."""
        with pytest.raises(MigrationsError, match=r"there is no .*pyproject\.toml"):
            Database(opened("sqlite://").settings, migrations=tmp_path / "pyproject.toml")

    @pytest.mark.parametrize("content", ["[tool.other]", "[tool.alembic", ""], ids=["other", "broken", "empty"])
    def test_file_without_migrations(self, tmp_path: Path, content: str) -> None:
        """The error says what is missing."""
        file = tmp_path / "pyproject.toml"
        file.write_text(content)
        with pytest.raises(MigrationsError, match=r"script_location|cannot be read"):
            check_config(file)

    def test_start_without_migrations(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A setting that could do nothing is an error at once."""
        monkeypatch.chdir(tmp_path)
        with pytest.raises(MigrationsError, match=r"pyproject\.toml"):
            opened("sqlite://", migrate_at_start=True)


class TestSecrets:
    """Passwords."""

    PASSWORD = "50%/of:it@'\"#?"

    async def test_password_with_special_characters(self, database_url: str, project: Path) -> None:
        """`%` and its like need no care, and a wrong password is shown nowhere."""
        async with opened(database_url).lifespan() as database, database.engine.begin() as connection:
            quoted = self.PASSWORD.replace("'", "''")
            await connection.execute(text("DROP ROLE IF EXISTS percent"))
            await connection.execute(text(f"CREATE ROLE percent SUPERUSER LOGIN PASSWORD '{quoted}'"))
        url = make_url(database_url)
        right = f"postgresql://percent:{quote(self.PASSWORD, safe='')}@{url.host}:{url.port}/{url.database}"
        done = run_process(project.parent, right, "alembic", "upgrade", "head")
        failed = run_process(project.parent, f"{right}_not", "alembic", "upgrade", "head")

        assert done.returncode == 0, done.stderr
        assert failed.returncode != 0
        assert "50%" not in failed.stdout + failed.stderr


class TestDemo:
    """The migrations of the demo."""

    CONFIG = ROOT / "pyproject.toml"

    async def test_up_and_down(self, database: Database) -> None:
        """Each revision can be taken back."""
        await upgrade(database, config=self.CONFIG)
        up = await tables_of(database)
        await downgrade(database, "base", config=self.CONFIG)
        down = await tables_of(database)

        assert up - down == {"items", "reservations"}

    def test_models_are_as_the_migrations(self, shelf_url: str) -> None:
        """Autogenerate finds nothing to do."""
        results = [
            run_process(ROOT, shelf_url, "asgi_stack", "db", *arguments)
            for arguments in (("upgrade",), ("check",), ("current",))
        ]

        assert [result.returncode for result in results] == [0, 0, 0], results[1].stderr
        assert "0001 (head)" in results[2].stdout
