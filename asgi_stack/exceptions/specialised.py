"""The errors that services raise most, each with its code, status and severity."""

from __future__ import annotations

from typing import Unpack

from asgi_stack.exceptions.base import AppError, AppErrorOptions
from asgi_stack.exceptions.codes import ErrorCode, Severity

__all__ = [
    "BusinessRuleError",
    "ConflictError",
    "DeadlineExceededError",
    "ForbiddenError",
    "NotFoundError",
    "PayloadTooLargeError",
    "RateLimitedError",
    "ServiceUnavailableError",
    "UnauthorizedError",
    "ValidationError",
]


class ValidationError(AppError):
    """Refuse data that is not valid; `details` says which fields, as `asgi_stack.validation.validate` gives them."""

    error_code = ErrorCode.VALIDATION_ERROR
    status = 422
    severity = Severity.WARNING
    message = "The data is not valid"


class NotFoundError(AppError):
    """Say that what was asked for does not exist, or that this client may not know that it does."""

    error_code = ErrorCode.NOT_FOUND
    status = 404
    severity = Severity.INFO
    message = "Not found"


class UnauthorizedError(AppError):
    """Ask the client to prove who it is.

    Args:
        message: As in AppError.
        challenge: The value of the `WWW-Authenticate` header, which a 401 must have (RFC 9110 section 15.5.2); None
            when `headers` brings it or a proxy adds it.
        **options: As in AppError.
    """

    error_code = ErrorCode.UNAUTHORIZED
    status = 401
    severity = Severity.WARNING
    message = "Authentication is required"

    def __init__(
        self, message: str | None = None, *, challenge: str | None = "Bearer", **options: Unpack[AppErrorOptions]
    ) -> None:
        super().__init__(message, **options)
        if challenge is not None:
            _set_default_header(self, "WWW-Authenticate", challenge)


class ForbiddenError(AppError):
    """Refuse what this client may not do; to authenticate again would not help."""

    error_code = ErrorCode.FORBIDDEN
    status = 403
    severity = Severity.WARNING
    message = "This is not allowed"


class ConflictError(AppError):
    """Refuse what contradicts the present state: a name that is taken, a version that is stale."""

    error_code = ErrorCode.CONFLICT
    status = 409
    severity = Severity.WARNING
    message = "The request conflicts with the present state"


class BusinessRuleError(AppError):
    """Refuse what is valid but against a rule of the service: an order above the credit limit."""

    error_code = ErrorCode.BUSINESS_RULE_VIOLATION
    status = 422
    severity = Severity.WARNING
    message = "A business rule does not allow this"


class PayloadTooLargeError(AppError):
    """Refuse a body that is larger than the service takes."""

    error_code = ErrorCode.PAYLOAD_TOO_LARGE
    status = 413
    severity = Severity.WARNING
    message = "The request body is too large"


class DeadlineExceededError(AppError):
    """Give up on an answer that was not ready in time."""

    error_code = ErrorCode.DEADLINE_EXCEEDED
    status = 504
    severity = Severity.ERROR
    message = "The answer was not ready in time"


class _TryAgainLaterError(AppError):
    def __init__(
        self, message: str | None = None, *, retry_after_s: int | None = None, **options: Unpack[AppErrorOptions]
    ) -> None:
        super().__init__(message, **options)
        self.retry_after_s = retry_after_s
        if retry_after_s is not None:
            _set_default_header(self, "Retry-After", _checked_seconds(retry_after_s))


class RateLimitedError(_TryAgainLaterError):
    """Turn away a client that asks too often.

    Args:
        message: As in AppError.
        retry_after_s: Whole seconds, 0 or more, until another try may succeed: the `Retry-After` header (RFC 9110
            section 10.2.3). None sends no such header.
        **options: As in AppError.

    Raises:
        TypeError: `retry_after_s` is no int.
        ValueError: `retry_after_s` is negative.
    """

    error_code = ErrorCode.RATE_LIMITED
    status = 429
    severity = Severity.WARNING
    message = "Too many requests"


class ServiceUnavailableError(_TryAgainLaterError):
    """Say that the service cannot answer now: a dependency is down, a pool is exhausted. Takes `retry_after_s` too."""

    error_code = ErrorCode.SERVICE_UNAVAILABLE
    status = 503
    severity = Severity.ERROR
    message = "The service is unavailable for the moment"


def _set_default_header(error: AppError, name: str, value: str) -> None:
    if all(name.lower() != given.lower() for given, _ in error.headers):
        error.headers += ((name, value),)


def _checked_seconds(seconds: object) -> str:
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError(f"retry_after_s must be an int, not {type(seconds).__name__}")
    if seconds < 0:
        raise ValueError(f"retry_after_s must not be negative, not {seconds}")
    return str(int(seconds))
