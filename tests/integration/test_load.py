"""Two hundred requests at once over twenty connections, with every outcome there is."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from tests.integration.load import Load, Request, assert_own_response
from tests.integration.servers import LogLine, Server

TIMEOUT_S: Final = 20.0


async def test_no_request_of_many_gets_anothers_id_response_or_line(server: Server) -> None:
    """Each of 200 concurrent requests has its own id in its response, its one line and its error line, if any."""
    load = Load(server.port, "load")
    before = len(server.lines)
    async with asyncio.timeout(TIMEOUT_S):
        await load.run()
        for request in load.all_requests:
            await server.until_logged("request_completed", request.correlation_id)
    await server.settle()
    lines = [line for line in server.lines[before:] if not str(line["correlation_id"]).startswith("settle-")]

    for request in load.all_requests:
        if request.plan.status is not None:
            assert_own_response(request)
    _assert_one_line_each(load.all_requests, lines)
    _assert_expected_error_lines(load.all_requests, lines)


def _assert_one_line_each(requests: list[Request], lines: list[LogLine]) -> None:
    completed = {str(line["correlation_id"]): line for line in lines if line["event"] == "request_completed"}
    assert Counter(str(line["correlation_id"]) for line in lines if line["event"] == "request_completed") == Counter(
        request.correlation_id for request in requests
    )
    assert len({line["request_id"] for line in completed.values()}) == len(requests) == 200
    for request in requests:
        line = completed[request.correlation_id]
        assert (line["outcome"], line["path"]) == (request.plan.outcome, request.plan.path), line
        assert line.get("late_error", False) is (request.plan.name == "late")
        if request.response is not None:
            assert line["request_id"] == request.response.value("x-request-id")


def _assert_expected_error_lines(requests: list[Request], lines: list[LogLine]) -> None:
    expected = Counter((request.correlation_id, request.plan.level) for request in requests if request.plan.level)
    logged = Counter(
        (line["correlation_id"], line["level"]) for line in lines if line["event"] in {"request_failed", "no_response"}
    )
    assert logged == expected
    assert {line["event"] for line in lines} == {"request_completed", "request_failed", "no_response", "held"}
