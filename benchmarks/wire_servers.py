"""The server processes of a measurement: started once, asked for their processor time, gone at the end in any case.

A server's standard input is one end of a socket pair. When this process ends, by whatever means, the kernel closes the
other end, and the server ends as well.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.instructions import isolated_environment
from benchmarks.wire_accounting import Activity, activity

__all__ = ["Server", "ServerError", "serving"]

_START_TIMEOUT_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 10.0
_REST_TIMEOUT_S: Final = 10.0
_LOOK_S: Final = 0.002


class ServerError(RuntimeError):
    """A server did not start, or ended before it was told to."""


class Server:
    """A stack behind uvicorn, in a process of its own.

    Attributes:
        port: On the loopback interface; 0 until it serves.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], lifeline: socket.socket, folder: Path) -> None:
        self.port = 0
        self._name = name
        self._process = process
        self._lifeline = lifeline
        self._lines = _lines_of(name, folder)
        self._errors = _errors_of(name, folder)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def wait_until_serving(self) -> None:
        """Wait for the port.

        Raises:
            ServerError: The server ended, or told nothing within 30 s; the message has what it wrote.
        """
        self._lifeline.settimeout(_START_TIMEOUT_S)
        try:
            said = self._lifeline.recv(64)
        except TimeoutError:
            raise self._failure(f"does not serve within {_START_TIMEOUT_S} s") from None
        if not said:
            raise self._failure("ended at its start")
        self.port = int(said)

    def rest(self) -> Activity:
        """Give what it took of a processor so far, once it has nothing left to do.

        The kernel books the time of a thread when the thread pauses, and a line is written after its response. So this
        looks until no thread runs or waits for a processor, and none did between two looks.

        Raises:
            ServerError: It is gone, or still at work after 10 s.
        """
        deadline = time.monotonic() + _REST_TIMEOUT_S
        now, before = self._look(), None
        while now.at_work or now != before:
            if time.monotonic() > deadline:
                raise self._failure(f"is still at work after {_REST_TIMEOUT_S} s")
            time.sleep(_LOOK_S)
            now, before = self._look(), now
        return now

    def take_lines(self) -> list[bytes]:
        """Give the lines on its standard output since the last time, and remove them."""
        with self._lines.open("r+b") as file:
            lines = file.readlines()
            # It was opened for appending: the server's next line goes to the new end.
            file.truncate(0)
        return lines

    def stop(self) -> None:
        """Let the server end; by force, if it takes longer than 10 s."""
        self._lifeline.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        finally:
            self._process.kill()
            self._process.wait()

    def check_end(self) -> None:
        """Raise a ServerError if it ended in another way than as it was told to."""
        if self._process.returncode:
            raise self._failure(f"ended with exit code {self._process.returncode}")

    def _look(self) -> Activity:
        try:
            # Until it is waited for, a process that has ended is still there.
            if self._process.poll() is None:
                return activity(self._process.pid)
        except OSError:
            pass
        raise self._failure("is gone")

    def _failure(self, what: str) -> ServerError:
        return ServerError(f"the server of {self._name} {what}\n{self._errors.read_text(errors='replace')}")


@contextmanager
def serving(names: Sequence[str], core: int | None = None) -> Iterator[Mapping[str, Server]]:
    """Serve stacks, each by a process of its own, and stop them at the end.

    Args:
        names: Of stacks, each once.
        core: The one processor for all of them; None leaves that to the system.

    Raises:
        ServerError: One of them does not start, or does not end when it is told to.
    """
    with TemporaryDirectory() as folder:
        servers: dict[str, Server] = {}
        with ExitStack() as stopping:
            for name in names:
                servers[name] = _started(name, core, Path(folder))
                stopping.callback(servers[name].stop)
            for server in servers.values():
                server.wait_until_serving()
            yield servers
        for server in servers.values():
            server.check_end()


def _started(name: str, core: int | None, folder: Path) -> Server:
    arguments = ["-m", "benchmarks.serve", name, *([] if core is None else ["--core", str(core)])]
    with ExitStack() as closing:
        ours, theirs = socket.socketpair()
        closing.enter_context(theirs)
        lines = closing.enter_context(_lines_of(name, folder).open("ab"))
        errors = closing.enter_context(_errors_of(name, folder).open("ab"))
        process = subprocess.Popen(  # noqa: S603 - our own module, and a name of a stack
            [sys.executable, *arguments],
            cwd=folder,
            # It finds modules where this process does, and not in its working folder.
            env={**isolated_environment(), "PYTHONSAFEPATH": "1"},
            stdin=theirs.fileno(),
            stdout=lines,
            stderr=errors,
            start_new_session=True,  # Ctrl-C is for this process alone, which then stops the servers
        )
    return Server(name, process, ours, folder)


def _lines_of(name: str, folder: Path) -> Path:
    return folder / f"{name}.out"


def _errors_of(name: str, folder: Path) -> Path:
    return folder / f"{name}.err"
