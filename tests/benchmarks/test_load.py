"""The load generator, before a server of the tests' own that answers whatever a test wants."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks import load
from benchmarks.apps import SCENARIOS
from benchmarks.load import Connections, LoadError, percentile, render_request, response_length

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")

REQUEST = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-id: 1\r\n\r\nhello"


class Origin:
    """A server that answers the request of each number with the bytes of its function, in the parts that it gives."""

    def __init__(self, answer: Callable[[int], list[bytes]]) -> None:
        self.served = 0
        self._answer = answer
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """End all connections and threads."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._threads[0].join()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def wait_until_left(self) -> None:
        """Wait until the clients have closed all connections."""
        for thread in self._threads[1:]:
            thread.join(10)
            assert not thread.is_alive()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(65_536):
                with self._lock:
                    self.served += 1
                    parts = self._answer(self.served)
                for part in parts:
                    connection.sendall(part)
                if not parts:
                    return


@contextmanager
def origin(answer: Callable[[int], list[bytes]]) -> Iterator[Origin]:
    """Run a server; a function that gives no parts cuts the connection."""
    server = Origin(answer)
    try:
        yield server
    finally:
        server.close()


class TestRun:
    """`Connections.run`."""

    def test_counts_each_request_once(self) -> None:
        """As many latencies come back as the server served requests, all of them positive."""
        with origin(lambda _: [RESPONSE]) as server, Connections(server.port, REQUEST, len(RESPONSE), 4) as connections:
            done = connections.run(0.05)

            assert done.requests == len(done.latencies_us) == server.served > 4
        assert min(done.latencies_us) > 0
        assert done.elapsed_s >= 0.05
        assert done.client_cpu_ns > 0

    def test_makes_one_request_on_each_connection_in_no_time(self) -> None:
        """A run of 0 s is a request for each connection, and the connections can be used again."""
        with origin(lambda _: [RESPONSE]) as server, Connections(server.port, REQUEST, len(RESPONSE), 3) as connections:
            assert [connections.run(0).requests for _ in range(2)] == [3, 3]

    def test_joins_a_response_that_comes_in_parts(self) -> None:
        """A response may be split anywhere, and counts once."""
        parts = [RESPONSE[:3], RESPONSE[3:40], RESPONSE[40:]]
        with origin(lambda _: parts) as server, Connections(server.port, REQUEST, len(RESPONSE), 2) as connections:
            assert connections.run(0.02).requests == server.served

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param([RESPONSE.replace(b"200 OK", b"500 No")], id="another-status"),
            pytest.param([b"HTTP/1.1 503 "], id="start-of-another-status"),
            pytest.param([RESPONSE + b"!"], id="longer"),
            pytest.param([RESPONSE + RESPONSE], id="more-than-one"),
            pytest.param([RESPONSE[:-1]], id="shorter"),
            pytest.param([RESPONSE[:9], RESPONSE[10:]], id="a-byte-missing-in-between"),
            pytest.param([], id="connection-closed"),
        ],
    )
    def test_raises_on_any_other_response(self, wrong: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
        """One wrong response among good ones ends the run with an error."""
        monkeypatch.setattr(load, "_PATIENCE_S", 0.5)
        with (
            origin(lambda number: wrong if number == 3 else [RESPONSE]) as server,
            Connections(server.port, REQUEST, len(RESPONSE), 3) as connections,
            pytest.raises(LoadError),
        ):
            connections.run(0)

    def test_raises_where_nothing_comes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A server that keeps silent is told from one that is slow by the time it takes."""
        monkeypatch.setattr(load, "_PATIENCE_S", 0.1)
        with (
            origin(lambda _: [b""]) as server,
            Connections(server.port, REQUEST, len(RESPONSE), 3) as connections,
            pytest.raises(LoadError, match=r"no response within 0\.1 s on 3 connections"),
        ):
            connections.run(0)

    def test_closes_its_connections(self) -> None:
        """After the block the server sees the end of every connection."""
        with origin(lambda _: [RESPONSE]) as server:
            with Connections(server.port, REQUEST, len(RESPONSE), 2) as connections:
                connections.run(0)

            server.wait_until_left()

    def test_needs_a_server(self) -> None:
        """Where nobody listens there is nothing to run, and nothing is left open."""
        with origin(lambda _: []) as server:
            pass

        with pytest.raises(ConnectionRefusedError), Connections(server.port, REQUEST, len(RESPONSE)):
            pass


class TestResponseLength:
    """`response_length`."""

    @pytest.mark.parametrize(
        "parts", [[RESPONSE], [RESPONSE[:10], RESPONSE[10:47], RESPONSE[47:]]], ids=["one", "three"]
    )
    def test_counts_headers_and_body(self, parts: list[bytes]) -> None:
        """The length is that of all bytes, in whatever parts they come."""
        with origin(lambda _: parts) as server:
            assert response_length(server.port, REQUEST) == len(RESPONSE)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            pytest.param([RESPONSE.replace(b"200 OK", b"404 No")], "not 200", id="another-status"),
            pytest.param([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"], "not 200", id="no-length"),
            pytest.param([RESPONSE + b"!"], "more than one", id="longer"),
            pytest.param([], "cut off", id="connection-closed"),
        ],
    )
    def test_raises_on_what_has_no_known_length(self, wrong: list[bytes], message: str) -> None:
        """A response that later ones cannot be compared with is an error."""
        with origin(lambda _: wrong) as server, pytest.raises(LoadError, match=message):
            response_length(server.port, REQUEST)


def test_renders_the_request_of_a_scope() -> None:
    """The request line and each header are what a server makes such a scope of."""
    request = render_request(SCENARIOS["query"].make_scope())

    head, *lines = request.split(b"\r\n")
    assert head == b"GET /orders/7?page=2&sort=name&limit=50 HTTP/1.1"
    assert lines[0] == b"host: shop.example"
    assert lines[-2:] == [b"", b""]
    assert len(lines) == 12


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        pytest.param(0, 1, id="smallest"),
        pytest.param(50, 50, id="median"),
        pytest.param(99, 99, id="99th"),
        pytest.param(100, 100, id="largest"),
    ],
)
def test_finds_percentiles(percent: float, expected: float) -> None:
    """A percentile is one of the values, found in whatever order they are in."""
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_finds_the_percentile_of_one_value() -> None:
    """One value is every percentile."""
    assert percentile([7.0], 99) == 7.0
