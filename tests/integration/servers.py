"""Real servers as subprocesses on a free port, with what they wrote, line by line.

The kernel picks the port (`port 0`), and the server's own line says which one it is: no two servers ever race for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, TypeAlias

from tests.integration.wire import one_request

LogLine: TypeAlias = dict[str, object]

START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 20.0
LINE_TIMEOUT_S: Final = 10.0

_RUNNING: Final = re.compile(r"running on http://127\.0\.0\.1:(\d+)", re.IGNORECASE)
_ERROR_EVENTS: Final = frozenset({"request_failed", "no_response", "incomplete_response", "unexplained_error_response"})
_ERROR_LEVELS: Final = frozenset({"error", "critical"})
_OWN_LOGGERS: Final = ("asgi_stack.", "tests.", "app.")


@dataclass(frozen=True)
class ServerKind:
    """One way to serve an app: the command, in which `{target}` stands for `module:attribute`.

    Attributes:
        is_uvicorn: Whether it is uvicorn, however started, that serves.
        exit_codes: What SIGTERM may end in: uvicorn raises the signal again once it is done, hypercorn exits.
        startup_failure_codes: What a failing lifespan may end in; hypercorn's parent process gives 0.
    """

    name: str
    command: tuple[str, ...]
    is_uvicorn: bool = True
    exit_codes: frozenset[int] = frozenset({-signal.SIGTERM, 128 + signal.SIGTERM})
    startup_failure_codes: frozenset[int] = frozenset({3})

    def arguments(self, target: str) -> list[str]:
        """Give the command line that serves a target."""
        return [sys.executable, "-m", *(part.format(target=target) for part in self.command)]


def _uvicorn(http: str, loop: str) -> ServerKind:
    options = ("--port", "0", "--http", http, "--loop", loop)
    return ServerKind(f"uvicorn-{http}-{loop}", ("uvicorn", "{target}", *options))


KINDS: Final = (
    _uvicorn("h11", "asyncio"),
    _uvicorn("httptools", "asyncio"),
    _uvicorn("httptools", "uvloop"),
    ServerKind("asgi-stack-run", ("asgi_stack", "run", "{target}", "--port", "0")),
    ServerKind(
        "hypercorn",
        ("hypercorn", "{target}", "--bind", "127.0.0.1:0"),
        is_uvicorn=False,
        exit_codes=frozenset({0}),
        startup_failure_codes=frozenset({0, 1}),
    ),
)


def with_flags(kind: ServerKind, *flags: str, name: str = "") -> ServerKind:
    """Give a kind of server more flags, of which the last one counts, and perhaps another name."""
    return replace(kind, name=name or kind.name, command=(*kind.command, *flags))


class Server:
    """A server process and its output; `serving` and `launched` make one.

    Attributes:
        lines: The log lines on standard output, parsed.
        stray: What is no log line: other text on standard output, and all of standard error.
        output: All lines of both streams, as they came.
    """

    def __init__(self, kind: ServerKind, process: subprocess.Popen[bytes]) -> None:
        self.kind = kind
        self.port = 0
        self.lines: list[LogLine] = []
        self.output: list[str] = []
        self.stray: list[str] = []
        self._foreign_errors: list[LogLine] = []
        self._process = process
        self._changed = threading.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(process.stdout, self._note_line)),
            threading.Thread(target=self._read, args=(process.stderr, self._note_stray)),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def returncode(self) -> int | None:
        """The exit code, once the process has been waited for."""
        return self._process.returncode

    def terminate(self) -> None:
        """Send SIGTERM to the one process that the user started."""
        self._process.terminate()

    def wait(self) -> int:
        """Wait until the process is gone and all its output is read; its workers hold the other end of the pipes."""
        try:
            code = self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {STOP_TIMEOUT_S} s\n{self.transcript()}") from None
        for reader in self._readers:
            reader.join(STOP_TIMEOUT_S)
            assert not reader.is_alive(), f"a worker outlives the server\n{self.transcript()}"
        return code

    def stop(self) -> int:
        """End the server as an operator would, and give its exit code."""
        self.terminate()
        return self.wait()

    def kill(self) -> None:
        """End the process and its workers at once, if they are still there."""
        if self._process.poll() is None or any(reader.is_alive() for reader in self._readers):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join()

    def transcript(self) -> str:
        """Give all output, for a failing test."""
        return "\n".join(self.output)

    def wait_until(self, condition: Callable[[], object], timeout_s: float = LINE_TIMEOUT_S) -> None:
        """Wait until the output so far fulfils a condition, which is asked again after each line."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise AssertionError(f"not in the output within {timeout_s} s\n{self.transcript()}")

    def wait_until_serving(self) -> None:
        """Wait for the line that tells the port."""
        self.wait_until(lambda: self.port or not self._readers[0].is_alive(), START_TIMEOUT_S)
        assert self.port, f"the server ended\n{self.transcript()}"

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition on the output without blocking the event loop."""
        await asyncio.to_thread(self.wait_until, condition)

    async def until_logged(self, event: str, correlation_id: str, count: int = 1) -> None:
        """Wait until a request has logged an event so many times."""
        await self.until(lambda: len(self.find(event=event, correlation_id=correlation_id)) >= count)

    async def settle(self) -> None:
        """Make a request of our own and wait for its line: what the server had to write before is written then."""
        marker = f"settle-{len(self.lines)}"
        await one_request(self.port, "/", headers={"x-correlation-id": marker})
        await self.until_logged("request_completed", marker)

    def find(self, **fields: object) -> list[LogLine]:
        """Give the log lines that have all these values."""
        return [line for line in self.lines if all(line.get(key) == value for key, value in fields.items())]

    async def lines_of(self, correlation_id: str) -> list[LogLine]:
        """Give all lines of a request, once it is over."""
        await self.until_logged("request_completed", correlation_id)
        await self.settle()
        return self.find(correlation_id=correlation_id)

    async def request_line(self, correlation_id: str) -> LogLine:
        """Give the one request line of a request, once it is over."""
        lines = [line for line in await self.lines_of(correlation_id) if line["event"] == "request_completed"]
        assert len(lines) == 1, lines
        return lines[0]

    async def error_lines(self, correlation_id: str) -> list[LogLine]:
        """Give the error handler's lines of a request, once it is over."""
        return [line for line in await self.lines_of(correlation_id) if line["event"] in _ERROR_EVENTS]

    def foreign_noise(self) -> list[LogLine]:
        """Give what nobody but the stack and the app should have written: the server's own tracebacks, above all."""
        stray: list[LogLine] = [{"event": text} for text in self.stray]
        return self._foreign_errors + stray

    def take_noise(self) -> list[LogLine]:
        """Give the noise so far, and forget it."""
        noise = self.foreign_noise()
        self._foreign_errors, self.stray = [], []
        return noise

    def _read(self, stream: IO[bytes], note: Callable[[str], None]) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    note(line.decode().rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _note_line(self, text: str) -> None:
        self.output.append(text)
        try:
            line: LogLine = json.loads(text)
        except ValueError:
            self.stray.append(text)
            return
        self.lines.append(line)
        if line["level"] in _ERROR_LEVELS and not str(line["logger"]).startswith(_OWN_LOGGERS):
            self._foreign_errors.append(line)
        self._note_port(str(line["event"]))

    def _note_stray(self, text: str) -> None:
        self.output.append(text)
        self.stray.append(text)
        self._note_port(text)

    def _note_port(self, text: str) -> None:
        found = _RUNNING.search(text)
        if found:
            self.port = int(found[1])


@contextmanager
def launched(kind: ServerKind, target: str, **environment: str) -> Iterator[Server]:
    """Start a server without waiting for it; nothing of it is left at the end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASGI_STACK_")}
    # The child finds modules where the tests find them, and not in its working folder, which is an empty one.
    search = {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path), "PYTHONSAFEPATH": "1"}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            kind.arguments(target),
            cwd=folder,
            env={**inherited, **search, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        server = Server(kind, process)
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def serving(kind: ServerKind, target: str, **environment: str) -> Iterator[Server]:
    """Start a server, wait until it accepts connections, and stop it by SIGTERM at the end."""
    with launched(kind, target, **environment) as server:
        server.wait_until_serving()
        yield server
        if server.returncode is None:
            code = server.stop()
            assert code in kind.exit_codes, f"exit code {code}\n{server.transcript()}"
