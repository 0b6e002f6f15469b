"""What an error's body consists of: the models that give its schema, its examples and its tests.

On the request path the same JSON is written from a dict, see `asgi_stack.responses`: it saves 7 us an error.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from asgi_stack.error_examples import CLIENT_ERROR, DEBUG_INFO, IN_DEVELOPMENT, SERVER_ERROR, SERVICE_INFO, as_problem
from asgi_stack.exceptions import Severity

__all__ = ["DebugInfo", "ErrorResponse", "ProblemDetails", "ServiceInfo"]


class ServiceInfo(BaseModel):
    """The service that answers."""

    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [SERVICE_INFO]})

    name: str = Field(description="The service's name", examples=["orders"])
    version: str = Field(description="The service's version", examples=["1.4.0"])
    environment: str = Field(description="Where it runs", examples=["production"])


class DebugInfo(BaseModel):
    """What only a developer sees: it is there when the environment is `development`."""

    model_config = ConfigDict(json_schema_extra={"examples": [DEBUG_INFO]})

    exception_type: str = Field(description="The exception's class", examples=["shop.stock.StockError"])
    stack_trace: str = Field(description="The traceback, without local variables")
    error_context: dict[str, object] = Field(description="The AppError's context, redacted")
    request: dict[str, object] = Field(description="Method, path, route and what was bound to the request, redacted")


class ErrorResponse(BaseModel):
    """The body of an error, `application/json`."""

    model_config = ConfigDict(json_schema_extra={"examples": [CLIENT_ERROR, SERVER_ERROR, IN_DEVELOPMENT]})

    error_code: str = Field(description="A constant of ErrorCode, or the application's own", examples=["NOT_FOUND"])
    message: str = Field(description="For the client; never the text of an unknown exception")
    details: object = Field(default=None, description="More for the client, such as the fields that failed")
    correlation_id: str | None = Field(default=None, description="Names the whole chain of calls")
    request_id: str | None = Field(default=None, description="Names this request")
    timestamp: datetime = Field(description="When the error was answered, ISO 8601 with its zone")
    severity: Severity = Field(description="How bad it is for the service")
    service_info: ServiceInfo = Field(description="The service that answers")
    debug_info: DebugInfo | None = Field(default=None, description="In development only; else the key is not there")

    _left_out: ClassVar[frozenset[str]] = frozenset({"debug_info"})
    """Keys that are not there at all when there is nothing to say; the others are null."""

    @model_serializer(mode="wrap")
    def _without_empty_keys(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        body: dict[str, object] = serialize(self)
        return {name: value for name, value in body.items() if value is not None or name not in self._left_out}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe what is sent: every key but those left out is always there.

        Without this, the schema for serialization would be that of any object, since a serializer gives a dict.
        """
        fields_alone = {name: value for name, value in core_schema.items() if name != "serialization"}
        reference = handler(cast("CoreSchema", fields_alone))
        schema = handler.resolve_ref_schema(reference)
        schema["required"] = [name for name in schema["properties"] if name not in cls._left_out]
        return reference


class ProblemDetails(ErrorResponse):
    """The body of an error, `application/problem+json` (RFC 9457): its five members, then those of ErrorResponse."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                as_problem(CLIENT_ERROR, 404),
                as_problem(SERVER_ERROR, 500),
                as_problem(IN_DEVELOPMENT, 500),
            ]
        }
    )

    type: str = Field(
        default="about:blank",
        description="A URI of the kind of problem; about:blank says no more than the status",
        json_schema_extra={"format": "uri-reference"},
    )
    title: str = Field(description="The status in words", examples=["Not Found"])
    status: int = Field(ge=100, le=599, description="The response's status")
    detail: str = Field(description="The message again")
    instance: str | None = Field(
        default=None,
        description="A URI of this occurrence, made of the request id where that is a UUID; else the key is not there",
        json_schema_extra={"format": "uri-reference"},
    )

    _left_out: ClassVar[frozenset[str]] = frozenset({"debug_info", "instance"})
