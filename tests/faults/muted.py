"""Servers whose standard output is of no use: full, broken, or read by nobody.

Such a server cannot tell its port, so it inherits a listening socket, whose port is known before it starts.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.integration.servers import STOP_TIMEOUT_S, ServerKind
from tests.integration.wire import HOST

__all__ = ["MutedServer", "serving_into"]


@dataclass
class MutedServer:
    """A server process that writes its log into a descriptor of the test's."""

    port: int
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]

    def stop(self) -> None:
        """End it as an operator would, and wait until it is gone."""
        self.process.terminate()
        self.process.wait(STOP_TIMEOUT_S)

    def complaints(self) -> list[str]:
        """Give what it wrote to standard error so far."""
        return Path(self.stderr.name).read_text().splitlines()


@contextmanager
def serving_into(kind: ServerKind, target: str, stdout: int) -> Iterator[MutedServer]:
    """Start a server with a standard output; requests wait until it serves, and nothing of it is left at the end."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASGI_STACK_")}
    search = {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path), "PYTHONSAFEPATH": "1"}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stderr = stack.enter_context(tempfile.NamedTemporaryFile())
        listener = stack.enter_context(socket.create_server((HOST, 0)))
        process = subprocess.Popen(
            _arguments(kind, target, listener.fileno()),
            cwd=folder,
            env={**inherited, **search},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
        stack.callback(_kill, process)
        port = listener.getsockname()[1]
        # A server that ends closes the last copy: requests fail then, and need not wait.
        listener.close()
        yield MutedServer(port, process, stderr)


def _arguments(kind: ServerKind, target: str, descriptor: int) -> list[str]:
    """Give the kind's command line with the inherited socket in place of a free port."""
    places = {"--port": "--fd", "0": str(descriptor), "127.0.0.1:0": f"fd://{descriptor}"}
    return [places.get(part, part) for part in kind.arguments(target)]


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
