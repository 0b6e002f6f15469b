"""The examples of error bodies that schemas and OpenAPI documents show; the same in each run."""

from __future__ import annotations

from typing import Final

from pydantic.config import JsonDict

from asgi_stack.exceptions import (
    AppError,
    ConflictError,
    DeadlineExceededError,
    ErrorCode,
    ForbiddenError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    ServiceUnavailableError,
    Severity,
    UnauthorizedError,
    ValidationError,
)
from asgi_stack.status_phrases import phrase_of

__all__ = [
    "CLIENT_ERROR",
    "DEBUG_INFO",
    "IN_DEVELOPMENT",
    "SERVER_ERROR",
    "SERVICE_INFO",
    "as_problem",
    "example_of",
]

SERVICE_INFO: Final[JsonDict] = {"name": "orders", "version": "1.4.0", "environment": "production"}

DEBUG_INFO: Final[JsonDict] = {
    "exception_type": "shop.stock.StockError",
    "stack_trace": (
        "Traceback (most recent call last):\n"
        '  File "/srv/shop/stock.py", line 41, in reserve\n'
        '    raise StockError("negative amount")\n'
        "shop.stock.StockError: negative amount\n"
    ),
    "error_context": {"item_id": 7, "token": "[REDACTED]"},
    "request": {"method": "POST", "path": "/items/7/reserve", "route": "/items/{item_id}/reserve", "user_id": 12},
}

_CLASSES: Final[dict[int, type[AppError]]] = {
    cls.status: cls
    for cls in (
        AppError,
        ConflictError,
        DeadlineExceededError,
        ForbiddenError,
        NotFoundError,
        PayloadTooLargeError,
        RateLimitedError,
        ServiceUnavailableError,
        UnauthorizedError,
        ValidationError,
    )
}
_DETAILS: Final[JsonDict] = {
    "404": {"item_id": 7},
    "422": [{"loc": ["name"], "msg": "Field required", "type": "missing"}],
}


def example_of(status: int) -> JsonDict:
    """Give an ErrorResponse as JSON for a status from 400 to 599: that of the AppError with this status, if any."""
    cls = _CLASSES.get(status)
    is_clients = status < 500  # noqa: PLR2004 - RFC 9110 section 15
    severity = cls.severity if cls else Severity.WARNING if is_clients else Severity.ERROR
    return {
        "error_code": str(cls.error_code if cls else ErrorCode.HTTP_ERROR),
        "message": cls.message if cls else phrase_of(status),
        "details": _DETAILS.get(str(status)),
        "correlation_id": "0b5a4f0e-6f0c-4d8e-9a57-3c1d52c1b7aa",
        "request_id": "b3c8a6de-55a9-4a3e-8f0d-27f7d3a5c9f1",
        "timestamp": "2026-11-23T14:30:00.123456Z",
        "severity": severity.value,
        "service_info": SERVICE_INFO,
    }


def as_problem(example: JsonDict, status: int) -> JsonDict:
    """Give the ProblemDetails that says the same as an ErrorResponse."""
    return {
        "type": "about:blank",
        "title": phrase_of(status),
        "status": status,
        "detail": example["message"],
        "instance": f"urn:uuid:{example['request_id']}",
        **example,
    }


CLIENT_ERROR: Final[JsonDict] = {**example_of(404), "message": "There is no item 7"}
SERVER_ERROR: Final[JsonDict] = example_of(500)
IN_DEVELOPMENT: Final[JsonDict] = {
    **SERVER_ERROR,
    "service_info": {**SERVICE_INFO, "environment": "development"},
    "debug_info": DEBUG_INFO,
}
