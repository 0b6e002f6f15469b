"""The start of a response is checked before it leaves, and a response that has no body gets none."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from asgi_stack import ErrorHandlerMiddleware
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import respond, sending
from tests.canaries import canary
from tests.driver import exchange, http_scope
from tests.log_capture import LogLines


def start(**fields: object) -> Message:
    """Make a start with these fields."""
    return {"type": "http.response.start", "status": 200, "headers": [], **fields}


BODY: Message = {"type": "http.response.body", "body": b"body"}


class TestStarts:
    """A start that breaks the rules is an error like any other, and never reaches the server."""

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            pytest.param({"status": 999}, "the status 999", id="status-999"),
            pytest.param({"status": 99}, "the status 99", id="status-99"),
            pytest.param({"status": "200"}, "the status '200'", id="status-text"),
            pytest.param({"status": True}, "the status True", id="status-bool"),
            pytest.param({"status": None}, "the status None", id="status-none"),
            pytest.param({"headers": [(b"x-name", b"a\r\nb: c")]}, "'x-name' holds a control character", id="crlf"),
            pytest.param({"headers": [(b"x-name", b"a\nb")]}, "'x-name' holds", id="lf"),
            pytest.param({"headers": [(b"x-name", b"a\rb")]}, "'x-name' holds", id="cr"),
            pytest.param({"headers": [(b"x-name", b"a\0b")]}, "'x-name' holds", id="nul"),
            pytest.param({"headers": [(b"x-name", b"a\x0bb")]}, "'x-name' holds", id="vertical-tab"),
            pytest.param({"headers": [(b"x-name", b"a\x7f")]}, "'x-name' holds", id="delete"),
            pytest.param({"headers": [(b"x-name", [b"a"])]}, "'x-name' is list, not bytes", id="value-list"),
            pytest.param({"headers": [(b"x-name", bytearray(b"a"))]}, "'x-name' is bytearray", id="value-bytearray"),
            pytest.param(
                {"headers": [(b"content-type", memoryview(b"text/plain"))]},
                "'content-type' is memoryview",
                id="value-view",
            ),
            pytest.param(
                {"headers": [(b"content-length", bytearray(b"4"))]},
                "'content-length' is bytearray",
                id="length-bytearray",
            ),
            pytest.param({"headers": [(b"content-length", b"abc")]}, "content-length is no number", id="length-text"),
            pytest.param(
                {"headers": [(b"content-length", b"4"), (b"content-length", b"5")]}, "there are several", id="lengths"
            ),
            pytest.param({"status": 101}, "the status 101", id="status-101"),
            pytest.param({"headers": [(b"x name", b"a")]}, "'x name' is no token", id="name-space"),
            pytest.param({"headers": [(b"", b"a")]}, "'' is no token", id="name-empty"),
            pytest.param({"headers": [(b"x:y", b"a")]}, "'x:y' is no token", id="name-colon"),
            pytest.param({"headers": [(b"x-\xe4", b"a")]}, "is no token", id="name-latin-1"),
            pytest.param({"headers": [("x-name", b"a")]}, "'x-name' is str, not bytes", id="name-text"),
            pytest.param({"headers": [(b"x-name", "\u20ac")]}, "'x-name' is str, not bytes", id="value-text"),
            pytest.param({"headers": [(b"x-name", 7)]}, "'x-name' is int, not bytes", id="value-number"),
            pytest.param({"headers": [(b"x-name",)]}, "no pair", id="no-pair"),
            pytest.param({"headers": {b"x-name": b"a"}}, "no pair", id="mapping"),
            pytest.param({"headers": 7}, "pairs of bytes, not int", id="number"),
        ],
    )
    async def test_is_answered_with_a_500(self, fields: dict[str, object], told: str, log_lines: LogLines) -> None:
        """The client has a whole ErrorResponse, and the log names the culprit and shows where it was sent."""
        seen = await exchange(ErrorHandlerMiddleware(sending(start(**fields), BODY)))

        assert (seen.raised, seen.status) == (None, 500)
        assert json.loads(seen.body)["error_code"] == "INTERNAL_ERROR"
        (line,) = log_lines()
        assert line["exception_type"] == "asgi_stack.response_checks.ProtocolError"
        assert told in line["exception_message"]
        assert "sending.<locals>.app" in line["stack_trace"]

    async def test_value_is_never_told(self, log_lines: LogLines) -> None:
        """The log names the header and not its value, which may be a secret."""
        secret = canary()

        seen = await exchange(
            ErrorHandlerMiddleware(sending(start(headers=[(b"x-name", f"{secret}\r\n".encode())]), BODY))
        )

        assert secret not in str(seen.sent)
        assert secret not in str(log_lines())

    @pytest.mark.parametrize("status", [200, 204, 304, 404, 499, 599])
    async def test_numbers_from_200_to_599_leave(self, status: int) -> None:
        """Every status that ends an exchange is the app's to choose."""
        app = sending(start(status=status), {"type": "http.response.body"})

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert (seen.raised, seen.status) == (None, status)


