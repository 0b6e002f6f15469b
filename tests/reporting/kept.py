"""A reporter for tests."""

from __future__ import annotations

from asgi_stack.reporting import ErrorEvent

__all__ = ["Kept"]


class Kept:
    """Keep what it is told.

    Attributes:
        events: All events so far, in order.
    """

    def __init__(self) -> None:
        self.events: list[ErrorEvent] = []

    def report(self, event: ErrorEvent) -> None:
        """Keep an event."""
        self.events.append(event)
