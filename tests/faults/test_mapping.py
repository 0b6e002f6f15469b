"""Rows 21, 22 and 24: what answer an exception gets, and what happens when none can be written."""

from __future__ import annotations

import pytest

from tests.driver import exchange, http_scope
from tests.faults import app_errors
from tests.faults.standard import ask, assert_std, fresh_id, stacked
from tests.integration.servers import Server
from tests.log_capture import LogLines

LOGGED_LEAVES = 20


async def test_row_21_highest_status_of_a_group_decides(server: Server) -> None:
    """A 404 beside a defect does not hide it: the answer is 500, and the log names both leaves."""
    correlation_id = fresh_id(21)
    asked = await ask(server, "/group/mixed", correlation_id)
    (error,) = asked.errors

    assert_std(asked.response, correlation_id)
    assert "HTTPException" in str(error)
    assert "the defect" in str(error)
    assert error["level"] == "error"


async def test_row_21_group_of_the_clients_mistakes(server: Server) -> None:
    """A group in which everything is a 404 is a 404."""
    correlation_id = fresh_id(21)
    asked = await ask(server, "/group/missing", correlation_id)

    assert_std(asked.response, correlation_id, status=404, error_code="NOT_FOUND")
    assert asked.line["outcome"] == "client_error"


async def test_row_21_wide_group_is_capped(server: Server) -> None:
    """Of more than 20 leaves, 20 are logged, and how many there were is told."""
    correlation_id = fresh_id(21)
    asked = await ask(server, "/group/wide", correlation_id)
    logged = [number for number in range(app_errors.LEAVES) if f"leaf-{number}\\n" in repr(asked.errors)]

    assert_std(asked.response, correlation_id)
    assert len(asked.errors) == 1
    assert logged == list(range(LOGGED_LEAVES))
    assert f"{app_errors.LEAVES - LOGGED_LEAVES} more" in str(asked.errors)


async def test_row_21_base_group_goes_on(log_lines: LogLines) -> None:
    """A group that holds a KeyboardInterrupt is not answered: it reaches the server as it is."""
    answer = await exchange(stacked(app_errors.HTTP["/group/base"]), http_scope())

    assert isinstance(answer.raised, BaseExceptionGroup)
    assert answer.sent == []
    assert [line["level"] for line in log_lines("request_failed")] == ["critical"]


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/http/401", "www-authenticate", "Basic"),
        ("/http/405", "allow", "GET, HEAD"),
        ("/http/429", "retry-after", "7"),
        ("/own/401", "www-authenticate", "Bearer"),
        ("/own/429", "retry-after", "7"),
    ],
)
async def test_row_22_status_and_headers_are_kept(server: Server, path: str, name: str, value: str) -> None:
    """HTTP exceptions, Starlette's and the stack's, keep status and headers; no 4xx is an error or reported."""
    correlation_id = fresh_id(22)
    asked = await ask(server, path, correlation_id)
    error_code = asked.response.json()["error_code"]

    assert_std(asked.response, correlation_id, status=int(path[-3:]), error_code=error_code)
    assert error_code != "INTERNAL_ERROR"
    assert asked.response.values(name) == [value]
    assert asked.line["outcome"] == "client_error"
    assert {line["level"] for line in asked.errors} <= {"info", "warning"}
    assert asked.reports == []


@pytest.mark.parametrize("details", app_errors.DETAILS)
async def test_row_24_details_that_json_has_no_form_for(server: Server, details: str) -> None:
    """Whatever the details hold, the answer is the standard one, and the original error is logged."""
    correlation_id = fresh_id(24)
    asked = await ask(server, f"/details/{details}", correlation_id)

    assert_std(asked.response, correlation_id)
    assert [str(error["exception_type"]).rpartition(".")[2] for error in asked.errors] == ["AppError"]


async def test_row_24_renderer_raises(server: Server) -> None:
    """An error that cannot be rendered is answered by a fixed body with the id; both errors are logged in order."""
    correlation_id = fresh_id(24)
    asked = await ask(server, "/unrenderable", correlation_id)
    lines = [line for line in await server.lines_of(correlation_id) if line["logger"] == "asgi_stack.errors"]

    assert_std(asked.response, correlation_id)
    assert [line["level"] for line in lines] == ["error", "error"]
    assert lines[0]["event"] == "request_failed"
    assert str(lines[0]["exception_type"]).endswith("UnrenderableError")
    assert lines[0]["exception_message"] == "the original"
    assert lines[1]["exception_type"] == "LookupError"
