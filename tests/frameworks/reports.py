"""What reporters were told, for the tests of all frameworks."""

from __future__ import annotations

from asgi_stack.reporting import ErrorEvent


class Reports:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[ErrorEvent] = []

    def report(self, event: ErrorEvent) -> None:
        """Keep it."""
        self.events.append(event)
