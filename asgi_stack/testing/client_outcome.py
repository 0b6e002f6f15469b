"""What can be asked of any connection: its messages, how the app ended, and the headers it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.testing.client_errors import ASGIClientError, summary_of

if TYPE_CHECKING:
    from asgi_stack.testing.connection import Connection
    from asgi_stack.types import Header, Message

__all__ = ["Outcome"]


class Outcome:
    """What an app did with one connection; it grows while the app runs.

    Args:
        connection: The server's end of the call.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.summary}>"

    @property
    def summary(self) -> str:
        """What the app sent and raised, in one line."""
        raised = "" if self.raised is None else f", and raised {self.raised!r}"
        return f"{summary_of(self.messages)}{raised}"

    @property
    def messages(self) -> list[Message]:
        """All messages that the app sent, in order: the very objects."""
        return self.connection.messages

    @property
    def received(self) -> list[Message]:
        """All messages that the app was given, in order."""
        return self.connection.received

    @property
    def returned(self) -> object:
        """What the app returned."""
        return self.connection.returned

    @property
    def raised(self) -> BaseException | None:
        """What the app raised."""
        return self.connection.raised

    @property
    def is_complete(self) -> bool:
        """Whether the app sent the message that ends the response or the websocket."""
        return self.connection.is_complete

    @property
    def headers(self) -> list[Header]:
        """All headers that the app sent, pairs of bytes, as they stood when they were sent."""
        return self.connection.headers

    def values(self, name: str) -> list[str]:
        """Give every value of a header, in order; names are compared without case."""
        wanted = name.lower().encode("latin-1")
        return [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]

    def header(self, name: str) -> str:
        """Give the value of a header that is there exactly once.

        Raises:
            ASGIClientError: It is missing, or there more than once.
        """
        values = self.values(name)
        if len(values) != 1:
            raise ASGIClientError(f"expected the header {name!r} once, found {values} in {self.headers}")
        return values[0]
