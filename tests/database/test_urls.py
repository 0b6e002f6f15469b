"""From settings to connections: schemes, TLS, PgBouncer, pools, and what is wrong told without a password."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from asgi_stack import ServiceUnavailableError, Settings, SettingsError
from asgi_stack.database import Database, DatabaseSettings
from tests.database.opening import opened
from tests.database.tls_proxy import tls_in_front_of


class TestSchemes:
    """What a URL begins with."""

    @pytest.mark.parametrize(
        ("scheme", "driver"),
        [
            ("postgres", "asyncpg"),
            ("postgresql", "asyncpg"),
            ("postgresql+asyncpg", "asyncpg"),
        ],
    )
    def test_postgres_means_asyncpg(self, scheme: str, driver: str) -> None:
        """However PostgreSQL is written, the driver is asyncpg."""
        assert opened(f"{scheme}://u:p@h/d").engine.driver == driver

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+aiosqlite:///x.db", "sqlite:///x.db"])
    def test_sqlite_means_aiosqlite(self, url: str) -> None:
        """However SQLite is written, the driver is aiosqlite."""
        assert opened(url).engine.driver == "aiosqlite"

    @pytest.mark.parametrize(
        "url", ["mysql://u:hunter2@h/d", "postgresql:/u:hunter2@h", "u:hunter2@h", "postgres//hunter2"]
    )
    def test_other_urls_are_refused(self, url: str) -> None:
        """The message says what a URL looks like, and shows nothing of the one that is wrong."""
        with pytest.raises(SettingsError) as caught:
            Settings(database={"url": url})

        assert str(caught.value) == (
            "database.url should be a URL such as postgresql://user:password@host/name or sqlite:///file.db"
        )

    @pytest.mark.parametrize("url", ["postgresql://u:hunter2@h:port/d", "postgresql+psycopg://u:hunter2@h/d"])
    def test_unreadable_url_is_told_without_its_password(self, url: str) -> None:
        """What only shows when the URL is taken apart fails when the database is made."""
        with pytest.raises(ValueError, match="URL") as caught:
            opened(url)

        assert "hunter2" not in repr(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None

    def test_no_url(self) -> None:
        """Without a URL the message names the variable."""
        with pytest.raises(ValueError, match="ASGI_STACK_DATABASE__URL"):
            Database(DatabaseSettings())

    def test_settings_are_needed(self) -> None:
        """A URL in the place of the settings is an error that says so."""
        with pytest.raises(TypeError, match="settings must be DatabaseSettings, not str"):
            Database("sqlite://")  # type: ignore[arg-type] # wrong on purpose

    def test_setting_is_a_secret(self) -> None:
        """Settings can be printed."""
        assert "hunter2" not in repr(Settings(database={"url": "postgresql://u:hunter2@h/d"}))

    def test_password_with_odd_characters(self) -> None:
        """What is percent-encoded arrives as it was meant."""
        assert opened("postgresql://u:p%40ss%25w%2Frd@h/d").engine.url.password == "p@ss%w/rd"


class TestPool:
    """How many connections there are."""

    def test_settings_reach_the_pool(self) -> None:
        """Size, overflow and patience are those of the settings."""
        pool = opened("postgresql://u@h/d", pool_size=2, max_overflow=1, pool_timeout_s=0.5).engine.pool

        assert isinstance(pool, QueuePool)
        assert (pool.size(), pool.timeout()) == (2, 0.5)

    async def test_exhausted_pool_is_unavailable_in_time(self, database_url: str) -> None:
        """Who finds no connection is told to come again, after the time of the settings."""
        database = opened(database_url, pool_size=1, max_overflow=0, pool_timeout_s=0.1)
        async with database.lifespan(), database.session() as first:
            await first.execute(text("SELECT 1"))
            with pytest.raises(ServiceUnavailableError) as caught:
                async with database.session() as second:
                    await second.execute(text("SELECT 1"))

        assert caught.value.retry_after_s == 1


class TestPostgres:
    """What each connection is told."""

    async def test_application_name(self, database_url: str) -> None:
        """Operators see who is connected; a name in the URL wins."""
        url = f"{database_url}?application_name=shop"
        names: list[object] = []
        for database in (opened(database_url), opened(url)):
            async with database.lifespan(), database.session() as session:
                names.append(await session.scalar(text("SHOW application_name")))

        assert names == ["asgi_stack", "shop"]

    @pytest.mark.parametrize(("pgbouncer", "kept"), [(False, True), (True, False)], ids=["direct", "pgbouncer"])
    async def test_prepared_statements(self, database_url: str, pgbouncer: bool, kept: bool) -> None:
        """Behind PgBouncer a connection keeps no statement from one transaction to the next."""
        database = opened(database_url, pgbouncer=pgbouncer, pool_size=1)
        for number in range(3):
            async with database.session() as session:
                await session.execute(text("SELECT CAST(:x AS integer)"), {"x": number})
        async with database.session() as session:
            query = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT CAST%'"
            names = await session.scalar(text(query))
        await database.engine.dispose()

        assert (names > 0) is kept


class TestTls:
    """Modes of TLS, as libpq has them, against a server that speaks it."""

    @pytest.mark.parametrize("given", ["setting", "url"])
    async def test_required_tls_is_never_left_out(self, database_url: str, given: str) -> None:
        """A server without TLS is not spoken to."""
        options = {"tls": "require"} if given == "setting" else {}
        url = database_url if given == "setting" else f"{database_url}?sslmode=require"
        with pytest.raises(ServiceUnavailableError):
            await opened(url, **options).check()

    @pytest.mark.parametrize(
        ("mode", "host", "trusted", "fine"),
        [
            ("require", "127.0.0.1", None, True),
            ("require", "127.0.0.1", "other", False),
            ("verify-ca", "127.0.0.1", "right", True),
            ("verify-ca", "127.0.0.1", "other", False),
            ("verify-full", "localhost", "right", True),
            ("verify-full", "127.0.0.1", "right", False),
        ],
    )
    async def test_modes(
        self, database_url: str, tmp_path: Path, mode: str, host: str, trusted: str | None, fine: bool
    ) -> None:
        """`require` takes any certificate unless one is given, `verify-ca` ours, `verify-full` ours for that host."""
        authorities = {"right": trustme.CA(), "other": trustme.CA()}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authorities["right"].issue_cert("localhost").configure_cert(context)
        options: dict[str, object] = {"tls": mode}
        if trusted:
            options["tls_ca_file"] = str(tmp_path / "ca.pem")
            authorities[trusted].cert_pem.write_to_path(tmp_path / "ca.pem")
        address = urlsplit(database_url)
        async with tls_in_front_of(address.port or 0, context) as port:
            database = opened(f"postgresql://postgres@{host}:{port}{address.path}", **options)
            if fine:
                await database.check()
            else:
                with pytest.raises(ServiceUnavailableError):
                    await database.check()
            await database.engine.dispose()

    def test_unknown_mode(self) -> None:
        """A mode that is none is named, with those there are."""
        with pytest.raises(ValueError, match="sslmode always is unknown; known are disable, allow"):
            opened("postgresql://u@h/d?sslmode=always")

    def test_missing_file(self) -> None:
        """A certificate that is not there is named when the database is made."""
        with pytest.raises(ValueError, match=r"cannot be read from /nowhere/ca\.pem"):
            opened("postgresql://u@h/d", tls="verify-full", tls_ca_file="/nowhere/ca.pem")
