"""What the tests of HTTP errors share."""

from __future__ import annotations

from asgi_stack.frameworks.http_errors import http_error_of
from asgi_stack.responses import ErrorAnswer

__all__ = ["starlette_error", "told"]


def told(error: BaseException) -> ErrorAnswer:
    """Give the answer of an error that must be recognised."""
    answer = http_error_of(error)
    assert answer is not None
    return answer


def starlette_error(**attributes: object) -> Exception:
    """Make a bare exception of Starlette's name with these attributes and no other."""
    made: type[Exception] = type("HTTPException", (Exception,), {"__module__": "starlette.exceptions", **attributes})
    return made()
