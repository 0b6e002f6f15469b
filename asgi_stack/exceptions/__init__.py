"""Say what went wrong: one tree of errors with codes and severities. Nothing here imports the rest of the package.

Each name is made in a file of its own kind, and belongs to this module: tracebacks, pickles and fingerprints say
`asgi_stack.exceptions.NotFoundError`, wherever the class is written.
"""

from __future__ import annotations

from asgi_stack.exceptions.base import AppError, AppErrorOptions
from asgi_stack.exceptions.codes import ErrorCode, Severity
from asgi_stack.exceptions.specialised import (
    BusinessRuleError,
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

__all__ = [
    "AppError",
    "AppErrorOptions",
    "BusinessRuleError",
    "ConflictError",
    "DeadlineExceededError",
    "ErrorCode",
    "ForbiddenError",
    "NotFoundError",
    "PayloadTooLargeError",
    "RateLimitedError",
    "ServiceUnavailableError",
    "Severity",
    "UnauthorizedError",
    "ValidationError",
]

for _name in __all__:
    globals()[_name].__module__ = __name__
