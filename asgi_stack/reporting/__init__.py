"""Tell somebody of errors: what a reporter is given, and how a failing one is kept from doing harm."""

from __future__ import annotations

from asgi_stack.reporting.base import ErrorEvent, ErrorReporter

__all__ = ["ErrorEvent", "ErrorReporter"]
