"""Two hundred requests at once over twenty connections, with every outcome there is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from tests.integration.load import Load, Request, assert_own_response
from tests.integration.servers import LogLine, Server, ServerKind, serving

TIMEOUT_S: Final = 20.0


@pytest.fixture
def server(kind: ServerKind) -> Iterator[Server]:
    """Serve the tests' own app with a reporter that logs, and see that it wrote nothing but its and the app's lines."""
    with serving(kind, "tests.integration.apps:reported") as served:
        yield served
        assert served.take_noise() == []


async def test_no_request_of_many_gets_anothers_id_response_or_line(server: Server) -> None:
    """Each of 200 requests at once has its own id in its response, in its one line, its error line and its report."""
    load = Load(server.port, "load")
    async with asyncio.timeout(TIMEOUT_S):
        await load.run()
        for request in load.all_requests:
            await server.until_logged("request_completed", request.correlation_id)
    await server.settle()
    lines = [line for line in server.lines if not str(line.get("correlation_id", "settle-")).startswith("settle-")]

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
        if request.response is not None and not request.plan.is_answered_by_server:
            assert line["request_id"] == request.response.value("x-request-id")


def _assert_expected_error_lines(requests: list[Request], lines: list[LogLine]) -> None:
    expected = Counter((request.correlation_id, request.plan.level) for request in requests if request.plan.level)
    logged = Counter(
        (line["correlation_id"], line["level"]) for line in lines if line["event"] in {"request_failed", "no_response"}
    )
    reported = Counter(line["correlation_id"] for line in lines if line["event"] == "reported")
    assert logged == expected
    assert reported == Counter(request.correlation_id for request in requests if request.plan.is_reported)
    assert all(line["reported_id"] == line["correlation_id"] for line in lines if line["event"] == "reported")
    assert {line["event"] for line in lines} == {
        "request_completed",
        "request_failed",
        "no_response",
        "held",
        "reported",
    }
