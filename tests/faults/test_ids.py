"""Rows 1 to 6: what clients send as ids, and what apps do to them."""

from __future__ import annotations

import uuid

import pytest

from tests.driver import Exchange, exchange, http_scope
from tests.faults.standard import ask, assert_every_header, assert_hidden, fresh_id, secret, stacked
from tests.integration.apps import normal
from tests.integration.servers import LogLine, Server
from tests.integration.wire import Response, one_request
from tests.log_capture import LogLines

UUID_HEX = "1b4e28ba2fa14d2e9f1b3c1d52c1b7aa"

# Those that every server lets through; the others are tried in process.
FORGED = {
    "fields": "a=1 tenant=x",
    "next-line": "abc\x85ERROR forged",
    "line-separator": "abc\u2028ERROR forged".encode().decode("latin-1"),
    "non-ascii": "h\xe9llo",
}
REFUSED = {"esc": b"\x1b[31mabc", "nul": b"abc\x00def", "tab": b"abc\tdef", "del": b"abc\x7f"}


async def over_socket(server: Server, sent: str, canary: str) -> tuple[Response, list[LogLine]]:
    """Send an id over a socket; give the response and the request's warnings."""
    response = await one_request(server.port, "/", headers={"X-Correlation-ID": sent + canary})
    lines = await server.lines_of(response.value("x-correlation-id"))
    assert len([line for line in lines if line["event"] == "request_completed"]) == 1
    return response, [line for line in lines if line["level"] == "warning"]


async def in_process(log_lines: LogLines, *values: bytes) -> tuple[Exchange, list[LogLine]]:
    """Hand ids to the stack as a server would; give the exchange and the warnings."""
    headers = [(b"x-correlation-id", value) for value in values]
    answer = await exchange(stacked(normal), http_scope(headers=headers))
    return answer, [line for line in log_lines() if line["level"] == "warning"]


def assert_replaced(answer: Response | Exchange, warnings: list[LogLine], reason: str, length: int) -> None:
    """See that a new id took the place of what came, and that one warning says why, without the value."""
    (new,) = answer.values("x-correlation-id")
    (warning,) = warnings
    assert answer.status == 200
    assert str(uuid.UUID(new, version=4)) == new
    assert warning["event"] == "invalid_id_replaced"
    assert warning["replaced"] == {"x-correlation-id": {"length": length, "reason": reason}}
    assert_every_header(answer)


async def test_row_01_id_that_would_split_the_response_is_replaced(log_lines: LogLines) -> None:
    """CR LF in an id adds no header to the response and no text to the log: a new id takes its place."""
    canary = secret()
    sent = f"abc\r\nSet-Cookie: x={canary}".encode()
    answer, warnings = await in_process(log_lines, sent)

    assert_replaced(answer, warnings, "characters", len(sent))
    assert answer.values("set-cookie") == []
    assert canary.encode() not in log_lines.stream.getvalue() + repr(answer.sent).encode()


@pytest.mark.parametrize("form", ["letters", "dashes"])
async def test_row_02_id_of_many_kilobytes_is_replaced(server: Server, form: str) -> None:
    """A huge id is neither echoed nor logged, also one that a lenient parser would take for a UUID."""
    # hypercorn takes a head of 16 KiB; the others of 64 KiB, or any.
    length = 60_000 if server.kind.is_uvicorn else 15_000
    canary = secret()
    sent = "x" * length if form == "letters" else "-" * length + UUID_HEX
    response, warnings = await over_socket(server, sent, canary)

    assert_replaced(response, warnings, "too_long", len(sent + canary))
    assert_hidden(server, response, canary, sent[:200])


@pytest.mark.parametrize(
    ("sent", "reason"),
    [("x" * 129, "too_long"), ("", "empty"), ("   ", "empty")],
    ids=["129", "empty", "spaces"],
)
async def test_row_02_id_just_too_long_or_empty_is_replaced(server: Server, sent: str, reason: str) -> None:
    """The 129th character is one too many; of spaces the server leaves nothing."""
    response, warnings = await over_socket(server, sent, "")

    assert_replaced(response, warnings, reason, len(sent.strip()))
    assert not sent.strip() or sent not in server.transcript()


