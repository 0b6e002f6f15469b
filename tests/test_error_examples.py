"""The examples are answers that the stack gives."""

from __future__ import annotations

import json

import pytest

from asgi_stack import AppError, RequestContext, UnauthorizedError, ValidationError
from asgi_stack.error_examples import SERVICE_INFO, as_problem, example_of
from asgi_stack.responses import ErrorResponse, ProblemDetails, answer_to, render_error

SERVICE = {name: str(value) for name, value in SERVICE_INFO.items()}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429, 499, 500, 502, 503, 504, 599])
def test_each_is_valid(status: int) -> None:
    """An example is an instance of its model, and survives a round trip, in both formats."""
    example = example_of(status)

    assert json.loads(ErrorResponse.model_validate(example).model_dump_json()) == example
    problem = as_problem(example, status)
    assert json.loads(ProblemDetails.model_validate(problem).model_dump_json()) == problem


@pytest.mark.parametrize(
    "error",
    [
        AppError(),
        UnauthorizedError(),
        ValidationError(details=[{"loc": ["name"], "msg": "Field required", "type": "missing"}]),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("problem", [False, True], ids=["default", "problem"])
def test_each_is_what_the_error_of_that_status_is_answered_with(error: AppError, problem: bool) -> None:
    """Apart from the time, an example is the body that its AppError gets."""
    example = example_of(error.status)
    record = RequestContext(str(example["correlation_id"]), str(example["request_id"]))

    body = json.loads(render_error(answer_to(error), record, SERVICE, problem=problem).body)

    shown = as_problem(example, error.status) if problem else example
    assert {**body, "timestamp": None} == {**shown, "timestamp": None}
