"""TLS in front of a PostgreSQL that has none: it answers the client's request for TLS and hands on what comes then."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

__all__ = ["tls_in_front_of"]

_REQUEST_BYTES = 8
"""PostgreSQL's SSLRequest: a length and a code (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""


@asynccontextmanager
async def tls_in_front_of(port: int, context: ssl.SSLContext) -> AsyncGenerator[int]:
    """Listen on a port of our own, and speak TLS there in place of the server on `port`."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(_REQUEST_BYTES)
        writer.write(b"S")
        await writer.drain()
        with suppress(OSError, asyncio.IncompleteReadError):
            await writer.start_tls(context)
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(copy(reader, back_writer), copy(back_reader, writer))

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
        target.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