async def test_row_02_longest_id_is_echoed(server: Server) -> None:
    """128 characters are an id, and leave no warning."""
    sent = fresh_id(2).ljust(128, "x")
    asked = await ask(server, "/", sent)

    assert asked.response.value("x-correlation-id") == sent
    assert [line["event"] for line in await server.lines_of(sent)] == ["request_completed"]


@pytest.mark.parametrize("sent", [b"-" * 60_000 + UUID_HEX.encode(), b"   "], ids=["60kB", "spaces"])
async def test_row_02_id_is_replaced_whatever_the_server_lets_in(log_lines: LogLines, sent: bytes) -> None:
    """60 kB that a server let through are replaced as well, and so are spaces that it did not strip."""
    answer, warnings = await in_process(log_lines, sent)

    assert_replaced(answer, warnings, "too_long" if len(sent) > 128 else "characters", len(sent))
    assert len(log_lines.stream.getvalue()) < 2000


@pytest.mark.parametrize("form", FORGED)
async def test_row_03_forged_id_makes_no_line_and_no_field(server: Server, form: str) -> None:
    """What would end a line or add a field stays out of the log: one record is one physical line."""
    canary = secret()
    response, warnings = await over_socket(server, FORGED[form], canary)

    assert_replaced(response, warnings, "characters", len(FORGED[form] + canary))
    assert_hidden(server, response, canary, "forged")
    assert server.find(tenant="x") == []


@pytest.mark.parametrize("form", REFUSED)
async def test_row_03_control_characters_make_no_line(log_lines: LogLines, form: str) -> None:
    """Characters that steer a terminal or end a string are replaced with the id that held them."""
    answer, warnings = await in_process(log_lines, REFUSED[form])

    assert_replaced(answer, warnings, "characters", len(REFUSED[form]))
    assert log_lines.stream.getvalue().count(b"\n") == len(log_lines()) == 2
    assert REFUSED[form] not in log_lines.stream.getvalue()


async def test_row_04_two_ids_are_none(server: Server) -> None:
    """Of two ids neither is taken, nor both joined by a comma."""
    first, second = secret(), secret()
    response, warnings = await over_socket(server, f"{first}\r\nX-Correlation-ID: ", second)

    assert_replaced(response, warnings, "repeated", len(first + second))
    assert_hidden(server, response, first, second)


async def test_row_05_id_that_the_app_sets_gives_way(server: Server) -> None:
    """Both ids leave exactly once, with the values that the log has, whatever the app sent under their names."""
    correlation_id = fresh_id(5)
    asked = await ask(server, "/own-ids", correlation_id)

    assert asked.response.value("x-correlation-id") == correlation_id == asked.line["correlation_id"]
    assert asked.response.value("x-request-id") == asked.line["request_id"]


async def test_row_06_valid_id_is_the_same_everywhere(server: Server) -> None:
    """One id stands in the header, the error's body, its line, the request line, and on outgoing requests."""
    correlation_id, outgoing_id = fresh_id(6), fresh_id(6)
    failed = await ask(server, "/boom", correlation_id)
    response = await one_request(server.port, "/outgoing", headers={"x-correlation-id": outgoing_id})
    await server.until_logged("request_completed", outgoing_id, count=2)

    assert failed.response.value("x-correlation-id") == failed.response.json()["correlation_id"] == correlation_id
    assert [line["correlation_id"] for line in [failed.line, *failed.errors]] == [correlation_id] * 2
    here, there = response.json()["here"], response.json()["there"]
    assert response.value("x-correlation-id") == outgoing_id
    assert here["correlation_id"] == there["correlation_id"] == outgoing_id
    assert len(server.find(event="asked", correlation_id=outgoing_id)) == 1
