"""Look at a response from 500 on that was held back: whose it is, and what may stand in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.exceptions import ErrorCode, Severity
from asgi_stack.responses import ErrorAnswer, phrase_of

if TYPE_CHECKING:
    from asgi_stack.frameworks.default_bodies import DefaultBodies
    from asgi_stack.guarded_exchange import HeldResponse
    from asgi_stack.types import Scope

__all__ = ["answer_in_place_of", "is_default_response"]

_KEPT_HEADERS: Final = (b"retry-after", b"allow", b"www-authenticate")
"""What a client acts on, whatever the body says (RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1)."""

_CODES: Final = {
    500: ErrorCode.INTERNAL_ERROR,
    503: ErrorCode.SERVICE_UNAVAILABLE,
    504: ErrorCode.DEADLINE_EXCEEDED,
}


def is_default_response(bodies: DefaultBodies, held: HeldResponse, scope: Scope) -> bool:
    """Tell whether a framework wrote the body by default, and not the app.

    A response to HEAD has no body, but the length of the one that GET would have: that is compared instead.
    """
    if held.size or scope.get("method") != "HEAD":
        return bodies.matches(held.status, held.body)
    length = held.values(b"content-length")
    return len(length) == 1 and length[0].isdigit() and bodies.matches_length(held.status, int(length[0]))


def answer_in_place_of(held: HeldResponse) -> ErrorAnswer:
    """Give the answer that says no more than the held status, and keeps the headers that clients act on."""
    headers = [(name, value) for name in _KEPT_HEADERS for value in held.values(name)]
    code = _CODES.get(held.status, ErrorCode.HTTP_ERROR)
    return ErrorAnswer(held.status, code, phrase_of(held.status), Severity.ERROR, headers=headers)
