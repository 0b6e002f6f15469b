"""What has left, and whether the client is still there, as layers see it through an exchange."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from asgi_stack.exchange import HTTPExchange, WebSocketExchange
from asgi_stack.types import Message
from tests.bare_apps import START, never
from tests.driver import http_scope, websocket_scope

BODY: Message = {"type": "http.response.body"}


class Server:
    """A server that notes how the exchange stood while it had a message, and may raise instead of taking it."""

    def __init__(self, *incoming: Message, error: Exception | None = None) -> None:
        self.incoming = list(incoming)
        self.error = error
        self.exchange: HTTPExchange | WebSocketExchange | None = None
        self.seen: list[tuple[bool, bool]] = []

    async def receive(self) -> Message:
        """Give the next message."""
        return self.incoming.pop(0)

    async def send(self, message: Message) -> None:
        """Take a message."""
        assert self.exchange is not None
        self.seen.append((self.exchange.started, self.exchange.complete))
        if self.error is not None:
            raise self.error

    def http(self, version: str = "2.4") -> HTTPExchange:
        """Begin an http exchange with this server."""
        scope = http_scope(asgi={"version": "3.0", "spec_version": version})
        self.exchange = HTTPExchange(scope, self.receive, self.send)
        return self.exchange

    def websocket(self) -> WebSocketExchange:
        """Begin a websocket with this server."""
        self.exchange = WebSocketExchange(websocket_scope(), self.receive, self.send)
        return self.exchange


class TestOneForTwoLayers:
    """Layers next to each other share one exchange."""

    def test_what_watches_already_is_taken(self) -> None:
        """Where both of its functions are handed on, a second exchange would see the same."""
        outer = Server().http()

        assert HTTPExchange.of(http_scope(), outer.receive, outer.send) is outer

    def test_function_between_is_watched_anew(self) -> None:
        """A layer between may answer by itself, or keep a disconnect to itself."""
        server = Server()
        outer = server.http()

        made = [
            HTTPExchange.of(http_scope(), server.receive, outer.send),
            HTTPExchange.of(http_scope(), outer.receive, server.send),
            HTTPExchange.of(http_scope(), never, server.send),
        ]

        assert all(type(each) is HTTPExchange and each is not outer for each in made)


class TestHTTPExchange:
    """An http request's response."""

    @pytest.mark.parametrize("version", ["2.3", "2.4"])
    async def test_started_before_and_complete_after_the_server(self, version: str) -> None:
        """A start counts when it is handed out, an end when it was taken."""
        server = Server()
        exchange = server.http(version)

        await exchange.send(START)
        await exchange.send({**BODY, "more_body": True})
        await exchange.send(BODY)

        assert server.seen == [(True, False)] * 3
        assert (exchange.started, exchange.complete, exchange.left) == (True, True, False)

    async def test_end_that_the_server_refuses(self) -> None:
        """A last message that raised did not complete the response."""
        exchange = Server(error=RuntimeError("too short")).http()

        with pytest.raises(RuntimeError):
            await exchange.send(BODY)

        assert (exchange.complete, exchange.left) == (False, False)

    @pytest.mark.parametrize("message", [START, {**BODY, "more_body": True}, BODY])
    async def test_oserror_means_that_the_client_left(self, message: Message) -> None:
        """From version 2.4 of the spec on, whatever was sent."""
        exchange = Server(error=OSError("gone")).http()

        with pytest.raises(OSError, match="gone"):
            await exchange.send(message)

        assert (exchange.complete, exchange.left) == (False, True)

    async def test_trailers_end_a_response_that_announced_them(self) -> None:
        """The last body does not."""
        exchange = Server().http()

        await exchange.send({**START, "trailers": True})
        await exchange.send(BODY)
        after_body = exchange.complete
        await exchange.send({"type": "http.response.trailers", "headers": []})

        assert (after_body, exchange.complete) == (False, True)

    async def test_disconnect_counts_while_the_response_is_incomplete(self) -> None:
        """Before its end the client left, after its end that is how every exchange ends."""
        gone: Message = {"type": "http.disconnect"}
        early, late = Server(gone).http(), Server(gone).http()

        await early.receive()
        await late.send(START)
        await late.send(BODY)
        await late.receive()

        assert (early.left, late.left) == (True, False)

    async def test_send_hands_out_the_servers_awaitable(self) -> None:
        """Before version 2.4 nothing is put around a message in the middle."""
        made: list[Awaitable[None]] = []
        server = Server()

        def send(message: Message) -> Awaitable[None]:
            made.append(server.send(message))
            return made[-1]

        server.exchange = exchange = HTTPExchange(http_scope(), never, send)
        given = exchange.send(START)
        await given

        assert given is made[0]


class TestWebSocketExchange:
    """A websocket."""

    @pytest.mark.parametrize(
        ("messages", "state"),
        [
            ([{"type": "websocket.accept"}], (True, True, False)),
            ([{"type": "websocket.accept"}, {"type": "websocket.send", "text": "a"}], (True, True, False)),
            ([{"type": "websocket.accept"}, {"type": "websocket.close"}], (True, True, True)),
            ([{"type": "websocket.close"}], (False, True, True)),
            ([{"type": "websocket.http.response.start", "status": 403}], (False, True, False)),
            ([{"type": "websocket.http.response.body"}], (False, False, True)),
            ([{"type": "websocket.example"}], (False, False, False)),
        ],
    )
    async def test_state_after_messages(self, messages: list[Message], state: tuple[bool, bool, bool]) -> None:
        """Accepted, started and complete follow what was sent."""
        exchange = Server().websocket()

        for message in messages:
            await exchange.send(message)

        assert (exchange.accepted, exchange.started, exchange.complete) == state
        assert exchange.left is False

    async def test_oserror_means_that_the_client_left(self) -> None:
        """A close that raised did not complete the socket."""
        exchange = Server(error=OSError("gone")).websocket()

        with pytest.raises(OSError, match="gone"):
            await exchange.send({"type": "websocket.close"})

        assert (exchange.complete, exchange.left) == (False, True)

    async def test_disconnect_counts_while_the_socket_is_open(self) -> None:
        """After the app's own close it is only the answer to it."""
        gone: Message = {"type": "websocket.disconnect", "code": 1000}
        early, late = Server(gone).websocket(), Server(gone).websocket()

        await early.receive()
        await late.send({"type": "websocket.close"})
        await late.receive()

        assert (early.left, late.left) == (True, False)
