"""One stack behind uvicorn, in a process of its own: `python -m benchmarks.serve STACK`.

Standard output is where the stack's lines go. Standard input is the line to whoever started the process, a socket or a
terminal: the port is written to it once the server serves, and when its other end is closed, the server ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import uvicorn

from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from benchmarks.apps import SCENARIOS, receive
from benchmarks.load import HOST
from benchmarks.stacks import STACKS

__all__ = ["ACCESS_LOG", "FLOOR", "build", "main"]

FLOOR: Final = "bare_with_headers"
"""The stack that has no layer, and yet sends each header that ours sends: what no stack can be cheaper than."""

ACCESS_LOG: Final = "access_log"
"""The stack that is the bare app, with uvicorn's own access log."""

_PARENT: Final = 0
_GRACE_S: Final = 5.0
_SCENARIO: Final = SCENARIOS["success"]


class _Server(uvicorn.Server):
    """A server that tells its port once it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listening in sockets or ():
            os.write(_PARENT, b"%d\n" % listening.getsockname()[1])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a stack until standard input ends."""
    options = _parser().parse_args(arguments)
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    config = _config(options.stack)
    config.load()
    server = _Server(config)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    with socket.create_server((HOST, options.port), backlog=128) as listening:
        server.run([listening])


def build(name: str) -> ASGIApp:
    """Put a stack around the app that answers with JSON, or build the floor."""
    return _floor() if name == FLOOR else STACKS[name].build(_SCENARIO)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("stack", choices=[*STACKS, FLOOR])
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes any free one")
    parser.add_argument("--core", type=int, help="the one processor to run on")
    return parser


def _config(name: str) -> uvicorn.Config:
    # A factory: uvicorn sets up its logging first, and the stack its own then, as with an app that it imports.
    return uvicorn.Config(
        lambda: build(name), factory=True, http="httptools", loop="uvloop", ws="none", access_log=name == ACCESS_LOG
    )


def _end_with_parent(server: uvicorn.Server) -> None:
    """Wait for the end of standard input, and end the server; at once, if it does not end in time."""
    with suppress(OSError):
        while os.read(_PARENT, 1024):
            pass
    server.should_exit = True
    time.sleep(_GRACE_S)
    sys.stderr.write(f"the server does not end within {_GRACE_S} s\n")
    sys.stderr.flush()
    os._exit(1)


def _floor() -> ASGIApp:
    """Let our layers answer one request, and build an app that only repeats these messages."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    async def answer_once() -> None:
        await STACKS["ours_without_log"].build(_SCENARIO)(_SCENARIO.make_scope(), receive, keep)

    asyncio.run(answer_once())
    headers, body = messages[0]["headers"], messages[1]["body"]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [*headers]})
            await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    main()
