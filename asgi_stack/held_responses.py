"""Look at a response from 500 on that was held back: whose it is, and what may stand in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.error_mapping import Mapped
from asgi_stack.exceptions import ErrorCode, Severity
from asgi_stack.responses import INTERNAL_ERROR, ErrorAnswer
from asgi_stack.status_phrases import phrase_of

if TYPE_CHECKING:
    from asgi_stack.frameworks.default_bodies import DefaultBodies
    from asgi_stack.guarded_exchange import HeldResponse
    from asgi_stack.types import Scope

__all__ = ["answer_in_place_of", "answer_to_held", "is_default_response"]

_KEPT_HEADERS: Final = (b"retry-after", b"allow", b"www-authenticate")
"""What a client acts on, whatever the body says (RFC 9110 sections 10.2.1, 10.2.3 and 11.6.1)."""


def is_default_response(bodies: DefaultBodies, held: HeldResponse, scope: Scope) -> bool:
    """Tell whether a framework wrote the body by default, and not the app.

    A response to HEAD has no body, but the length of the one that GET would have: that is compared instead.
    """
    if held.size or scope.get("method") != "HEAD":
        return bodies.matches(held.status, held.body)
    length = held.values(b"content-length")
    return len(length) == 1 and length[0].isdigit() and bodies.matches_length(held.status, int(length[0]))


def answer_to_held(held: HeldResponse, mapped: Mapped | None) -> Mapped:
    """Give what takes the place of a held response.

    Args:
        held: The response.
        mapped: What its exception comes to; None where that is not known.

    An exception that tells nothing of itself must not cost what the app said: a deliberate 503 stays one.
    """
    if mapped is None:
        return Mapped(answer_in_place_of(held))
    if mapped.answer is INTERNAL_ERROR and held.status != INTERNAL_ERROR.status:
        return mapped._replace(answer=answer_in_place_of(held))
    return mapped


def answer_in_place_of(held: HeldResponse) -> ErrorAnswer:
    """Give the answer that says no more than the held status, and keeps the headers that clients act on."""
    headers = [(name, value) for name in _KEPT_HEADERS for value in held.values(name)]
    code = ErrorCode.of_status(held.status)
    return ErrorAnswer(held.status, code, phrase_of(held.status), Severity.ERROR, headers=headers)
