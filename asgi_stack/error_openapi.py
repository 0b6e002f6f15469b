"""Describe the error responses in an OpenAPI document, whatever made the rest of it.

Source: https://spec.openapis.org/oas/v3.1.0 (Components Object, Responses Object).
"""

from __future__ import annotations

from typing import Final

from pydantic.json_schema import models_json_schema

from asgi_stack.error_examples import as_problem, example_of
from asgi_stack.error_models import ErrorResponse, ProblemDetails
from asgi_stack.status_phrases import phrase_of

__all__ = ["openapi_error_responses", "openapi_error_schemas"]

_SCHEMAS: Final = "#/components/schemas/"


def openapi_error_schemas() -> dict[str, object]:
    """Give the schemas of the error bodies, for `components.schemas` of an OpenAPI 3.1 document.

    Returns:
        A new dict with `ErrorResponse` and `ProblemDetails`, and with `DebugInfo`, `ServiceInfo` and `Severity`, which
        they refer to.
    """
    _, made = models_json_schema(
        [(ErrorResponse, "serialization"), (ProblemDetails, "serialization")], ref_template=_SCHEMAS + "{model}"
    )
    schemas: dict[str, object] = made["$defs"]
    return schemas


def openapi_error_responses(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Give the entries of an operation's `responses` for these statuses, in both formats, each with an example.

    They refer to `openapi_error_schemas`, which the document must have.

    Args:
        statuses: 400 to 599.

    Returns:
        A new dict whose keys are texts, as OpenAPI has them; FastAPI's `responses=` takes it as it is.

    Raises:
        ValueError: A status is no error's.
    """
    return {str(status): _response(status) for status in statuses}


def _response(status: int) -> dict[str, object]:
    if status not in range(400, 600):
        raise ValueError(f"status must be 400 to 599, not {status!r}")
    example = example_of(status)
    return {
        "description": phrase_of(status),
        "content": {
            "application/json": {"schema": {"$ref": f"{_SCHEMAS}ErrorResponse"}, "example": example},
            "application/problem+json": {
                "schema": {"$ref": f"{_SCHEMAS}ProblemDetails"},
                "example": as_problem(example, status),
            },
        },
    }
