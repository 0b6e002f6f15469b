"""The scopes of a client are those of the server that it imitates."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from asgi_stack.testing.client_server import ClientServer
from asgi_stack.types import Scope


def made(
    extensions: Mapping[str, object] | None = None,
    server: tuple[str, int | None] = ("testserver", 80),
    spec_version: str = "2.3",
) -> ClientServer:
    """Make a server."""
    return ClientServer(client=None, server=server, extensions=extensions, spec_version=spec_version)


def websocket(server: ClientServer) -> Scope:
    """Make the scope of a websocket."""
    return server.websocket_scope("/chat?a=1", ("v1", "v2"), "b=2", {"X-A": "1"}, {"pool": 1})


class TestHTTP:
    """ClientServer.http_request."""

    def test_scope(self) -> None:
        """Target, headers, addresses and state are where apps look for them."""
        scope, body = made(spec_version="2.5").http_request(
            "POST", "/k%C3%A4se?a=1", {"body": b"x", "headers": {"X-A": "1"}}, {"pool": 1}
        )

        assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/käse", b"/k%C3%A4se")
        assert scope["query_string"] == b"a=1"
        assert scope["headers"] == [(b"host", b"testserver:80"), (b"content-length", b"1"), (b"x-a", b"1")]
        assert (scope["client"], scope["server"], scope["state"]) == (None, ("testserver", 80), {"pool": 1})
        assert scope["asgi"] == {"version": "3.0", "spec_version": "2.5"}
        assert body == [{"type": "http.request", "body": b"x", "more_body": False}]

    def test_overrides(self) -> None:
        """Keys of the scope are replaced last."""
        scope, _ = made().http_request("GET", "/", {"scope": {"path": "/other", "extra": 1}}, {})

        assert (scope["path"], scope["raw_path"], scope["extra"]) == ("/other", b"/", 1)

    def test_unknown_option(self) -> None:
        """A misspelt option is refused, also where no type checker runs."""
        with pytest.raises(TypeError, match="no option header"):
            made().http_request("GET", "/", {"header": {}}, {})  # type: ignore[typeddict-unknown-key]

    def test_undecodable_path(self) -> None:
        """Bytes that are no UTF-8 are replaced in the path, as uvicorn does."""
        scope, _ = made().http_request("GET", "/%ff", {}, {})

        assert (scope["path"], scope["raw_path"]) == ("/\ufffd", b"/%ff")

    def test_unix_socket(self) -> None:
        """A server without a port has a host all the same."""
        scope, _ = made(server=("/run/app.sock", None)).http_request("GET", "/", {}, {})

        assert scope["headers"] == [(b"host", b"/run/app.sock")]


class TestWebSocket:
    """ClientServer.websocket_scope."""

    def test_scope(self) -> None:
        """A websocket's scope has all that of a request, and what the client offers."""
        scope = websocket(made())

        assert (scope["type"], scope["path"], scope["query_string"]) == ("websocket", "/chat", b"a=1&b=2")
        assert scope["subprotocols"] == ["v1", "v2"]
        assert scope["headers"] == [(b"host", b"testserver:80"), (b"x-a", b"1")]
        assert scope["state"] == {"pool": 1}

    def test_one_text_as_subprotocols(self) -> None:
        """One text is no sequence of subprotocols."""
        with pytest.raises(ValueError, match="subprotocols"):
            made().websocket_scope("/", "chat", "", (), {})


class TestExtensions:
    """The extensions that scopes offer."""

    def test_default(self) -> None:
        """A websocket may be denied with a response; requests have no extension."""
        assert "extensions" not in made().http_request("GET", "/", {}, {})[0]
        assert websocket(made())["extensions"] == {"websocket.http.response": {}}

    def test_given(self) -> None:
        """Given extensions are exactly what is offered, and each scope has its own."""
        server = made(extensions={"http.response.trailers": {}})
        scope, _ = server.http_request("GET", "/", {}, {})

        assert scope["extensions"] == websocket(server)["extensions"] == {"http.response.trailers": {}}
        assert scope["extensions"] is not websocket(server)["extensions"]
