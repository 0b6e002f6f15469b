"""The server that a client imitates: it makes the scopes and the messages of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from asgi_stack.options import strings_of
from asgi_stack.testing.client_request import RequestOptions, body_headers, body_of, header_bytes, split_target
from asgi_stack.testing.scopes import http_scope, websocket_scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asgi_stack.testing.client_request import Headers, Query
    from asgi_stack.types import Header, Message, Scope

__all__ = ["ClientServer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientServer:
    """What every scope of a client says.

    Attributes:
        client: Address and port of the client.
        server: Address and port of the server, which make the `host` header.
        extensions: What the scopes offer, in place of the usual.
        spec_version: Version of the http and websocket spec.
    """

    client: tuple[str, int] | None
    server: tuple[str, int | None]
    extensions: Mapping[str, object] | None
    spec_version: str

    def http_request(
        self, method: str, path: str, options: RequestOptions, state: dict[str, object]
    ) -> tuple[Scope, list[Message]]:
        """Give a request's scope and the messages of its body.

        Args:
            method: In upper case.
            path: With or without a query.
            options: The rest of the request.
            state: The lifespan's state, a copy.

        Raises:
            TypeError: An option is unknown or of a wrong type.
            ValueError: The path does not begin with a slash, or a header is not latin-1.
        """
        if unknown := options.keys() - RequestOptions.__annotations__.keys():
            raise TypeError(f"a request has no option {', '.join(sorted(unknown))}")
        body = body_of(options)
        headers = header_bytes(options.get("headers", ()), [self._host(), *body_headers(method, options, body)])
        facts = self._facts(path, options.get("query", ""), state)
        return {**http_scope(headers=headers), "method": method, **facts, **options.get("scope", {})}, body

    def websocket_scope(
        self, path: str, subprotocols: Sequence[str], query: Query, headers: Headers, state: dict[str, object]
    ) -> Scope:
        """Give a websocket's scope; arguments and errors as in `http_request`."""
        offered = header_bytes(headers, [self._host()])
        protocols = strings_of("subprotocols", subprotocols)
        return {**websocket_scope(headers=offered), "subprotocols": list(protocols), **self._facts(path, query, state)}

    def _facts(self, target: str, query: Query, state: dict[str, object]) -> dict[str, object]:
        raw_path, query_string = split_target(target, query)
        offered = {} if self.extensions is None else {"extensions": dict(self.extensions)}
        return {
            "asgi": {"version": "3.0", "spec_version": self.spec_version},
            "path": unquote(raw_path.decode("ascii")),
            "raw_path": raw_path,
            "query_string": query_string,
            "client": self.client,
            "server": self.server,
            "state": state,
            **offered,
        }

    def _host(self) -> Header:
        name, port = self.server
        return b"host", (name if port is None else f"{name}:{port}").encode("latin-1")