class TestHeaders:
    """Every form of headers that servers take passes."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param([(b"x-a", b"1"), (b"X-B", b"")], id="list"),
            pytest.param(((b"x-a", b"1"), (b"X-B", b"")), id="tuple"),
            pytest.param([[b"x-a", b"1"], [b"X-B", b""]], id="lists"),
            pytest.param([(b"x-a", b"\xe4\xff")], id="latin-1"),
            pytest.param([(b"content-length", b"4"), (b"content-length", b"4")], id="same-length-twice"),
        ],
    )
    async def test_message_passes_as_it_is(self, headers: object) -> None:
        """Lists and tuples are handed on, not copied."""
        message = start(headers=headers)

        seen = await exchange(ErrorHandlerMiddleware(sending(message, BODY)))

        assert seen.sent[0] is message

    async def test_blanks_around_a_value_are_no_part_of_it(self) -> None:
        """They are taken off a copy, since uvicorn closes the connection on them; a tab within stays."""
        own = [(b"x-a", b" a\tb\t"), (b"x-b", b"\x80\xa0")]

        seen = await exchange(ErrorHandlerMiddleware(sending(start(headers=own), BODY)))

        assert seen.headers == [(b"x-a", b"a\tb"), (b"x-b", b"\x80\xa0")]
        assert own[0] == (b"x-a", b" a\tb\t")

    async def test_iterator_is_not_used_up(self) -> None:
        """Headers that can be read only once are read once, and arrive."""

        def headers() -> Iterator[tuple[bytes, bytes]]:
            yield b"x-a", b"1"

        seen = await exchange(ErrorHandlerMiddleware(sending(start(headers=headers()), BODY)))

        assert seen.sent[0]["headers"] == [(b"x-a", b"1")]

    async def test_start_without_headers_passes(self) -> None:
        """A start need not have headers."""
        message = {"type": "http.response.start", "status": 200}

        seen = await exchange(ErrorHandlerMiddleware(sending(message, BODY)))

        assert seen.sent[0] is message


class TestBodiless:
    """204 and 304 never have a body (RFC 9110 section 6.4.1), and say nothing about one."""

    @pytest.mark.parametrize("status", [204, 304])
    async def test_body_and_its_headers_are_taken_out(self, status: int) -> None:
        """A body that would make uvicorn raise is not sent, and neither are its length and type."""
        headers = [
            (b"Content-Length", b"4"),
            (b"content-type", b"text/plain"),
            (b"transfer-encoding", b"chunked"),
            (b"etag", b'"1"'),
        ]
        message = start(status=status, headers=headers)

        seen = await exchange(ErrorHandlerMiddleware(sending(message, BODY)))

        assert (seen.raised, seen.status, seen.body) == (None, status, b"")
        assert seen.headers == [(b"etag", b'"1"')]
        assert message["headers"] is headers
        assert len(headers) == 4

    async def test_file_is_not_sent(self) -> None:
        """A file behind a 304 becomes the end of the response."""
        app = sending(start(status=304), {"type": "http.response.pathsend", "path": "/x"})

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.sent[1] == {"type": "http.response.body", "body": b"", "more_body": False}

    async def test_empty_messages_pass_as_they_are(self) -> None:
        """Where nothing needs to be taken out, nothing is copied."""
        messages = [start(status=204), {"type": "http.response.body"}]

        seen = await exchange(ErrorHandlerMiddleware(sending(*messages)))

        assert [id(message) for message in seen.sent] == [id(message) for message in messages]

    async def test_body_of_a_head_is_the_servers_to_drop(self) -> None:
        """A response to HEAD keeps its length, which is that of the body that GET would have."""
        app = sending(start(headers=[(b"content-length", b"4")]), BODY)

        seen = await exchange(ErrorHandlerMiddleware(app), http_scope(method="HEAD"))

        assert seen.values("content-length") == ["4"]

    async def test_ordinary_response_is_untouched(self) -> None:
        """The checks change nothing about a response that is right."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"a", b"b")

        bare = await exchange(app)

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.sent == bare.sent
