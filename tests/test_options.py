"""Every wrong option of every layer fails when the layer is made, and is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from asgi_stack import (
    ErrorHandlerMiddleware,
    LifespanMiddleware,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
)
from tests.bare_apps import raising

LAYERS: list[Callable[..., object]] = [
    ErrorHandlerMiddleware,
    LifespanMiddleware,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("app", [None, "module:app", 5])
def test_app_must_be_callable(layer: Callable[..., object], app: object) -> None:
    """Something that cannot be called is no application, for any layer."""
    with pytest.raises(TypeError, match="app must be an ASGI application"):
        layer(app)


@pytest.mark.parametrize(
    ("layer", "option", "value"),
    [
        (RequestContextMiddleware, "trust_inbound", "false"),
        (RequestContextMiddleware, "sources", 5),
        (RequestContextMiddleware, "sources", ()),
        (RequestContextMiddleware, "generate", 5),
        (RequestLoggingMiddleware, "redactor", "x"),
        (RequestLoggingMiddleware, "slow_after_s", "1"),
        (RequestLoggingMiddleware, "slow_after_s", True),
        (RequestLoggingMiddleware, "exclude_paths", 5),
        (RequestLoggingMiddleware, "sensitive_paths", [5]),
        (RequestLoggingMiddleware, "request_started", None),
        (ErrorHandlerMiddleware, "redactor", "x"),
        (ErrorHandlerMiddleware, "service_info", {"name": "orders"}),
        (ErrorHandlerMiddleware, "environment", "prod"),
        (LifespanMiddleware, "shutdown_timeout_s", True),
        (LifespanMiddleware, "shutdown_timeout_s", "10"),
        (LifespanMiddleware, "resources", None),
        (SecurityHeadersMiddleware, "preset", []),
        (SecurityHeadersMiddleware, "overrides", "x"),
    ],
)
def test_wrong_option_is_named(layer: Callable[..., object], option: str, value: object) -> None:
    """The message begins with the option's name."""
    with pytest.raises((TypeError, ValueError), match=f"^{option}"):
        layer(raising(ValueError()), **{option: value})


def test_wrong_secret_is_not_shown() -> None:
    """A value under a sensitive name is refused without being repeated."""
    with pytest.raises(ValueError, match="X-Api-Key") as refused:
        SecurityHeadersMiddleware(raising(ValueError()), overrides={"X-Api-Key": "CANARY-1\n"})

    assert "CANARY" not in str(refused.value)
