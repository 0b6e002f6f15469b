"""A client that is close to the wire: HTTP/1.1 on a raw socket, in any order and as half-done as a test wants it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import h11

HOST: Final = "127.0.0.1"
READ_TIMEOUT_S: Final = 15.0
READ_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Response:
    """A response as it came.

    Attributes:
        headers: Name and value as sent; names are lower-case.
        raw: All its bytes, framing included.
        is_complete: Whether it came to its end; False when the connection was cut before.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    raw: bytes
    is_complete: bool

    def values(self, name: str) -> list[str]:
        """Give every value of a header."""
        return [value.decode("latin-1") for key, value in self.headers if key == name.lower().encode()]

    def value(self, name: str) -> str:
        """Give the value of a header that must be there exactly once."""
        (value,) = self.values(name)
        return value

    def json(self) -> dict[str, Any]:
        """Parse the body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class Connection:
    """One TCP connection to a server; `connect` opens it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._surplus = b""

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def request(
        self, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Response:
        """Send a GET, or with a body a POST, and read its whole response."""
        await self.send(render_request(path, headers=headers, body=body))
        return await self.response()

    async def response(self, method: str = "GET") -> Response:
        """Read the next response, whole or as far as it comes; one to HEAD has no body, whatever its headers say."""
        return await self.incoming(method).rest()

    def incoming(self, method: str = "GET") -> Incoming:
        """Give the next response to read it bit by bit; it must be read to its end before another one."""
        return Incoming(self, method)

    async def receive(self) -> bytes:
        """Give the next bytes, those left by the response before first; empty when the connection is closed."""
        if self._surplus:
            data, self._surplus = self._surplus, b""
            return data
        async with asyncio.timeout(READ_TIMEOUT_S):
            try:
                return await self._reader.read(READ_BYTES)
            except ConnectionError:
                return b""

    def give_back(self, data: bytes) -> None:
        """Keep bytes that belong to the next response."""
        self._surplus = data

    async def is_closed_by_server(self) -> bool:
        """Wait until the server closes the connection; False when it sends something instead."""
        return not await self.receive()

    def reset(self) -> None:
        """Leave without a goodbye: the server gets a RST, as from a client that crashed."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection, if it still is open."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class Incoming:
    """A response on its way in."""

    def __init__(self, connection: Connection, method: str) -> None:
        self._connection = connection
        self._raw = bytearray()
        self._body = bytearray()
        self._head: h11.Response | None = None
        self._ended = False
        self._parser = h11.Connection(h11.CLIENT)
        # The request's method tells the parser whether a body may follow.
        self._parser.send(h11.Request(method=method, target="/", headers=[("host", HOST)]))
        self._parser.send(h11.EndOfMessage())

    async def head(self) -> h11.Response:
        """Wait for status and headers."""
        while self._head is None:
            assert await self._step() is None, "a body before the head"
        return self._head

    async def chunk(self) -> bytes:
        """Wait for the next part of the body; empty at its end.

        Raises:
            ConnectionError: The connection was cut.
        """
        while not self._ended:
            data = await self._step()
            if data:
                return data
        return b""

    async def rest(self) -> Response:
        """Read to the end, or to where the connection is cut.

        Raises:
            ConnectionError: The connection ended before the response began.
        """
        is_complete = True
        try:
            while not self._ended:
                await self._step()
        except ConnectionResetError:
            is_complete = False
        if self._head is None:
            raise ConnectionResetError(f"no response but {bytes(self._raw)!r}")
        status, headers = self._head.status_code, tuple(self._head.headers)
        return Response(status, headers, bytes(self._body), bytes(self._raw), is_complete)

    async def _step(self) -> bytes | None:
        try:
            event = self._parser.next_event()
        except h11.RemoteProtocolError as error:
            raise ConnectionResetError(f"cut after {bytes(self._raw[-80:])!r}") from error
        if event is h11.NEED_DATA:
            data = await self._connection.receive()
            self._raw += data
            self._parser.receive_data(data)
        elif isinstance(event, h11.Response):
            self._head = event
        elif isinstance(event, h11.Data):
            self._body += event.data
            return bytes(event.data)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            self._finish()
        return None

    def _finish(self) -> None:
        self._ended = True
        surplus, _closed = self._parser.trailing_data
        if surplus:
            self._connection.give_back(surplus)
            del self._raw[-len(surplus) :]


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Connection]:
    """Open a connection and close it at the end."""
    async with asyncio.timeout(READ_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(HOST, port)
    connection = Connection(reader, writer)
    try:
        yield connection
    finally:
        await connection.close()


async def one_request(
    port: int, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Response:
    """Make one request on a connection of its own."""
    async with connect(port) as connection:
        return await connection.request(path, headers=headers, body=body)


def render_request(
    path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, method: str | None = None
) -> bytes:
    """Write a request: with a body a POST and without one a GET, unless told otherwise."""
    sized = {} if body is None else {"content-length": str(len(body))}
    lines = [f"{method or ('GET' if body is None else 'POST')} {path} HTTP/1.1", f"host: {HOST}"]
    lines += [f"{name}: {value}" for name, value in {**sized, **(headers or {})}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
