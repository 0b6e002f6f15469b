"""Rows 31 to 33: secrets that a failing handler holds reach no sink."""

from __future__ import annotations

import json
from typing import Final

import pytest

from tests.canaries import card_number
from tests.faults.standard import Asked, ask, assert_hidden, assert_std, fresh_id, secret
from tests.integration.servers import Server
from tests.integration.wire import connect, one_request

HEADERS: Final = (
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "Set-Cookie",
    "X-API-Key",
    "X-Amz-Security-Token",
)
CHUNK: Final = b"c" * 1_000_000
CHUNKS: Final = 50
MAX_GROWTH_KIB: Final = 20_000
"""Room for what servers read ahead, and for the interpreter; far below the body."""


def assert_told_once(asked: Asked, correlation_id: str) -> None:
    """See that the standard error left, and that one error line and one report were written."""
    assert_std(asked.response, correlation_id)
    assert len(asked.reports) == 1
    assert [error["event"] for error in asked.errors] == ["request_failed"]


async def test_row_31_secrets_in_headers(server: Server) -> None:
    """A failing request may show which headers it had, never what was in the sensitive ones."""
    canaries = {name: secret() for name in HEADERS}
    sent = {
        name: f"Bearer {canary}" if "Authorization" in name else f"session={canary}" if "Cookie" in name else canary
        for name, canary in canaries.items()
    }
    correlation_id = fresh_id(31)
    asked = await ask(server, "/leak/headers", correlation_id, headers=sent)

    assert_told_once(asked, correlation_id)
    assert_hidden(server, asked.response, *canaries.values())


def bodies(canary: str, card: str) -> dict[str, tuple[str, bytes]]:
    """Give one and the same secret in each form of a body."""
    nested = {"user": {"password": canary, "cards": [{"number": card, "note": canary}]}}
    form = f"password={canary}&card={card}"
    part = f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{canary} {card}\r\n--b--\r\n'
    return {
        "json": ("application/json", json.dumps(nested).encode()),
        "form": ("application/x-www-form-urlencoded", form.encode()),
        "multipart": ("multipart/form-data; boundary=b", part.encode()),
    }


@pytest.mark.parametrize("form", ["json", "form", "multipart"])
async def test_row_32_secrets_in_bodies(server: Server, form: str) -> None:
    """Nothing of a request's body is shown anywhere, only its size."""
    canary, card, correlation_id = secret(), card_number(), fresh_id(32)
    kind, body = bodies(canary, card)[form]
    asked = await ask(server, "/leak/body", correlation_id, headers={"content-type": kind}, body=body)

    assert_told_once(asked, correlation_id)
    assert asked.line["bytes_in"] == len(body)
    assert_hidden(server, asked.response, canary, card)


async def test_row_32_body_of_50_mb_is_not_kept(server: Server) -> None:
    """A body that the app reads bit by bit passes through the stack without staying in memory."""
    correlation_id, canary = fresh_id(32), secret()
    before = (await one_request(server.port, "/memory")).json()["now"]
    size = len(CHUNK) * CHUNKS + len(canary)
    head = f"POST /leak/stream HTTP/1.1\r\nhost: x\r\nx-correlation-id: {correlation_id}\r\ncontent-length: {size}\r\n"
    async with connect(server.port) as connection:
        await connection.send(f"{head}\r\n{canary}".encode())
        for _ in range(CHUNKS):
            await connection.send(CHUNK)
        response = await connection.response()
    line = await server.request_line(correlation_id)
    peak = (await one_request(server.port, "/memory")).json()["peak"]

    assert_std(response, correlation_id)
    assert line["bytes_in"] == size
    assert peak - before < MAX_GROWTH_KIB
    assert_hidden(server, response, canary)


async def test_row_33_secrets_in_local_variables(server: Server) -> None:
    """Frames are logged without their variables, whatever holds the secret there."""
    canary, correlation_id = secret(), fresh_id(33)
    asked = await ask(server, "/leak/locals", correlation_id, canary=canary)
    (error,) = asked.errors

    assert_told_once(asked, correlation_id)
    assert str(error["stack_trace"]).count("in descend") > 1
    assert_hidden(server, asked.response, canary)
