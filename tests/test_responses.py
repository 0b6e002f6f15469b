"""The body of an error: its schema, its examples and its bytes."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from asgi_stack import (
    AppError,
    DebugInfo,
    ErrorCode,
    ErrorResponse,
    NotFoundError,
    RequestContext,
    ServiceInfo,
    UnauthorizedError,
)
from asgi_stack.responses import INTERNAL_ERROR, answer_to, render_body, response_headers

SERVICE = {"name": "orders", "version": "1.4.0", "environment": "testing"}


class TestErrorResponse:
    """The model."""

    def test_schema_describes_every_field(self) -> None:
        """Each field of the three models has a description, for OpenAPI and the documentation."""
        schema = ErrorResponse.model_json_schema()

        models = [schema, *(schema["$defs"][name] for name in ("ServiceInfo", "DebugInfo"))]
        assert [
            name for model in models for name, field in model["properties"].items() if not field.get("description")
        ] == []

    def test_example_is_valid(self) -> None:
        """The example in the schema is an instance of it, and survives a round trip."""
        [example] = ErrorResponse.model_json_schema()["examples"]

        assert json.loads(ErrorResponse.model_validate(example).model_dump_json()) == example

    def test_debug_info_is_left_out_unless_it_is_there(self) -> None:
        """Without debug_info there is no such key; with it, it is complete."""
        [example] = ErrorResponse.model_json_schema()["examples"]
        debug = DebugInfo(exception_type="E", stack_trace="Traceback", error_context={}, request={"path": "/"})

        assert "debug_info" not in ErrorResponse.model_validate(example).model_dump()
        shown = ErrorResponse.model_validate({**example, "debug_info": debug}).model_dump()
        assert shown["debug_info"] == debug.model_dump()

    def test_service_info_cannot_change(self) -> None:
        """The service that answers is the same for all answers."""
        service = ServiceInfo(**SERVICE)

        with pytest.raises(ValidationError):
            service.name = "other"


class TestAnswers:
    """What becomes of an exception."""

    def test_foreign_exception_is_an_internal_error(self) -> None:
        """Nothing of an unknown exception is told."""
        assert answer_to(ValueError("secret")) is INTERNAL_ERROR

    def test_app_error_gives_all_it_has(self) -> None:
        """Status, code, message, details, severity and headers are the error's."""
        answer = answer_to(UnauthorizedError("Log in", details={"realm": "shop"}))

        assert (answer.status, answer.error_code, answer.message) == (401, ErrorCode.UNAUTHORIZED, "Log in")
        assert answer.headers == [(b"www-authenticate", b"Bearer")]
        assert answer.details == {"realm": "shop"}

    def test_repeated_headers_stay_repeated(self) -> None:
        """Two challenges are two headers, in order."""
        error = AppError("x", status=401, headers=[("WWW-Authenticate", "Bearer"), ("WWW-Authenticate", "Basic")])

        headers = response_headers(answer_to(error), b"{}")

        assert headers[-2:] == [(b"www-authenticate", b"Bearer"), (b"www-authenticate", b"Basic")]


class TestBody:
    """The bytes."""

    def test_same_json_as_the_model(self) -> None:
        """The dict written by orjson and the model give the same JSON, with ids and with debug_info."""
        debug = {"exception_type": "E", "stack_trace": "T", "error_context": {"a": 1}, "request": {}}
        record = RequestContext("c-1", "r-1")

        body = render_body(answer_to(NotFoundError(details={"id": 7})), record, SERVICE, debug)

        model = ErrorResponse.model_validate_json(body)
        assert json.loads(body) == json.loads(model.model_dump_json())
        assert (model.correlation_id, model.request_id) == ("c-1", "r-1")

    def test_details_that_json_has_no_form_for_are_still_written(self) -> None:
        """Details hold what an application put there; what JSON cannot express becomes the nearest thing."""
        error = AppError("x", details={"raw": b"\xff", "set": {1}, "nan": float("nan"), 7: object()})

        body = render_body(answer_to(error), None, SERVICE)

        assert set(json.loads(body)["details"]) == {"raw", "set", "nan", "7"}
