"""What can be asked of any connection."""

from __future__ import annotations

import pytest

from asgi_stack.testing.client_errors import ASGIClientError
from asgi_stack.testing.client_outcome import Outcome
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import http_scope
from asgi_stack.types import Header
from tests.testing.client_apps import END, START, sending


async def outcome_of(*headers: Header, then: BaseException | None = None) -> Outcome:
    """Run an app that answers with these headers."""
    connection = Connection(http_scope(), [{"type": "http.request"}])
    await connection.run(sending({**START, "headers": list(headers)}, END, then=then))
    return Outcome(connection)


class TestOutcome:
    """Outcome."""

    async def test_view(self) -> None:
        """It shows all that the connection noted."""
        error = ValueError()
        outcome = await outcome_of(then=error)
        connection = outcome.connection

        assert outcome.messages is connection.messages
        assert outcome.received is connection.received
        assert (outcome.returned, outcome.raised, outcome.is_complete) == (None, error, True)

    async def test_values(self) -> None:
        """Values of a header are found whatever the case, in order."""
        outcome = await outcome_of((b"Set-Cookie", b"a"), (b"x", b"y"), (b"set-cookie", b"\xe4"))

        assert outcome.values("SET-cookie") == ["a", "ä"]
        assert outcome.values("other") == []

    async def test_header(self) -> None:
        """A header that is there once is given as text."""
        assert (await outcome_of((b"X-Request-ID", b"abc"))).header("x-request-id") == "abc"

    @pytest.mark.parametrize("headers", [[], [(b"a", b"1"), (b"A", b"1")]], ids=["none", "two"])
    async def test_header_not_once(self, headers: list[Header]) -> None:
        """A missing header fails the test, and so does one that is there twice, with all headers shown."""
        outcome = await outcome_of(*headers)

        with pytest.raises(ASGIClientError, match="expected the header 'a' once") as failure:
            outcome.header("a")

        assert str(headers) in str(failure.value)

    async def test_repr(self) -> None:
        """A failing assertion shows what the app did."""
        outcome = await outcome_of(then=ValueError("late"))

        assert repr(outcome) == (
            "<Outcome: http.response.start (200), http.response.body (3 bytes), and raised ValueError('late')>"
        )
