"""What the error layer lets leave: no start that a server would choke on, no second one, no body where none belongs."""

from __future__ import annotations

import pytest

from asgi_stack import ErrorHandlerMiddleware, NoResponseError, ProtocolError
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import START, sending
from tests.driver import exchange, websocket_scope
from tests.log_capture import LogLines


def swallowing(*messages: Message) -> ASGIApp:
    """Make an app that sends these, and that hides whatever a send raises."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            try:
                await send(message)
            except RuntimeError:
                continue

    return app


def start(**fields: object) -> Message:
    """Make a start with these fields."""
    return {"type": "http.response.start", "status": 200, "headers": [], **fields}


SERVER_ERROR: Message = {"type": "http.response.start", "status": 503, "headers": []}
BODY: Message = {"type": "http.response.body", "body": b"body"}


class TestOrder:
    """Messages in an order that no response has."""

    @pytest.mark.parametrize(
        "message",
        [
            pytest.param(BODY, id="body"),
            pytest.param({"type": "http.response.trailers", "headers": []}, id="trailers"),
            pytest.param({"type": "http.response.pathsend", "path": "/x"}, id="pathsend"),
        ],
    )
    async def test_before_the_start_is_answered_with_a_500(self, message: Message, log_lines: LogLines) -> None:
        """Nothing has left, so the client has a whole answer."""
        seen = await exchange(ErrorHandlerMiddleware(sending(message)))

        assert (seen.raised, seen.status) == (None, 500)
        (line,) = log_lines()
        assert line["exception_message"] == f"{message['type']} before http.response.start"

    @pytest.mark.parametrize("before", [(), (START,), (SERVER_ERROR,)], ids=["at-first", "started", "held"])
    @pytest.mark.parametrize("kind", ["websocket.send", "lifespan.startup.complete"])
    async def test_another_protocol_never_leaves(
        self, before: tuple[Message, ...], kind: str, log_lines: LogLines
    ) -> None:
        """A message of a websocket or of the lifespan is a breach at every moment."""
        seen = await exchange(ErrorHandlerMiddleware(sending(*before, {"type": kind})))

        assert kind not in [message["type"] for message in seen.sent]
        assert log_lines()[0]["exception_message"] == f"{kind} in an http response"

    async def test_second_start_never_leaves(self, log_lines: LogLines) -> None:
        """It is raised at who sent it, and the server is to cut the response."""
        seen = await exchange(ErrorHandlerMiddleware(sending(START, START, BODY)))

        assert str(seen.raised) == "a second http.response.start: the response has started already"
        assert [message["type"] for message in seen.sent] == ["http.response.start"]
        (line,) = log_lines()
        assert line["response_started"] is True

    async def test_second_start_of_a_held_response_is_answered(self, log_lines: LogLines) -> None:
        """Two starts of which none has left are a 500 of ours."""
        seen = await exchange(ErrorHandlerMiddleware(sending(start(status=503), start(status=500), BODY)))

        assert (seen.raised, seen.status, len(log_lines())) == (None, 500, 1)

    async def test_unknown_type_is_left_to_the_server(self) -> None:
        """An extension that this package does not know passes untouched."""
        hint: Message = {"type": "http.response.early_hint", "links": []}

        seen = await exchange(ErrorHandlerMiddleware(sending(hint, START, BODY)))

        assert seen.sent == [hint, START, BODY]

    async def test_type_that_the_server_refuses_is_answered(self) -> None:
        """A server that raises on an unknown type before anything has left still sends our answer."""

        def refuse(message: Message) -> None:
            if message["type"] == "http.response.strat":
                raise RuntimeError("unexpected message")

        seen = await exchange(ErrorHandlerMiddleware(sending({"type": "http.response.strat"})), on_send=refuse)

        assert (seen.raised, seen.status) == (None, 500)


class TestSwallowed:
    """An app that hides the exception of its send hides it from nobody else."""

    async def test_nothing_else_sent_is_answered(self, log_lines: LogLines) -> None:
        """The breach is the reason for the missing response."""
        seen = await exchange(ErrorHandlerMiddleware(swallowing(start(status=999))))

        assert (seen.raised, seen.status) == (None, 500)
        assert [line["event"] for line in log_lines()] == ["request_failed"]

    async def test_always_raises_it(self) -> None:
        """With `reraise="always"` a test learns of the breach that the app hid."""
        layer = ErrorHandlerMiddleware(swallowing(start(status=999)), reraise="always")

        raised = (await exchange(layer)).raised

        assert isinstance(raised, NoResponseError)
        assert isinstance(raised.__cause__, ProtocolError)

    async def test_complete_response_leaves_and_the_breach_is_logged(self, log_lines: LogLines) -> None:
        """A second start in a response that is finished all the same is one error line."""
        seen = await exchange(ErrorHandlerMiddleware(swallowing(START, START, BODY)))

        assert (seen.raised, seen.status, seen.body) == (None, 200, b"body")
        (line,) = log_lines()
        assert line["exception_type"] == "asgi_stack.response_checks.ProtocolError"

    async def test_wrapped_breach_is_told_once(self, log_lines: LogLines) -> None:
        """A framework that raises its own exception from ours has one line, with the chain."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await send(start(status=999))
            except RuntimeError as error:
                raise ValueError("wrapped") from error

        await exchange(ErrorHandlerMiddleware(app))

        (line,) = log_lines()
        assert line["exception_type"] == "ValueError"
        assert line["caused_by"][0]["type"] == "asgi_stack.response_checks.ProtocolError"


