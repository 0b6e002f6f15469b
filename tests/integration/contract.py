"""What every response of a wrapped app has, as assertions."""

from __future__ import annotations

from typing import Final

from tests.integration.apps import SECRET
from tests.integration.wire import Response

SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": (
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
    ),
    "x-permitted-cross-domain-policies": "none",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
}


def assert_headers(response: Response, correlation_id: str) -> None:
    """See that the ids and all security headers are there, each once."""
    assert response.value("x-correlation-id") == correlation_id
    assert response.value("x-request-id")
    assert {name: response.values(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }


def assert_error(response: Response, status: int, error_code: str, correlation_id: str) -> None:
    """See that the response is a whole ErrorResponse, in its body as in its headers, and gives nothing away."""
    assert_headers(response, correlation_id)
    assert response.is_complete
    assert response.status == status
    assert response.value("content-type") == "application/json"
    assert response.value("content-length") == str(len(response.body))
    assert response.value("cache-control") == "no-store"
    body = response.json()
    assert body["error_code"] == error_code
    assert body["correlation_id"] == correlation_id
    assert body["request_id"] == response.value("x-request-id")
    assert "debug_info" not in body
    assert SECRET.encode() not in response.raw
