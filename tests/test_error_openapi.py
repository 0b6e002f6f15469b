"""Error responses in an OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

import pytest
from pydantic import BaseModel

from asgi_stack.error_openapi import openapi_error_responses, openapi_error_schemas
from asgi_stack.responses import ErrorResponse, ProblemDetails

MODELS: dict[str, type[BaseModel]] = {"application/json": ErrorResponse, "application/problem+json": ProblemDetails}


def references(part: object) -> Iterator[str]:
    """Give every reference in a part of a document."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield str(value)
            yield from references(value)
    elif isinstance(part, list):
        for item in part:
            yield from references(item)


class TestSchemas:
    """What goes into components.schemas."""

    def test_all_models_are_there(self) -> None:
        """Each model has its own name, and so has the severity."""
        assert set(openapi_error_schemas()) == {
            "DebugInfo",
            "ErrorResponse",
            "ProblemDetails",
            "ServiceInfo",
            "Severity",
        }

    def test_document_is_complete(self) -> None:
        """Every reference leads to one of the schemas, and no part needs another place."""
        schemas = openapi_error_schemas()

        found = set(references([schemas, openapi_error_responses(404, 500)]))

        assert {name.removeprefix("#/components/schemas/") for name in found} <= set(schemas)
        assert "$defs" not in json.dumps(schemas)

    def test_required_keys_are_told(self) -> None:
        """A generated client knows that the ids are always there, and debug_info is not."""
        schema = cast("dict[str, list[str]]", openapi_error_schemas()["ErrorResponse"])

        assert "correlation_id" in schema["required"]
        assert "debug_info" not in schema["required"]

    def test_each_call_gives_a_document_of_its_own(self) -> None:
        """Who changes what was given changes nobody else's."""
        openapi_error_schemas().clear()

        assert openapi_error_schemas()


class TestResponses:
    """What goes into an operation's responses."""

    def test_each_status_has_both_formats(self) -> None:
        """Keys are texts, descriptions are the phrases, and both media types refer to their schema."""
        responses = openapi_error_responses(404, 422)

        assert list(responses) == ["404", "422"]
        assert responses["404"]["description"] == "Not Found"
        content = cast("dict[str, dict[str, object]]", responses["422"]["content"])
        assert {kind: part["schema"] for kind, part in content.items()} == {
            "application/json": {"$ref": "#/components/schemas/ErrorResponse"},
            "application/problem+json": {"$ref": "#/components/schemas/ProblemDetails"},
        }

    @pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
    def test_examples_are_valid(self, status: int) -> None:
        """Each example is an instance of the model that its schema is made from."""
        content = cast("dict[str, dict[str, object]]", openapi_error_responses(status)[str(status)]["content"])

        for kind, part in content.items():
            assert json.loads(MODELS[kind].model_validate(part["example"]).model_dump_json()) == part["example"]

    @pytest.mark.parametrize("status", [200, 399, 600])
    def test_other_statuses_are_refused(self, status: int) -> None:
        """A status that is no error's has no error body."""
        with pytest.raises(ValueError, match=f"400 to 599, not {status}"):
            openapi_error_responses(404, status)