class TestWebSockets:
    """The handshake of a websocket is checked in the same way."""

    @pytest.mark.parametrize(
        "message",
        [
            pytest.param({"type": "websocket.accept", "headers": [(b"x-name", b"a\r\nb")]}, id="accept"),
            pytest.param({"type": "websocket.http.response.start", "status": 999}, id="denial"),
            pytest.param({"type": "http.response.start", "status": 200}, id="http"),
        ],
    )
    async def test_broken_handshake_is_denied(self, message: Message, log_lines: LogLines) -> None:
        """The client gets a denial of status 500, and the log names the breach."""
        seen = await exchange(ErrorHandlerMiddleware(sending(message)), websocket_scope())

        assert (seen.raised, seen.status) == (None, 500)
        (line,) = log_lines()
        assert line["exception_type"] == "asgi_stack.response_checks.ProtocolError"

    async def test_second_accept_closes_the_socket(self) -> None:
        """The client is told 1011, and the second accept never leaves."""
        accept: Message = {"type": "websocket.accept"}

        seen = await exchange(ErrorHandlerMiddleware(sending(accept, accept)), websocket_scope())

        assert [message["type"] for message in seen.sent] == ["websocket.accept", "websocket.close"]
        assert seen.sent[1]["code"] == 1011

    async def test_denial_after_the_accept_never_leaves(self) -> None:
        """A body of a denial on an open websocket closes it with 1011."""
        denial: Message = {"type": "websocket.http.response.body", "body": b"no"}

        seen = await exchange(ErrorHandlerMiddleware(sending({"type": "websocket.accept"}, denial)), websocket_scope())

        assert [message["type"] for message in seen.sent] == ["websocket.accept", "websocket.close"]

    async def test_long_reason_of_a_close_is_cut(self) -> None:
        """A control frame holds 123 bytes of it; a character is never cut in two."""
        close: Message = {"type": "websocket.close", "code": 4002, "reason": "\u20ac" * 100}

        seen = await exchange(ErrorHandlerMiddleware(sending(close)), websocket_scope())

        assert seen.sent == [{**close, "reason": "\u20ac" * 41}]

    async def test_swallowed_breach_is_logged(self, log_lines: LogLines) -> None:
        """An app that hides it has its line all the same."""
        accept: Message = {"type": "websocket.accept"}
        close: Message = {"type": "websocket.close"}

        seen = await exchange(ErrorHandlerMiddleware(swallowing(accept, accept, close)), websocket_scope())

        assert (seen.raised, seen.sent) == (None, [accept, close])
        assert len(log_lines()) == 1
