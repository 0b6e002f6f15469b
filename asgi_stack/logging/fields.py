"""Fields that a block of code adds to every log line written inside it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from asgi_stack.context import current_request
from asgi_stack.log_fields import bind_log_fields

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["log_context"]


@contextmanager
def log_context(**fields: object) -> Generator[None]:
    """Add fields to every log line written inside the block, in this task and those it starts.

    Blocks nest; an inner value hides an outer one of the same name and leaves with its block. Fields that should
    reach the request line belong to `RequestContext.bind` instead.
    """
    with bind_log_fields(current_request.get(), fields):
        yield
