"""A load generator that costs less than any server it loads: raw sockets, one outstanding request on each.

It is a closed loop, as `wrk` is: each connection sends its next request once the response to the last one is there.
Whatever is no complete response of status 200 and of the one known length is an error, and ends the run.
"""

from __future__ import annotations

import math
import re
import select
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from time import perf_counter, thread_time_ns
from types import TracebackType
from typing import Final, Self

from asgi_stack.types import Scope

__all__ = ["Connections", "Load", "LoadError", "percentile", "render_request", "response_length"]

HOST: Final = "127.0.0.1"

_OK: Final = b"HTTP/1.1 200 "
_CONTENT_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END_OF_HEADERS: Final = b"\r\n\r\n"
_PATIENCE_S: Final = 10.0
_READ_BYTES: Final = 65_536
_SHOWN_BYTES: Final = 500


class LoadError(RuntimeError):
    """The server gave another response than the expected one, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a run of the load came to.

    Attributes:
        latencies_us: Microseconds from sending a request to having its whole response, one number for each request.
        elapsed_s: From the first request to the last response.
        client_cpu_ns: Processor time that the load generator itself took.
    """

    latencies_us: Sequence[float]
    elapsed_s: float
    client_cpu_ns: int

    @property
    def requests(self) -> int:
        """Requests that were made, all of them answered."""
        return len(self.latencies_us)


class Connections:
    """Keep-alive connections to one server on the loopback interface, closed where the block ends.

    Args:
        port: Of the server.
        request: The bytes of one request without a body.
        length: Bytes of its response, headers included: see `response_length`.
        count: Connections, and so requests at the same time.
    """

    def __init__(self, port: int, request: bytes, length: int, count: int = 16) -> None:
        self._port = port
        self._request = request
        self._length = length
        self._count = count
        self._closing = ExitStack()
        self._by_descriptor: dict[int, _Connection] = {}

    def __enter__(self) -> Self:
        with ExitStack() as closing:
            self._poll = closing.enter_context(select.epoll())
            for _ in range(self._count):
                connection = closing.enter_context(_connect(self._port))
                connection.settimeout(0)
                self._poll.register(connection.fileno(), select.EPOLLIN)
                self._by_descriptor[connection.fileno()] = _Connection(connection, self._request, self._length)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closing.close()

    def run(self, seconds: float) -> Load:
        """Send requests for so long, and take all their responses; 0 makes one request on each connection.

        Raises:
            LoadError: A response is not the expected one, or does not come within 10 s.
            OSError: A connection was reset.
        """
        latencies: list[float] = []
        by_descriptor, poll = self._by_descriptor, self._poll.poll
        cpu_ns, started_at = thread_time_ns(), perf_counter()
        for connection in by_descriptor.values():
            connection.ask(perf_counter())
        deadline = started_at + seconds
        waiting = len(by_descriptor)
        while waiting:
            ready = poll(_PATIENCE_S)
            if not ready:
                raise LoadError(f"no response within {_PATIENCE_S} s on {waiting} connections")
            for descriptor, _ in ready:
                connection = by_descriptor[descriptor]
                if connection.has_response():
                    now = perf_counter()
                    latencies.append((now - connection.asked_at) * 1e6)
                    if now < deadline:
                        connection.ask(now)
                    else:
                        waiting -= 1
        elapsed_s = perf_counter() - started_at
        return Load(latencies_us=latencies, elapsed_s=elapsed_s, client_cpu_ns=thread_time_ns() - cpu_ns)


class _Connection:
    """One connection with at most one outstanding request."""

    __slots__ = ("_length", "_receive", "_request", "_send", "_so_far", "asked_at")

    def __init__(self, connection: socket.socket, request: bytes, length: int) -> None:
        self._receive = connection.recv
        self._send = connection.send
        self._request = request
        self._length = length
        self._so_far = b""
        self.asked_at = 0.0

    def ask(self, now: float) -> None:
        """Send the request; `now` is the time that its latency counts from."""
        self.asked_at = now
        if self._send(self._request) != len(self._request):
            raise LoadError("the server does not read: the request did not fit")

    def has_response(self) -> bool:
        """Read what is there, and tell whether the response is complete."""
        data = self._receive(_READ_BYTES)
        response = self._so_far + data if self._so_far else data
        missing = self._length - len(response)
        if not data or missing < 0 or not response.startswith(_OK[: len(response)]):
            raise LoadError(f"not the expected response of {self._length} bytes: {response[:_SHOWN_BYTES]!r}")
        self._so_far = response if missing else b""
        return not missing


def render_request(scope: Scope) -> bytes:
    """Give the bytes of the request that an ASGI server would make such a scope of; it has no body."""
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    lines = [scope["method"].encode() + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in scope["headers"]]
    return b"\r\n".join(lines) + _END_OF_HEADERS


def response_length(port: int, request: bytes) -> int:
    """Make one request on a connection of its own, and count the bytes of its response, headers included.

    Raises:
        LoadError: The status is not 200, the length is not declared, or not what comes.
    """
    with _connect(port) as connection:
        connection.sendall(request)
        response = b""
        while _is_incomplete(response):
            data = connection.recv(_READ_BYTES)
            if not data:
                raise LoadError(f"cut off: {response[:_SHOWN_BYTES]!r}")
            response += data
    if len(response) != _declared_length(response):
        raise LoadError(f"more than one response: {response[:_SHOWN_BYTES]!r}")
    return len(response)


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the smallest of the values that so many percent of them do not exceed; at least one value."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), timeout=_PATIENCE_S)
    # Requests are complete when they are sent: nothing is gained by waiting for more.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _is_incomplete(response: bytes) -> bool:
    return _END_OF_HEADERS not in response or len(response) < _declared_length(response)


def _declared_length(response: bytes) -> int:
    head, end, _ = response.partition(_END_OF_HEADERS)
    declared = _CONTENT_LENGTH.search(head + b"\r\n")
    if not head.startswith(_OK) or declared is None:
        raise LoadError(f"not 200 with a content-length: {response[:_SHOWN_BYTES]!r}")
    return len(head) + len(end) + int(declared[1])
