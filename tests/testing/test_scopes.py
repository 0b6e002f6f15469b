"""Scopes are those of a server."""

from __future__ import annotations

from asgi_stack.testing.scopes import http_scope, lifespan_scope, websocket_scope


class TestScopes:
    """http_scope, websocket_scope and lifespan_scope."""

    def test_http(self) -> None:
        """The raw path follows the path, and other keys replace or add."""
        scope = http_scope("/ä", headers=[(b"a", b"1")], method="PUT", extra=1)

        assert scope["type"] == "http"
        assert (scope["path"], scope["raw_path"]) == ("/ä", "/ä".encode())
        assert (scope["headers"], scope["method"], scope["extra"]) == ([(b"a", b"1")], "PUT", 1)

    def test_websocket(self) -> None:
        """A websocket has no method, and may be denied with a response."""
        scope = websocket_scope("/chat", subprotocols=["a"])

        assert (scope["type"], scope["scheme"], scope["subprotocols"]) == ("websocket", "ws", ["a"])
        assert "method" not in scope
        assert scope["extensions"] == {"websocket.http.response": {}}

    def test_lifespan(self) -> None:
        """A lifespan carries the state that the app fills."""
        state: dict[str, object] = {}

        assert lifespan_scope(state=state)["state"] is state

    def test_nothing_is_shared(self) -> None:
        """What an app changes in one scope is not seen in the next."""
        http_scope()["state"]["a"] = 1
        websocket_scope()["extensions"].clear()

        assert http_scope()["state"] == {}
        assert websocket_scope()["extensions"]
