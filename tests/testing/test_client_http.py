"""Responses can be read whole, and part by part."""

from __future__ import annotations

import asyncio

import pytest

from asgi_stack.testing.client_errors import ASGIClientError, ASGITimeoutError
from asgi_stack.testing.client_http import Response, ResponseStream
from asgi_stack.testing.connection import Connection
from asgi_stack.testing.scopes import http_scope
from asgi_stack.types import AnyASGIApp, Message, Receive, Scope, Send
from tests.testing.client_apps import END, START, call_of, part, sending, until_the_end


async def response_of(*messages: Message) -> Response:
    """Give the response that these messages are."""
    connection = Connection(http_scope(), [{"type": "http.request"}])
    await connection.run(sending(*messages))
    return Response(connection)


def answered(content_type: bytes, body: bytes) -> tuple[Message, Message]:
    """Make a response with a content type."""
    start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]}
    return start, {"type": "http.response.body", "body": body}


def streamed(
    app: AnyASGIApp, *, spec_version: str = "2.3", timeout_s: float = 5.0, raise_exceptions: bool = True
) -> ResponseStream:
    """Make the stream of an app's response."""
    scope = http_scope(asgi={"version": "3.0", "spec_version": spec_version})
    connection = Connection(scope, [{"type": "http.request"}])
    return ResponseStream(call_of(app, connection, timeout_s=timeout_s, raise_exceptions=raise_exceptions))


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Send parts until the client has gone, and never look whether it has."""
    await send(START)
    while True:
        await send(part(b"tick"))
        await asyncio.sleep(0)


class TestResponse:
    """Response."""

    async def test_response(self) -> None:
        """Status, headers and body are what left."""
        response = await response_of(START, part(b"a"), part(b""), END)

        assert response.start is START
        assert (response.status, response.headers) == (200, [(b"x-a", b"1"), (b"x-b", b"2")])
        assert response.body == b"aend"
        assert response.header("x-b") == "2"

    async def test_denial(self) -> None:
        """The denial of a websocket is a response like any other."""
        response = await response_of(
            {"type": "websocket.http.response.start", "status": 403, "headers": []},
            {"type": "websocket.http.response.body", "body": b"no"},
        )

        assert (response.status, response.body, response.is_complete) == (403, b"no", True)

    @pytest.mark.parametrize("messages", [[], [END], [START, START]], ids=["none", "body", "two"])
    async def test_not_one_start(self, messages: list[Message]) -> None:
        """Without one start there is neither a status nor are there headers; the error shows all messages."""
        response = await response_of(*messages)

        with pytest.raises(ASGIClientError, match="expected one response start, the app sent: "):
            _ = response.status
        with pytest.raises(ASGIClientError):
            response.values("x-a")

    @pytest.mark.parametrize(
        ("content_type", "body", "text"),
        [
            (b"text/plain", "ä".encode(), "ä"),
            (b'text/plain; charset="ISO-8859-1"; x=y', b"\xe4", "ä"),
            (b"application/json; charset=utf-16", "ä".encode("utf-16"), "ä"),
        ],
        ids=["utf-8", "latin-1", "utf-16"],
    )
    async def test_text(self, content_type: bytes, body: bytes, text: str) -> None:
        """Text is decoded as its content type says."""
        assert (await response_of(*answered(content_type, body))).text == text

    async def test_wrong_text(self) -> None:
        """Bytes that are no such text fail the test instead of being replaced."""
        response = await response_of(*answered(b"text/plain", b"\xe4"))

        with pytest.raises(UnicodeDecodeError):
            _ = response.text

    async def test_json(self) -> None:
        """JSON is parsed."""
        assert (await response_of(*answered(b"application/json", b'{"a": [1]}'))).json() == {"a": [1]}

    async def test_no_json(self) -> None:
        """A body that is no JSON is a ValueError."""
        with pytest.raises(ValueError, match="Expecting value"):
            (await response_of(*answered(b"text/html", b"<p>"))).json()


class TestStream:
    """ResponseStream."""

    async def test_parts_as_they_come(self) -> None:
        """The start and each part are seen before the app sends the next."""
        may_go_on = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await may_go_on.wait()
            for body in (b"a", b""):
                await send(part(body))
            await send(END)

        async with streamed(app) as stream:
            response = await stream.start()
            early = (response.status, response.body, response.is_complete)
            may_go_on.set()
            parts = [part async for part in stream]

        assert early == (200, b"", False)
        assert parts == [b"a", b"end"]
        assert response is stream.response
        assert response.is_complete

    async def test_iteration_needs_no_start(self) -> None:
        """Parts can be read at once, in several loops."""
        async with streamed(sending(START, part(b"a"), END)) as stream:
            first = await anext(stream)
            others = [part async for part in stream]

        assert (first, others) == (b"a", [b"end"])

    async def test_disconnect_is_received(self) -> None:
        """An app that listens learns at once that the client has gone."""
        heard: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send(part(b"a"))
            heard.append(await until_the_end(receive))

        async with streamed(app) as stream:
            await anext(stream)
            stream.disconnect()
            rest = [part async for part in stream]

        assert (heard, rest) == (["http.disconnect"], [])
        assert not stream.response.is_complete

    async def test_disconnect_is_raised_by_newer_servers(self) -> None:
        """An app that only sends is stopped by OSError, which is no failure of the app."""
        async with streamed(endless, spec_version="2.4") as stream:
            assert await anext(stream) == b"tick"
            stream.disconnect()

        assert isinstance(stream.response.raised, OSError)

    async def test_leaving_disconnects(self) -> None:
        """Leaving the block in the middle hangs up, and waits until the app has cleaned up."""
        closed: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await until_the_end(receive)
            await asyncio.sleep(0.01)
            closed.append("cursor")

        async with streamed(app) as stream:
            await stream.start()

        assert closed == ["cursor"]

    async def test_app_that_goes_on(self) -> None:
        """An app that never notices the disconnect is cancelled, and fails the test."""
        with pytest.raises(ASGITimeoutError, match="did not end"):
            async with streamed(endless, timeout_s=0.05) as stream:
                await stream.start()

        assert isinstance(stream.response.raised, asyncio.CancelledError)

    async def test_failing_test_waits_for_nothing(self) -> None:
        """An error in the block goes on at once, and the app is cancelled."""
        with pytest.raises(ZeroDivisionError):
            async with streamed(endless) as stream:
                _ = (await stream.start()).status / 0

        assert isinstance(stream.response.raised, asyncio.CancelledError)

    async def test_error_before_the_start(self) -> None:
        """What the app raises in place of a start is raised by start, and not again."""
        async with streamed(sending(then=ValueError("early"))) as stream:
            with pytest.raises(ValueError, match="early"):
                await stream.start()

        assert stream.response.messages == []

    async def test_error_in_the_middle(self) -> None:
        """The parts before an error can be read; then it is raised."""
        parts: list[bytes] = []
        async with streamed(sending(START, part(b"a"), then=ValueError("middle"))) as stream:
            with pytest.raises(ValueError, match="middle"):
                parts.extend([part async for part in stream])
            parts.append(stream.response.body)

        assert parts == [b"a"]

    async def test_error_is_kept(self) -> None:
        """With raise_exceptions=False an error ends the parts; a start that is missing is still missing."""
        async with streamed(sending(then=ValueError("kept")), raise_exceptions=False) as stream:
            with pytest.raises(ASGIClientError, match=r"sent: nothing, and raised ValueError\('kept'\)"):
                await stream.start()
            parts = [part async for part in stream]

        assert parts == []
        assert isinstance(stream.response.raised, ValueError)

    @pytest.mark.parametrize("step", ["start", "part"])
    async def test_nothing_comes(self, step: str) -> None:
        """A start or a part that does not come fails in time, and says which."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        with pytest.raises(ASGITimeoutError, match=f"no .*{step}.* within"):
            async with streamed(app, timeout_s=0.05) as stream:
                await (stream.start() if step == "start" else anext(stream))
