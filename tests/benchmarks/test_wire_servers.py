"""The server processes: what they write, that they end whatever happens, and what is told when they fail."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out
import uvicorn  # noqa: F401 - as Secweb

from benchmarks.apps import SCENARIOS
from benchmarks.load import Connections, render_request, response_length
from benchmarks.wire_servers import Server, ServerError, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it needs epoll and /proc")

REQUEST = render_request(SCENARIOS["success"].make_scope())


def test_writes_one_request_line_for_each_request() -> None:
    """The lines of `ours` are exactly one `request_completed` a request, each with an id of its own."""
    with serving(["ours"]) as servers:
        server = servers["ours"]
        length = response_length(server.port, REQUEST)
        server.rest()
        server.take_lines()
        with Connections(server.port, REQUEST, length, 4) as connections:
            done = connections.run(0.1)
        server.rest()
        lines = [json.loads(line) for line in server.take_lines()]

    assert len(lines) == done.requests
    assert {line["event"] for line in lines} == {"request_completed"}
    assert len({line["request_id"] for line in lines}) == done.requests


def test_writes_the_access_log_of_the_server() -> None:
    """The stack `access_log` has the server's own line for each request, on standard output."""
    with serving(["access_log"]) as servers:
        server = servers["access_log"]
        response_length(server.port, REQUEST)
        server.rest()
        (line,) = server.take_lines()

    assert b'"GET /orders/7 HTTP/1.1" 200' in line


def test_counts_processor_time() -> None:
    """The time of a server that works grows, and that of one at rest stays."""
    with serving(["bare"]) as servers:
        server = servers["bare"]
        length = response_length(server.port, REQUEST)
        before = server.rest().cpu_ns
        with Connections(server.port, REQUEST, length, 4) as connections:
            done = connections.run(0.1)
        taken = server.rest().cpu_ns - before

    assert taken > done.requests * 1_000


def test_stops_the_servers_where_the_block_fails() -> None:
    """Whatever is raised in the block goes on, and no server is left."""
    found: list[Server] = []

    def fail_meanwhile() -> None:
        with serving(["bare"]) as servers:
            found.append(servers["bare"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()
    assert not _serves(found[0].port)
    with pytest.raises(ProcessLookupError):
        os.kill(found[0].pid, 0)


def test_ends_with_its_parent() -> None:
    """A server whose parent is killed, and cannot clean up, ends by itself."""
    code = """
import sys, time
from benchmarks.wire_servers import serving
with serving(["bare"]) as servers:
    print(servers["bare"].port, flush=True)
    time.sleep(60)
"""
    search = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env={**os.environ, **search}) as parent:
        assert parent.stdout is not None
        try:
            port = int(parent.stdout.readline())
            assert _serves(port)
        finally:
            parent.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 20
    while _serves(port):
        assert time.monotonic() < deadline, "the server outlives its parent"
        time.sleep(0.05)


def test_tells_why_a_server_does_not_start() -> None:
    """The message has what the server wrote on standard error."""
    with (
        pytest.raises(ServerError, match=r"(?s)server of nonsense ended at its start.*invalid choice"),
        serving(["nonsense"]),
    ):
        pass


def test_tells_that_a_server_is_gone() -> None:
    """A server that ends by itself is an error at the next look, and at the end."""

    def kill_meanwhile() -> None:
        with serving(["bare"]) as servers:
            os.kill(servers["bare"].pid, signal.SIGKILL)
            with pytest.raises(ServerError, match="server of bare is gone"):
                _look_for_ten_seconds(servers["bare"])

    with pytest.raises(ServerError, match="server of bare ended with exit code -9"):
        kill_meanwhile()


def _look_for_ten_seconds(server: Server) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        server.rest()


def _serves(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True
