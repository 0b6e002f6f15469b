"""Handlers that fail while they hold secrets: in headers, in bodies, in local variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.faults.app_responses import canary_of
from tests.integration.apps import read_body, respond

DEPTH: Final = 5


async def with_headers(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail in a frame that holds the scope and its headers."""
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    raise RuntimeError(f"cannot serve a request with {len(headers)} headers")


async def with_body(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail in a frame that holds the whole body, parsed where it is JSON."""
    body = await read_body(receive) or b""
    payload = json.loads(body) if body.startswith(b"{") else body
    raise RuntimeError(f"cannot use a {type(payload).__name__} of {len(body)} bytes")


async def with_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a body without keeping it, and fail at its end."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    raise RuntimeError(f"cannot use {size} bytes")


async def with_locals(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail some frames deep, each with secrets among its local variables."""
    descend(canary_of(scope), DEPTH)


def descend(secret: str, left: int) -> None:
    """Hold the secret in every form that a frame may have."""
    dsn = f"postgresql://u:{secret}@h/db"
    settings = {"password": secret, "nested": {"deep": [("token", secret)]}}
    pairs = [("secret", secret), ("dsn", dsn)]
    if not left:
        raise LookupError(f"nothing among {len(settings)} settings and {len(pairs)} pairs")
    descend(secret, left - 1)


async def memory(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell the most memory that this process held since it was last asked, and what it holds now, in KiB."""
    peak = peak_kib()
    # Linux takes this for the wish to measure anew (proc_pid_clear_refs(5)).
    Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - no disk is behind it
    await respond(send, json.dumps({"peak": peak, "now": peak_kib()}).encode())


def peak_kib() -> int:
    """Read the high-water mark of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


HTTP: Final[Mapping[str, ASGIApp]] = {
    "/leak/headers": with_headers,
    "/leak/body": with_body,
    "/leak/stream": with_stream,
    "/leak/locals": with_locals,
    "/memory": memory,
}
