"""Errors of the client tell what the app sent."""

from __future__ import annotations

import pytest

from asgi_stack.testing.client_errors import ASGIClientError, ASGITimeoutError, LifespanFailedError, summary_of
from asgi_stack.types import Message


class TestErrors:
    """The tree of errors."""

    @pytest.mark.parametrize("kind", [ASGITimeoutError, LifespanFailedError])
    def test_all_fail_a_test(self, kind: type[Exception]) -> None:
        """Each is an ASGIClientError, which is a failed assertion."""
        assert issubclass(kind, ASGIClientError)
        assert issubclass(kind, AssertionError)

    def test_timeout_is_a_timeout(self) -> None:
        """What waits for TimeoutError gets it."""
        assert isinstance(ASGITimeoutError("late"), TimeoutError)
        assert str(ASGITimeoutError("late")) == "late"


class TestSummary:
    """summary_of."""

    @pytest.mark.parametrize(
        ("message", "text"),
        [
            ({"type": "http.response.start", "status": 200, "headers": []}, "http.response.start (200)"),
            ({"type": "http.response.body", "body": b"abc"}, "http.response.body (3 bytes)"),
            ({"type": "http.response.body"}, "http.response.body"),
            ({"type": "websocket.send", "text": "ab", "bytes": None}, "websocket.send (2 characters)"),
            ({"type": "websocket.close", "code": 1008, "reason": "no"}, "websocket.close (1008)"),
            ({"type": "lifespan.startup.failed", "message": "no disk"}, "lifespan.startup.failed ('no disk')"),
            ({}, "None"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_one_message(self, message: Message, text: str) -> None:
        """A message is its type with what matters most."""
        assert summary_of([message]) == text

    def test_nothing(self) -> None:
        """No message is a summary, too."""
        assert summary_of([]) == "nothing"

    def test_many(self) -> None:
        """A stream of thousands is one short line."""
        summary = summary_of([{"type": "http.response.body", "body": b"a"}] * 5000)

        assert summary.endswith("http.response.body (1 bytes) and 4990 more")
        assert len(summary) < 400
