"""The one body that every error has, and how it becomes status, headers and bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from asgi_stack.encoding import encode_json
from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.tracebacks import format_exception_text, qualified_name
from asgi_stack.types import Header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asgi_stack.context import RequestContext
    from asgi_stack.redaction import Redactor

__all__ = ["DebugInfo", "ErrorAnswer", "ErrorResponse", "ServiceInfo", "answer_to", "render_body", "response_headers"]


class ServiceInfo(BaseModel):
    """The service that answers."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="The service's name", examples=["orders"])
    version: str = Field(description="The service's version", examples=["1.4.0"])
    environment: str = Field(description="Where it runs", examples=["production"])


class DebugInfo(BaseModel):
    """What only a developer sees: it is there when the environment is `development`."""

    exception_type: str = Field(description="The exception's class", examples=["shop.stock.StockError"])
    stack_trace: str = Field(description="The traceback, without local variables")
    error_context: dict[str, object] = Field(description="The AppError's context, redacted")
    request: dict[str, object] = Field(description="Method, path, route and what was bound to the request, redacted")


class ErrorResponse(BaseModel):
    """The body of every error response.

    The schema, the examples and the tests come from this model; on the request path the same JSON is written from a
    dict, which saves 7 us an error.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error_code": "NOT_FOUND",
                    "message": "There is no item 7",
                    "details": {"item_id": 7},
                    "correlation_id": "0b5a4f0e-6f0c-4d8e-9a57-3c1d52c1b7aa",
                    "request_id": "b3c8a6de-55a9-4a3e-8f0d-27f7d3a5c9f1",
                    "timestamp": "2026-11-23T14:30:00.123456Z",
                    "severity": "INFO",
                    "service_info": {"name": "orders", "version": "1.4.0", "environment": "production"},
                }
            ]
        }
    )

    error_code: str = Field(description="A constant of ErrorCode, or the application's own")
    message: str = Field(description="For the client; never the text of an unknown exception")
    details: object = Field(default=None, description="More for the client, such as the fields that failed")
    correlation_id: str | None = Field(default=None, description="Names the whole chain of calls")
    request_id: str | None = Field(default=None, description="Names this request")
    timestamp: datetime = Field(description="When the error was answered, ISO 8601 with its zone")
    severity: Severity = Field(description="How bad it is for the service")
    service_info: ServiceInfo = Field(description="The service that answers")
    debug_info: DebugInfo | None = Field(default=None, description="In development only")

    @model_serializer(mode="wrap")
    def _without_empty_debug_info(self, serialize: SerializerFunctionWrapHandler) -> dict[str, object]:
        body: dict[str, object] = serialize(self)
        if self.debug_info is None:
            del body["debug_info"]
        return body


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """What a client is told about an exception.

    Attributes:
        status: 400 to 599.
        error_code: As in the body.
        message: As in the body.
        severity: As in the body.
        details: As in the body.
        headers: What the error itself adds, such as `Retry-After`, as bytes.
    """

    status: int
    error_code: str
    message: str
    severity: Severity
    details: object = None
    headers: list[Header] = field(default_factory=list[Header])


INTERNAL_ERROR: Final = ErrorAnswer(500, ErrorCode.INTERNAL_ERROR, "Internal server error", Severity.ERROR)
NO_RESPONSE: Final = ErrorAnswer(500, ErrorCode.NO_RESPONSE, "The application gave no response", Severity.ERROR)


def answer_to(error: BaseException) -> ErrorAnswer:
    """Give what a client is told: an AppError's own words, and nothing of any other exception."""
    if not isinstance(error, AppError):
        return INTERNAL_ERROR
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers]
    return ErrorAnswer(error.status, str(error.error_code), error.message, error.severity, error.details, headers)


def response_headers(answer: ErrorAnswer, body: bytes) -> list[Header]:
    """Give the headers of an error response: its exact length, never to be stored, then the error's own.

    Source: RFC 9110 section 8.6 (Content-Length), RFC 9111 section 5.2.2.5 (no-store).
    """
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    taken = {name for name, _ in headers}
    return headers + [header for header in answer.headers if header[0] not in taken]


def render_body(
    answer: ErrorAnswer, record: RequestContext | None, service_info: Mapping[str, str], debug_info: object = None
) -> bytes:
    """Write the JSON of an ErrorResponse.

    Args:
        answer: What the client is told.
        record: Where the ids come from; None outside a RequestContextMiddleware, then they are null.
        service_info: The fields of ServiceInfo.
        debug_info: The fields of DebugInfo; None leaves the key out.
    """
    body = {
        "error_code": answer.error_code,
        "message": answer.message,
        "details": answer.details,
        "correlation_id": record and record.correlation_id,
        "request_id": record and record.request_id,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "severity": answer.severity,
        "service_info": service_info,
    }
    if debug_info is not None:
        body["debug_info"] = debug_info
    return encode_json(body)


def debug_info_of(error: BaseException, record: RequestContext | None, redactor: Redactor) -> dict[str, object]:
    """Give the fields of a DebugInfo."""
    request: dict[str, object] = {}
    if record is not None:
        request = {"method": record.method, "path": record.path, "route": record.route, **record.fields}
    context = error.context if isinstance(error, AppError) else {}
    return {
        "exception_type": qualified_name(type(error)),
        "stack_trace": redactor.text(format_exception_text(error)),
        "error_context": redactor.value(context),
        "request": redactor.value(request),
    }
