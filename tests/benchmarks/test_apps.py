"""The applications and requests that are measured."""

from __future__ import annotations

import pytest
from starlette.exceptions import HTTPException

from asgi_stack.exceptions import AppError, NotFoundError, Severity
from asgi_stack.testing import ASGILint
from asgi_stack.types import Message
from benchmarks.apps import CHUNKS, SCENARIOS, Scenario, receive, send

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


async def _answer_of(scenario: Scenario) -> list[Message]:
    sent: list[Message] = []

    async def keep(message: Message) -> None:
        sent.append(message)

    await ASGILint(scenario.bare_app)(scenario.make_scope(), receive, keep)
    return sent


@every_scenario
async def test_bare_app_answers_by_the_rules(scenario: Scenario) -> None:
    """What is measured without any layer is a whole response, as long as its header says."""
    start, *parts = await _answer_of(scenario)

    headers = dict(start["headers"])
    assert start["status"] == 200
    assert len(parts) == scenario.chunks
    assert [part.get("more_body", False) for part in parts] == [True] * (scenario.chunks - 1) + [False]
    assert int(headers[b"content-length"]) == sum(len(part["body"]) for part in parts)


@every_scenario
async def test_each_request_has_a_scope_and_headers_of_its_own(scenario: Scenario) -> None:
    """A layer that writes into the scope or into the app's headers does not meet its traces again."""
    one, other = scenario.make_scope(), scenario.make_scope()
    answers = await _answer_of(scenario), await _answer_of(scenario)

    assert one == other
    assert one is not other
    assert one["headers"] is not other["headers"]
    assert one["state"] is not other["state"]
    assert answers[0][0]["headers"] is not answers[1][0]["headers"]


@pytest.mark.parametrize(
    ("name", "request_headers", "response_headers", "query"),
    [
        ("success", 10, 2, b""),
        ("request_headers", 100, 2, b""),
        ("query", 10, 2, b"page=2&sort=name&limit=50"),
        ("response_headers", 10, 20, b""),
    ],
    ids=["success", "request_headers", "query", "response_headers"],
)
async def test_sizes_are_those_of_the_title(
    name: str, request_headers: int, response_headers: int, query: bytes
) -> None:
    """A request has as many headers and keys as the tables say, and no header twice."""
    scope, (start, *_) = SCENARIOS[name].make_scope(), await _answer_of(SCENARIOS[name])

    assert len({header for header, _ in scope["headers"]}) == request_headers
    assert len({header for header, _ in start["headers"]}) == response_headers
    assert scope["query_string"] == query


def test_stream_has_a_thousand_chunks() -> None:
    """The chunks of the stream are a thousand, of all others one."""
    assert {name: scenario.chunks for name, scenario in SCENARIOS.items() if scenario.chunks > 1} == {"stream": CHUNKS}
    assert CHUNKS == 1000


async def test_errors_are_what_each_side_expects() -> None:
    """Ours raise the package's errors and peers Starlette's, the unexpected one is the same for both."""
    not_found, error, expected = (SCENARIOS[name] for name in ("not_found", "error", "error_without_text"))

    with pytest.raises(NotFoundError):
        await not_found.app(not_found.make_scope(), receive, send)
    with pytest.raises(HTTPException):
        await not_found.peer_app(not_found.make_scope(), receive, send)
    with pytest.raises(ValueError, match="Order not found"):
        await error.app(error.make_scope(), receive, send)
    assert error.peer_app is expected.peer_app is expected.app is error.app


async def test_a_handler_makes_the_unexpected_error_a_warning() -> None:
    """It is a 500 all the same; no other scenario tells our stack anything."""
    (handler,) = SCENARIOS["error_without_text"].options["handlers"].values()

    made = handler(ValueError())
    assert isinstance(made, AppError)
    assert (made.severity, made.status) == (Severity.WARNING, 500)
    assert [name for name, scenario in SCENARIOS.items() if scenario.options] == ["error_without_text"]


@every_scenario
def test_names_and_statuses_fit(scenario: Scenario) -> None:
    """Each scenario is found by its name, and raises where its status is that of an error."""
    assert SCENARIOS[scenario.name] is scenario
    assert scenario.raises == (scenario.status >= 400)
