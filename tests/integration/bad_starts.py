"""An app whose responses break the rules, each under its own path, wrapped as users wrap theirs."""

from __future__ import annotations

from typing import Final

from asgi_stack import wrap
from asgi_stack.types import Message, Receive, Scope, Send

SECRET: Final = b"CANARY-14142"

REFUSED: Final[dict[str, dict[str, object]]] = {
    "/line-break": {"headers": [(b"x-name", SECRET + b"\r\nx-forged: 1")]},
    "/vertical-tab": {"headers": [(b"x-name", SECRET + b"\x0b")]},
    "/control": {"headers": [(b"x-name", SECRET + b"\x01")]},
    "/list": {"headers": [(b"x-name", [SECRET])]},
    "/name": {"headers": [(b"x name", SECRET)]},
    "/length": {"headers": [(b"content-length", b"abc")]},
    "/lengths": {"headers": [(b"content-length", b"4"), (b"content-length", b"5")]},
    "/interim": {"status": 101},
    "/status": {"status": 999},
}
"""What servers answer with nothing at all, or in half."""

BLANKS: Final = "/blanks"
CHUNKED: Final = "/chunked-204"


async def respond(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the path says, any other path with 200."""
    starts: dict[str, dict[str, object]] = {
        **REFUSED,
        BLANKS: {"headers": [(b"x-name", b" a b\t")]},
        CHUNKED: {"status": 204, "headers": [(b"transfer-encoding", b"chunked")]},
    }
    start: Message = {"type": "http.response.start", "status": 200, "headers": [], **starts.get(scope["path"], {})}
    await send(start)
    await send({"type": "http.response.body", "body": b"body"})


app = wrap(respond)
