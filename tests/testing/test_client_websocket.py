"""The client's end of a websocket shows what the app does, and fails clearly where a test expects something else."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.testing.client_errors import ASGIClientError, ASGITimeoutError
from asgi_stack.testing.client_websocket import WebSocketSession
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import websocket_scope
from asgi_stack.types import AnyASGIApp, Message, Receive, Scope, Send
from tests.testing.client_apps import ACCEPT, call_of, sending, until_the_end

CLOSE: Message = {"type": "websocket.close", "code": 1008, "reason": "policy"}
HELLO: Message = {"type": "websocket.send", "text": "hello"}
DENIAL: Message = {"type": "websocket.http.response.start", "status": 429, "headers": [(b"retry-after", b"5")]}


def socket_to(app: AnyASGIApp, *, timeout_s: float = 5.0, raise_exceptions: bool = True) -> WebSocketSession:
    """Make a socket to an app."""
    connection = Connection(websocket_scope())
    return WebSocketSession(call_of(app, connection, timeout_s=timeout_s, raise_exceptions=raise_exceptions))


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Send back what comes, until the client leaves."""
    await receive()
    await send({**ACCEPT, "subprotocol": "chat", "headers": [(b"x-a", b"1")]})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


class TestOpen:
    """From connect to the app's answer."""

    async def test_accepted(self) -> None:
        """An accepted socket shows its subprotocol and headers."""
        async with socket_to(echo) as socket:
            assert (socket.accepted, socket.subprotocol, socket.header("X-A")) == (True, "chat", "1")
            assert (socket.denial, socket.close_code, socket.close_reason) == (None, None, None)

        assert socket.received[0] == {"type": "websocket.connect"}
        assert socket.received[-1] == {"type": "websocket.disconnect", "code": 1000, "reason": ""}

    async def test_closed(self) -> None:
        """A socket that is closed in place of an acceptance has a code and no response."""
        async with socket_to(sending(CLOSE)) as socket:
            assert (socket.accepted, socket.subprotocol, socket.denial) == (False, None, None)
            assert (socket.close_code, socket.close_reason) == (1008, "policy")

    async def test_close_without_a_code(self) -> None:
        """A close may leave out its code and its reason."""
        async with socket_to(sending({"type": "websocket.close"})) as socket:
            assert (socket.close_code, socket.close_reason) == (1000, "")

    async def test_denied(self) -> None:
        """A denial is a whole response."""
        parts: list[Message] = [
            {"type": "websocket.http.response.body", "body": b"slow ", "more_body": True},
            {"type": "websocket.http.response.body", "body": b"down"},
        ]
        async with socket_to(sending(DENIAL, *parts)) as socket:
            assert socket.denial is not None
            assert (socket.denial.status, socket.denial.body) == (429, b"slow down")
            assert (socket.accepted, socket.header("retry-after")) == (False, "5")

    async def test_error(self) -> None:
        """What an app raises in place of an answer is raised as the block is entered."""
        with pytest.raises(ValueError, match="refused"):
            async with socket_to(sending(then=ValueError("refused"))):
                pass

    async def test_error_is_kept(self) -> None:
        """With raise_exceptions=False the error is on the socket."""
        async with socket_to(sending(then=ValueError()), raise_exceptions=False) as socket:
            assert isinstance(socket.raised, ValueError)

    async def test_no_answer(self) -> None:
        """An app that does not answer fails in time, and is cancelled."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await until_the_end(receive)

        socket = socket_to(app, timeout_s=0.05)
        with pytest.raises(ASGITimeoutError, match=r"no websocket\.accept"):
            async with socket:
                pass

        assert isinstance(socket.raised, asyncio.CancelledError)


class TestMessages:
    """Messages in both directions."""

    async def test_text(self) -> None:
        """Text goes in and out."""
        async with socket_to(echo) as socket:
            await socket.send_text("hi")

            assert await socket.receive_text() == "hi"

    async def test_bytes(self) -> None:
        """Bytes go in and out."""
        async with socket_to(echo) as socket:
            await socket.send_bytes(b"\x00")

            assert await socket.receive_bytes() == b"\x00"

    async def test_json(self) -> None:
        """JSON goes as text, and may come as bytes."""
        async with socket_to(echo) as socket:
            await socket.send_json({"a": 1})
            await socket.send_bytes(b"[1]")

            assert [await socket.receive_json(), await socket.receive_json()] == [{"a": 1}, [1]]
            assert socket.received[1] == {"type": "websocket.receive", "text": '{"a": 1}'}

    async def test_message(self) -> None:
        """A message is the very object that the app sent."""
        async with socket_to(sending(ACCEPT, HELLO)) as socket:
            assert await socket.receive() is HELLO

    async def test_messages_before_the_close(self) -> None:
        """What was sent before a close or an error can still be received."""
        async with socket_to(sending(ACCEPT, HELLO, CLOSE)) as socket:
            assert await socket.wait_closed() == 1008
            assert await socket.receive_text() == "hello"


class TestExpectations:
    """What a test expects in vain."""

    async def test_other_kind(self) -> None:
        """Text is not taken for bytes, and the error shows what came."""
        async with socket_to(sending(ACCEPT, HELLO)) as socket:
            with pytest.raises(ASGIClientError, match=r"expected bytes, the app sent websocket\.send \(5 characters\)"):
                await socket.receive_bytes()

    async def test_text_after_the_close(self) -> None:
        """Nothing comes after a close, and the error tells its code."""
        async with socket_to(sending(ACCEPT, CLOSE)) as socket:
            with pytest.raises(ASGIClientError, match="closed the socket with 1008 'policy'"):
                await socket.receive_text()
            with pytest.raises(ASGIClientError, match="nothing can be sent"):
                await socket.send_text("a")

    async def test_text_after_the_end(self) -> None:
        """An app that returns without a close has ended, and the error shows what it sent."""
        async with socket_to(sending(ACCEPT)) as socket:
            with pytest.raises(ASGIClientError, match=r"the app sent: websocket\.accept and ended"):
                await socket.receive_text()
            with pytest.raises(ASGIClientError, match="expected a close"):
                await socket.wait_closed()

    async def test_send_after_ones_own_close(self) -> None:
        """Who closed the socket cannot send."""
        async with socket_to(echo) as socket:
            await socket.close()
            with pytest.raises(ASGIClientError, match="the client closed the socket"):
                await socket.send_bytes(b"")

    async def test_send_to_who_did_not_accept(self) -> None:
        """A socket that was denied is not open."""
        async with socket_to(sending(DENIAL)) as socket:
            with pytest.raises(ASGIClientError, match="nothing can be sent"):
                await socket.send_json({})

    async def test_error_while_open(self) -> None:
        """What an app raises while a message is expected is raised there, once."""
        async with socket_to(sending(ACCEPT, then=ValueError("open"))) as socket:
            with pytest.raises(ValueError, match="open"):
                await socket.receive()

        assert isinstance(socket.raised, ValueError)

    async def test_error_in_place_of_a_close(self) -> None:
        """What an app raises in place of a close is raised by wait_closed."""
        async with socket_to(sending(ACCEPT, then=ValueError("open"))) as socket:
            with pytest.raises(ValueError, match="open"):
                await socket.wait_closed()

        assert socket.close_code is None

    async def test_nothing_comes(self) -> None:
        """An app that stays silent fails in time."""
        with pytest.raises(ASGITimeoutError, match="no message within"):
            async with socket_to(echo, timeout_s=0.05) as socket:
                await socket.receive_text()


class TestClose:
    """The end of a socket."""

    async def test_code_and_reason(self) -> None:
        """The app is told why the client closed, and is over when close returns."""
        async with socket_to(echo) as socket:
            await socket.close(3000, "bye")

            assert socket.received[-1] == {"type": "websocket.disconnect", "code": 3000, "reason": "bye"}
            assert socket.connection.is_over

    async def test_error_of_the_app(self) -> None:
        """What an app raises because the client left is raised at the end of the block."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send(ACCEPT)
            raise ValueError((await receive())["type"])

        with pytest.raises(ValueError, match=r"websocket\.disconnect"):
            async with socket_to(app):
                pass

    async def test_failing_test_waits_for_nothing(self) -> None:
        """An error in the block goes on at once, and the app is cancelled."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(ACCEPT)
            await asyncio.Event().wait()

        with pytest.raises(KeyError):
            async with socket_to(app) as socket:
                raise KeyError

        assert isinstance(socket.raised, asyncio.CancelledError)
