"""The server's end of a call gives, takes and remembers messages as servers do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import http_scope, lifespan_scope, websocket_scope
from asgi_stack.types import Header, Message, Receive, Scope, Send
from tests.testing.client_apps import ACCEPT, END, START, part, sending, until_the_end

NEWER = {"version": "3.0", "spec_version": "2.4"}
GONE: Message = {"type": "http.disconnect"}


class TestRun:
    """Connection.run."""

    async def test_everything_is_noted(self) -> None:
        """Messages are the very objects, in both directions; the return value is kept."""
        request: Message = {"type": "http.request"}
        connection = Connection(http_scope(), [request])

        async def app(scope: Scope, receive: Receive, send: Send) -> object:
            await receive()
            await send(START)
            await send(END)
            return scope

        await connection.run(app)

        assert [id(message) for message in connection.messages] == [id(START), id(END)]
        assert connection.received[0] is request
        assert connection.returned is connection.scope
        assert connection.raised is None
        assert (connection.is_complete, connection.is_over, connection.is_disconnected) == (True, True, False)

    @pytest.mark.parametrize("error", [ValueError(), asyncio.CancelledError(), KeyboardInterrupt()], ids=repr)
    async def test_whatever_is_raised_is_noted(self, error: BaseException) -> None:
        """An exception of any kind is kept and goes no further."""
        connection = Connection(http_scope(), [GONE])

        await connection.run(sending(then=error))

        assert connection.raised is error
        assert connection.is_over

    async def test_hook_stands_for_the_server(self) -> None:
        """What on_send raises comes out of the app's send, and the message is not taken."""

        def refuse(message: Message) -> None:
            raise OSError(message["type"])

        connection = Connection(http_scope(), [GONE], on_send=refuse)

        await connection.run(sending(START))

        assert repr(connection.raised) == "OSError('http.response.start')"
        assert connection.messages == []


class TestReceive:
    """Connection.receive."""

    async def test_disconnect_after_the_response(self) -> None:
        """Only once the response is complete there is a disconnect, and then at every call."""
        connection = Connection(http_scope(), [{"type": "http.request"}])
        await connection.receive()
        waiting = asyncio.create_task(connection.receive())
        await connection.send(START)
        await connection.send(part(b"a"))
        was_waiting = not waiting.done()
        await connection.send(END)

        assert was_waiting
        assert await waiting == await connection.receive() == GONE
        assert len(connection.received) == 3

    async def test_disconnect_that_goes_unheard(self) -> None:
        """An app that asks for ever lets others run."""
        connection = Connection(http_scope())
        connection.disconnect()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while True:
                await receive()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until_cancelled(connection, app), 0.05)

        assert GONE in connection.received

    @pytest.mark.parametrize(
        ("last", "code", "reason"),
        [
            ({"type": "websocket.close", "code": 4000, "reason": "done"}, 4000, "done"),
            ({"type": "websocket.close"}, 1000, ""),
            ({"type": "websocket.http.response.body"}, 1006, ""),
        ],
        ids=["code", "default", "denial"],
    )
    async def test_websocket_that_the_app_ends(self, last: Message, code: int, reason: str) -> None:
        """The disconnect repeats the app's own code."""
        connection = Connection(websocket_scope())
        await connection.send(last)

        assert await connection.receive() == {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def test_websocket_that_the_client_ends(self) -> None:
        """The first side to close decides the code; what was given before is given first."""
        connection = Connection(websocket_scope(), [{"type": "websocket.connect"}])
        connection.disconnect(3000, "bye")
        await connection.send({"type": "websocket.close", "code": 4000})
        connection.disconnect(3001)

        assert (await connection.receive())["type"] == "websocket.connect"
        assert await connection.receive() == {"type": "websocket.disconnect", "code": 3000, "reason": "bye"}

    async def test_lifespan_waits(self) -> None:
        """After its last message a lifespan waits, and says so."""
        connection = Connection(lifespan_scope())
        await connection.send({"type": "lifespan.shutdown.complete"})
        asking = asyncio.create_task(connection.receive())
        await connection.until(lambda: connection.is_asking)
        asking.cancel()
        await asyncio.wait([asking])

        assert asking.cancelled()
        assert not connection.is_asking

    async def test_message_given_later(self) -> None:
        """A message that comes later wakes the app."""
        connection = Connection(websocket_scope())
        asking = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        message: Message = {"type": "websocket.receive", "text": "hi"}
        connection.give(message)

        assert await asking is message


class TestSend:
    """Connection.send."""

    async def test_response_with_trailers(self) -> None:
        """The last trailers end a response that announced them, its body does not."""
        connection = Connection(http_scope())
        await connection.send({**START, "trailers": True})
        await connection.send(END)
        was_complete = connection.is_complete
        await connection.send({"type": "http.response.trailers", "headers": []})

        assert (was_complete, connection.is_complete) == (False, True)

    @pytest.mark.parametrize("scope", [http_scope(asgi=NEWER), websocket_scope(asgi=NEWER)], ids=lambda s: s["type"])
    async def test_gone_client_of_a_newer_server(self, scope: Scope) -> None:
        """From spec version 2.4 on send raises OSError; the message is shown, but counts as not sent."""
        connection = Connection(scope)
        connection.disconnect()

        with pytest.raises(OSError, match="client has gone"):
            await connection.send(END)

        assert connection.messages == [END]
        assert not connection.is_complete

    async def test_gone_client_of_an_older_server(self) -> None:
        """Before, messages to a gone client are dropped in silence."""
        connection = Connection(http_scope())
        connection.disconnect()

        await connection.send(END)

        assert connection.messages == [END]

    async def test_sender_without_end_lets_others_run(self) -> None:
        """An app that sends for ever can be cancelled."""
        connection = Connection(http_scope())

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            while True:
                await send(part(b"a"))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until_cancelled(connection, app), 0.05)

        assert isinstance(connection.raised, asyncio.CancelledError)

    async def test_disconnect_after_the_end(self) -> None:
        """Who leaves after a complete response has not left it."""
        connection = Connection(http_scope())
        await connection.send(END)
        connection.disconnect()

        assert not connection.is_disconnected


class TestHeaders:
    """Connection.headers."""

    async def test_as_they_stood(self) -> None:
        """A list that the app changes later does not change what left."""
        headers: list[Header] = [(b"a", b"1")]
        connection = Connection(http_scope())
        await connection.send({"type": "http.response.start", "status": 200, "headers": headers})
        headers.clear()

        assert connection.headers == [(b"a", b"1")]

    async def test_iterator(self) -> None:
        """An iterator is left to the test, or read once and kept."""

        def headers() -> Iterator[list[bytes]]:
            yield [b"a", b"1"]

        connection = Connection(http_scope())
        lazy = headers()
        await connection.send({"type": "http.response.start", "status": 200, "headers": lazy})

        assert connection.headers == connection.headers == [(b"a", b"1")]
        assert list(lazy) == []

    async def test_missing(self) -> None:
        """Neither a start without headers nor an acceptance without them is an error."""
        connection = Connection(websocket_scope())
        await connection.send(ACCEPT)

        assert connection.headers == []


async def until_cancelled(connection: Connection, app: object) -> None:
    """Run an app, and be cancelled in its place."""
    await connection.run(app)  # type: ignore[arg-type]
    raise connection.raised or AssertionError("the app ended")


async def test_types_of_disconnects() -> None:
    """Reading to the end works for both kinds."""
    for scope in (http_scope(), websocket_scope()):
        connection = Connection(scope, [{"type": "first"}])
        connection.disconnect()

        assert await until_the_end(connection.receive) == f"{scope['type']}.disconnect"
