"""The models of the error bodies: their schemas and their examples."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from asgi_stack.error_models import DebugInfo, ErrorResponse, ProblemDetails, ServiceInfo

MODELS: list[type[BaseModel]] = [ErrorResponse, ProblemDetails, ServiceInfo, DebugInfo]
MODES: list[Literal["validation", "serialization"]] = ["validation", "serialization"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("model", MODELS)
class TestSchemas:
    """What OpenAPI documents and generated clients are made from."""

    def test_every_field_is_described(
        self, model: type[BaseModel], mode: Literal["validation", "serialization"]
    ) -> None:
        """Each field has a description, whichever way the schema is asked for: FastAPI asks for serialization."""
        schema = model.model_json_schema(mode=mode)

        assert set(schema["properties"]) == set(model.model_fields)
        assert [name for name, field in schema["properties"].items() if not field.get("description")] == []

    def test_required_keys_are_those_that_are_always_sent(
        self, model: type[BaseModel], mode: Literal["validation", "serialization"]
    ) -> None:
        """A client may rely on all keys but debug_info and instance."""
        schema = model.model_json_schema(mode=mode)

        assert set(schema["required"]) == set(model.model_fields) - {"debug_info", "instance"}

    def test_examples_are_valid(self, model: type[BaseModel], mode: Literal["validation", "serialization"]) -> None:
        """Each example is an instance of its model, and survives a round trip."""
        examples = model.model_json_schema(mode=mode)["examples"]

        assert examples
        assert [json.loads(model.model_validate(example).model_dump_json()) for example in examples] == examples


class TestExamples:
    """Each model of a body shows what there is to see."""

    @pytest.mark.parametrize("model", [ErrorResponse, ProblemDetails])
    def test_one_of_the_client_one_of_the_service_one_in_development(self, model: type[ErrorResponse]) -> None:
        """A 4xx, a 5xx, and a 5xx with debug_info."""
        shown = [model.model_validate(example) for example in model.model_json_schema()["examples"]]

        assert [(body.error_code, body.debug_info is not None) for body in shown] == [
            ("NOT_FOUND", False),
            ("INTERNAL_ERROR", False),
            ("INTERNAL_ERROR", True),
        ]
        assert shown[-1].service_info.environment == "development"


class TestInstances:
    """What the models do with values."""

    def test_debug_info_is_left_out_unless_it_is_there(self) -> None:
        """Without debug_info there is no such key; with it, it is complete."""
        example = ErrorResponse.model_json_schema()["examples"][0]
        debug = DebugInfo(exception_type="E", stack_trace="Traceback", error_context={}, request={"path": "/"})

        assert "debug_info" not in ErrorResponse.model_validate(example).model_dump()
        shown = ErrorResponse.model_validate({**example, "debug_info": debug}).model_dump()
        assert shown["debug_info"] == debug.model_dump()

    def test_instance_is_left_out_unless_it_is_there(self) -> None:
        """A problem without an identifier of its own has no such key."""
        example = ProblemDetails.model_json_schema()["examples"][0]

        shown = ProblemDetails.model_validate({**example, "instance": None}).model_dump()

        assert "instance" not in shown
        assert {"type", "title", "status", "detail"} < set(shown)

    def test_parts_can_be_dumped(self) -> None:
        """Excluding a key works whether it would be there or not, and so does a field of another model."""
        body = ErrorResponse.model_validate(ErrorResponse.model_json_schema()["examples"][0])

        assert set(body.model_dump(include={"message", "debug_info"})) == {"message"}
        assert "details" not in body.model_dump(exclude={"details", "debug_info"})
        assert "debug_info" not in TypeAdapter(list[ErrorResponse]).dump_python([body])[0]

    def test_service_info_cannot_change(self) -> None:
        """The service that answers is the same for all answers."""
        service = ServiceInfo(name="orders", version="1.4.0", environment="testing")

        with pytest.raises(ValidationError):
            service.name = "other"

    @pytest.mark.parametrize("status", [99, 600])
    def test_a_problem_has_a_status_of_http(self, status: int) -> None:
        """What is no status is refused."""
        example = ProblemDetails.model_json_schema()["examples"][0]

        with pytest.raises(ValidationError, match="status"):
            ProblemDetails.model_validate({**example, "status": status})
