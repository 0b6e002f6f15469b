"""Name what went wrong, and how much attention it deserves."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["ErrorCode", "Severity"]


class ErrorCode(StrEnum):
    """Name what went wrong, for programs: clients may rely on these values. A service's own codes are plain strings."""

    INTERNAL_ERROR = "INTERNAL_ERROR"
    """The service failed, and the client can do nothing about it. Status 500."""
    NO_RESPONSE = "NO_RESPONSE"
    """The application returned without an answer. Status 500."""
    HTTP_ERROR = "HTTP_ERROR"
    """An answer of a framework whose status has no code of its own here. Any status from 400."""
    BAD_REQUEST = "BAD_REQUEST"
    """The request could not be understood. Status 400."""
    UNAUTHORIZED = "UNAUTHORIZED"
    """The client has not proved who it is. Status 401."""
    FORBIDDEN = "FORBIDDEN"
    """The client is known and may not do this. Status 403."""
    NOT_FOUND = "NOT_FOUND"
    """What was asked for does not exist. Status 404."""
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    """The path exists, but not for this method. Status 405."""
    CONFLICT = "CONFLICT"
    """The request contradicts the present state. Status 409."""
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    """The body of the request is larger than the service takes. Status 413."""
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    """The body of the request is in a format that is not taken here. Status 415."""
    VALIDATION_ERROR = "VALIDATION_ERROR"
    """The data was understood, but it is not valid. Status 422."""
    BUSINESS_RULE_VIOLATION = "BUSINESS_RULE_VIOLATION"
    """The data is valid, but a rule of the service forbids the action. Status 422."""
    RATE_LIMITED = "RATE_LIMITED"
    """The client asked too often. Status 429."""
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    """The service cannot answer now, and may later. Status 503."""
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    """The answer was not ready in time. Status 504."""

    @classmethod
    def of_status(cls, status: int) -> ErrorCode:
        """Give the code that says the same as a status, `HTTP_ERROR` where none does."""
        return _OF_STATUS.get(status, cls.HTTP_ERROR)


class Severity(StrEnum):
    """Tell how much attention an error deserves; `Severity("warning")` is read without regard to case."""

    DEBUG = "DEBUG"
    """Of interest only to who looks for a fault."""
    INFO = "INFO"
    """Ordinary: a client asked for something that is not there."""
    WARNING = "WARNING"
    """The client's doing; many of them at once are worth a look."""
    ERROR = "ERROR"
    """The service failed; somebody should look into it."""
    CRITICAL = "CRITICAL"
    """The service is failing as a whole; somebody should be woken."""

    @property
    def log_level(self) -> int:
        """The number that the standard library's logging gives this level, 10 to 50."""
        return _LOG_LEVELS[self]

    @classmethod
    def _missing_(cls, value: object) -> Severity | None:
        return cls.__members__.get(value.upper()) if isinstance(value, str) else None


_OF_STATUS: Final = {
    400: ErrorCode.BAD_REQUEST,
    401: ErrorCode.UNAUTHORIZED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    409: ErrorCode.CONFLICT,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    422: ErrorCode.VALIDATION_ERROR,
    429: ErrorCode.RATE_LIMITED,
    500: ErrorCode.INTERNAL_ERROR,
    503: ErrorCode.SERVICE_UNAVAILABLE,
    504: ErrorCode.DEADLINE_EXCEEDED,
}

_LOG_LEVELS: Final = {
    Severity.DEBUG: 10,
    Severity.INFO: 20,
    Severity.WARNING: 30,
    Severity.ERROR: 40,
    Severity.CRITICAL: 50,
}
