"""In what a stack still differs from ours: found by running both, not from their documentation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from benchmarks.apps import SCENARIOS, Scenario, receive
from benchmarks.stacks import STACKS, Stack, lines_to

if TYPE_CHECKING:
    from asgi_stack.types import Message

__all__ = ["Line", "Seen", "differences", "observe"]

Line: TypeAlias = dict[str, Any]
"""A line of the log, parsed."""

_SECRET: Final = b"token=s3cret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one request came to.

    Attributes:
        status: What the client got, or None where nothing came.
        headers: Names of the response's headers, in lower case.
        body: The whole body.
        lines: The log's lines.
        raised: The class of the exception that went on to the server, or None.
    """

    status: int | None
    headers: frozenset[str]
    body: bytes
    lines: tuple[Line, ...]
    raised: str | None

    def line(self, event: str) -> Line:
        """Give the line of an event; an empty one where there is none."""
        return next((line for line in self.lines if line["event"] == event), {})


async def observe(stack: Stack, scenario: Scenario, *, query: bytes | None = None) -> Seen:
    """Send one request through a stack, and look at all that comes of it.

    Args:
        stack: What to build.
        scenario: What to put inside, and what to ask.
        query: A query in place of the scenario's.
    """
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = scenario.make_scope()
    if query is not None:
        scope["query_string"] = query
    raised = None
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with lines_to(log):
            try:
                await stack.build(scenario)(scope, receive, send)
            except Exception as error:  # noqa: BLE001 - a server takes whatever comes
                raised = type(error).__qualname__
        lines = tuple(orjson.loads(line) for line in _read(log).splitlines())
    start: Message = sent[0] if sent else {"status": None, "headers": ()}
    names = frozenset(name.decode().lower() for name, _ in start["headers"])
    body = b"".join(part.get("body", b"") for part in sent[1:])
    return Seen(status=start["status"], headers=names, body=body, lines=lines, raised=raised)


def _read(log: Path) -> bytes:
    return log.read_bytes()


async def differences(stack: Stack, ours: Stack = STACKS["ours"]) -> tuple[str, ...]:
    """Say in what a peers' stack differs from ours in its responses and lines; nothing of a stack that is no peers'."""
    if stack.kind != "peers":
        return ()
    answer, error = SCENARIOS["success"], SCENARIOS["error"]
    own, other = await observe(ours, answer), await observe(stack, answer)
    own_error, other_error = await observe(ours, error), await observe(stack, error)
    secret = await observe(stack, answer, query=_SECRET)
    found = [
        _contrast("response headers", own.headers, other.headers),
        _contrast("request line", own.line("request_completed"), other.line("request_completed")),
        _contrast("error line", own_error.line("request_failed"), other_error.line("request_failed")),
        _contrast("error body", orjson.loads(own_error.body), orjson.loads(other_error.body)),
    ]
    if other_error.raised != own_error.raised:
        found.append(f"errors: {other_error.raised} goes on to the server, which logs it once more at its own cost")
    if "s3cret" in str(secret.lines):
        found.append("secrets in a query are logged")
    return tuple(each for each in found if each)


def _contrast(what: str, own: Iterable[str], other: Iterable[str]) -> str:
    """Say which names the other one lacks and which it has on top; nothing where both have the same."""
    lacks, has = sorted(set(own) - set(other)), sorted(set(other) - set(own))
    parts = [f"without {', '.join(lacks)}"] * bool(lacks) + [f"also {', '.join(has)}"] * bool(has)
    return f"{what}: {'; '.join(parts)}" if parts else ""
