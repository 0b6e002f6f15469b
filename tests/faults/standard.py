"""What "std" stands for in the fault table, how a fault is asked for, and how every sink is searched for a secret."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from asgi_stack.presets import default_pipeline
from asgi_stack.settings import Settings
from asgi_stack.types import AnyASGIApp, ASGIApp
from tests.canaries import canary
from tests.faults.app_responses import SECRET_HEADER
from tests.integration.contract import SECURITY_HEADERS
from tests.integration.servers import LogLine, Server
from tests.integration.wire import Response, connect

__all__ = [
    "Asked",
    "ask",
    "assert_every_header",
    "assert_hidden",
    "assert_std",
    "fresh_id",
    "reports_of",
    "secret",
    "stacked",
]


class Answer(Protocol):
    """A response over a socket, or the messages of one in process."""

    @property
    def status(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    def values(self, name: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is over: its response, its one request line, the error handler's lines, and the reports."""

    response: Response
    line: LogLine
    errors: list[LogLine]
    reports: list[dict[str, Any]]


def secret() -> str:
    """Make a secret that stands nowhere else, and is easily found."""
    return f"CANARY-{canary()}"


def fresh_id(row: int) -> str:
    """Make an id that tells the row in the log."""
    return f"row-{row:02}-{secrets.token_hex(4)}"


async def ask(
    server: Server,
    path: str,
    correlation_id: str,
    *,
    canary: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Asked:
    """Make one request, and wait until the server has written all there is to write about it."""
    sent = {"x-correlation-id": correlation_id, **({SECRET_HEADER: canary} if canary else {}), **(headers or {})}
    async with connect(server.port) as connection:
        response = await connection.request(path, headers=sent, body=body)
    line = await server.request_line(correlation_id)
    return Asked(response, line, await server.error_lines(correlation_id), reports_of(server, correlation_id))


def reports_of(server: Server, correlation_id: str) -> list[dict[str, Any]]:
    """Give what the reporter of the fault app was told of a request that is over."""
    reports: list[Any] = [line["report"] for line in server.find(event="reported")]
    return [report for report in reports if report["correlation_id"] == correlation_id]


def assert_std(
    answer: Answer, correlation_id: str, *, status: int = 500, error_code: str = "INTERNAL_ERROR"
) -> dict[str, Any]:
    """See that a response is the stack's own error, in its headers as in its body, and give the body."""
    body: dict[str, Any] = json.loads(answer.body)
    assert (answer.status, body["error_code"]) == (status, error_code)
    assert (body["correlation_id"], answer.values("x-correlation-id")) == (correlation_id, [correlation_id])
    assert [body["request_id"]] == answer.values("x-request-id")
    assert answer.values("content-type") == ["application/json"]
    assert answer.values("content-length") == [str(len(answer.body))]
    assert answer.values("cache-control") == ["no-store"]
    assert "debug_info" not in body
    assert_every_header(answer)
    return body


def assert_every_header(answer: Answer, names: Iterable[str] = SECURITY_HEADERS) -> None:
    """See that all security headers are there, each once."""
    assert {name: answer.values(name) for name in names} == {name: [SECURITY_HEADERS[name]] for name in names}


def assert_hidden(server: Server, response: Response, *canaries: str) -> None:
    """See that no secret stands in any sink: the response's bytes, standard output, standard error."""
    written = server.transcript()
    for each in canaries:
        assert each.encode() not in response.raw
        assert each not in written


def stacked(app: AnyASGIApp) -> ASGIApp:
    """Put the recommended layers around an app, in process; the log is the test's."""
    return default_pipeline(Settings()).build(app)
