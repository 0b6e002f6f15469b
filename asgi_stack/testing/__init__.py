"""Tools for tests of ASGI apps and layers; nothing here belongs into a running service."""

from __future__ import annotations

from asgi_stack.testing.client import ASGIClient
from asgi_stack.testing.client_errors import ASGIClientError, ASGITimeoutError, LifespanFailedError
from asgi_stack.testing.client_http import Response, ResponseStream
from asgi_stack.testing.client_websocket import WebSocketSession
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.drive import drive
from asgi_stack.testing.lint import ASGILint
from asgi_stack.testing.lint_rules import LINT_RULES, LintRule
from asgi_stack.testing.lint_violations import ASGIViolationError
from asgi_stack.testing.scopes import http_scope, lifespan_scope, websocket_scope

__all__ = [
    "LINT_RULES",
    "ASGIClient",
    "ASGIClientError",
    "ASGILint",
    "ASGITimeoutError",
    "ASGIViolationError",
    "Connection",
    "LifespanFailedError",
    "LintRule",
    "Response",
    "ResponseStream",
    "WebSocketSession",
    "drive",
    "http_scope",
    "lifespan_scope",
    "websocket_scope",
]
