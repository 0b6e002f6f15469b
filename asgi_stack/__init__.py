"""Cross-cutting concerns for any ASGI application: ids, logs, security headers, one error contract.

```python
from asgi_stack import wrap

application = wrap(app)
```

Names are imported when they are first used, so that a middleware used alone brings in only what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_stack.context import (
        CORRELATION_ID_HEADER,
        REQUEST_ID_HEADER,
        RequestContext,
        generate_correlation_id,
        run_in_executor,
    )
    from asgi_stack.exceptions import (
        AppError,
        BusinessRuleError,
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
    from asgi_stack.http_context import capture_request_context
    from asgi_stack.logging import configure_structlog, get_logger, log_context, log_exception
    from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware, NoResponseError
    from asgi_stack.middleware.health import HealthMiddleware
    from asgi_stack.middleware.lifespan import LifespanMiddleware
    from asgi_stack.middleware.request_context import RequestContextMiddleware
    from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
    from asgi_stack.middleware.security_headers import SecurityHeadersMiddleware
    from asgi_stack.outgoing import httpx_event_hooks
    from asgi_stack.pipeline import Pipeline, PipelineOrderError, Stage
    from asgi_stack.presets import default_pipeline, wrap
    from asgi_stack.redaction import SENSITIVE_FIELD_PATTERNS, Redactor, enrich_error, sanitize_context
    from asgi_stack.reporting import ErrorEvent, ErrorReporter
    from asgi_stack.response_checks import ProtocolError
    from asgi_stack.responses import DebugInfo, ErrorResponse, ServiceInfo
    from asgi_stack.settings import Settings, SettingsError
    from asgi_stack.validation import validate

__all__ = [
    "CORRELATION_ID_HEADER",
    "REQUEST_ID_HEADER",
    "SENSITIVE_FIELD_PATTERNS",
    "AppError",
    "BusinessRuleError",
    "ConflictError",
    "DeadlineExceededError",
    "DebugInfo",
    "ErrorCode",
    "ErrorEvent",
    "ErrorHandlerMiddleware",
    "ErrorReporter",
    "ErrorResponse",
    "ForbiddenError",
    "HealthMiddleware",
    "LifespanMiddleware",
    "NoResponseError",
    "NotFoundError",
    "PayloadTooLargeError",
    "Pipeline",
    "PipelineOrderError",
    "ProtocolError",
    "RateLimitedError",
    "Redactor",
    "RequestContext",
    "RequestContextMiddleware",
    "RequestLoggingMiddleware",
    "SecurityHeadersMiddleware",
    "ServiceInfo",
    "ServiceUnavailableError",
    "Settings",
    "SettingsError",
    "Severity",
    "Stage",
    "UnauthorizedError",
    "ValidationError",
    "capture_request_context",
    "configure_structlog",
    "default_pipeline",
    "enrich_error",
    "generate_correlation_id",
    "get_logger",
    "httpx_event_hooks",
    "log_context",
    "log_exception",
    "run_in_executor",
    "sanitize_context",
    "validate",
    "wrap",
]

__version__ = "0.1.0"

_MODULES = {
    "context": (
        "CORRELATION_ID_HEADER",
        "REQUEST_ID_HEADER",
        "RequestContext",
        "generate_correlation_id",
        "run_in_executor",
    ),
    "exceptions": (
        "AppError",
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
    ),
    "http_context": ("capture_request_context",),
    "logging": ("configure_structlog", "get_logger", "log_context", "log_exception"),
    "middleware.error_handler": ("ErrorHandlerMiddleware", "NoResponseError"),
    "middleware.health": ("HealthMiddleware",),
    "middleware.lifespan": ("LifespanMiddleware",),
    "middleware.request_context": ("RequestContextMiddleware",),
    "middleware.request_logging": ("RequestLoggingMiddleware",),
    "middleware.security_headers": ("SecurityHeadersMiddleware",),
    "outgoing": ("httpx_event_hooks",),
    "pipeline": ("Pipeline", "PipelineOrderError", "Stage"),
    "presets": ("default_pipeline", "wrap"),
    "redaction": ("SENSITIVE_FIELD_PATTERNS", "Redactor", "enrich_error", "sanitize_context"),
    "reporting": ("ErrorEvent", "ErrorReporter"),
    "response_checks": ("ProtocolError",),
    "responses": ("DebugInfo", "ErrorResponse", "ServiceInfo"),
    "settings": ("Settings", "SettingsError"),
    "validation": ("validate",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in _MODULE_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
