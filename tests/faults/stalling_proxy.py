"""A wire to PostgreSQL that can go dead: connections stay open, and nothing comes through any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

__all__ = ["Wire", "wire_to"]


class Wire:
    """Connections to one port, in both directions.

    Attributes:
        port: Where to connect to.
    """

    def __init__(self, target: int) -> None:
        self.port = 0
        self._target = target
        self._flows = asyncio.Event()
        self._flows.set()
        self._tasks: set[asyncio.Task[None]] = set()

    def die(self) -> None:
        """Let nothing through."""
        self._flows.clear()

    def come_back(self) -> None:
        """Let everything through again."""
        self._flows.set()

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection."""
        self._tasks.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def cut(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await self._flows.wait()
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                await asyncio.gather(self._copy(reader, back_writer), self._copy(back_reader, writer))
            finally:
                back_writer.close()
                writer.close()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            await self._flows.wait()
            target.write(chunk)
            await target.drain()
        target.close()


@asynccontextmanager
async def wire_to(port: int) -> AsyncGenerator[Wire]:
    """Listen on a port of our own, and hand on to another."""
    wire = Wire(port)
    server = await asyncio.start_server(wire.connect, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        await wire.cut()
