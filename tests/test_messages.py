"""What ends a response, and which servers' send may raise."""

from __future__ import annotations

import pytest

from asgi_stack.messages import ends_response, send_may_raise
from asgi_stack.types import Message
from tests.driver import http_scope


class TestEndsResponse:
    """The message after which nothing follows."""

    @pytest.mark.parametrize(
        ("message", "ends"),
        [
            ({"type": "http.response.body"}, True),
            ({"type": "http.response.body", "body": b"a", "more_body": False}, True),
            ({"type": "http.response.body", "body": b"a", "more_body": True}, False),
            ({"type": "websocket.http.response.body", "body": b"a"}, True),
            ({"type": "websocket.http.response.body", "body": b"a", "more_body": True}, False),
            ({"type": "http.response.pathsend", "path": "/a"}, True),
            ({"type": "http.response.zerocopysend", "file": 3}, True),
            ({"type": "http.response.zerocopysend", "file": 3, "more_body": True}, False),
            ({"type": "http.response.trailers", "headers": []}, True),
            ({"type": "http.response.trailers", "headers": [], "more_trailers": True}, False),
            ({"type": "http.response.start", "status": 200}, False),
            ({"type": "http.response.early_hint", "links": []}, False),
            ({"type": "http.response.push", "path": "/a", "headers": []}, False),
            ({"type": "websocket.send", "text": "a"}, False),
            ({"type": "example.unknown"}, False),
        ],
    )
    def test_without_trailers(self, message: Message, *, ends: bool) -> None:
        """Without announced trailers the last body ends a response, in each of its forms."""
        assert ends_response(message, trailers=False) is ends

    @pytest.mark.parametrize(
        ("message", "ends"),
        [
            ({"type": "http.response.body"}, False),
            ({"type": "http.response.pathsend", "path": "/a"}, False),
            ({"type": "http.response.zerocopysend", "file": 3}, False),
            ({"type": "http.response.trailers", "headers": [], "more_trailers": True}, False),
            ({"type": "http.response.trailers", "headers": []}, True),
        ],
    )
    def test_with_trailers(self, message: Message, *, ends: bool) -> None:
        """Once a start announced trailers, only the last of them ends the response."""
        assert ends_response(message, trailers=True) is ends


class TestSendMayRaise:
    """Which servers raise OSError once the client has gone."""

    @pytest.mark.parametrize("version", ["2.0", "2.1", "2.2", "2.3"])
    def test_older_servers_drop(self, version: str) -> None:
        """Before version 2.4 of the spec a message to a client that left is dropped."""
        assert send_may_raise(http_scope(asgi={"version": "3.0", "spec_version": version})) is False

    @pytest.mark.parametrize("version", ["2.4", "2.5", "2.10", "3.0"])
    def test_newer_servers_raise(self, version: str) -> None:
        """From version 2.4 on send may raise."""
        assert send_may_raise(http_scope(asgi={"version": "3.0", "spec_version": version})) is True

    def test_unknown_version_is_taken_for_new(self) -> None:
        """A scope without a version, or without the key `asgi`, is watched to be safe."""
        bare = http_scope()
        del bare["asgi"]

        assert send_may_raise(bare) is True
        assert send_may_raise(http_scope(asgi={"version": "3.0"})) is True
