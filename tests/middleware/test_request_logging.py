"""The request line: what it tells."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.redaction import Redactor
from asgi_stack.types import Message, Receive, Scope, Send
from tests.bare_apps import respond
from tests.driver import exchange, http_scope
from tests.log_capture import LogLines
from tests.logged_apps import binding, completed, in_context, ok


class TestFields:
    """What the line tells."""

    async def test_line_of_a_request(self, log_lines: LogLines) -> None:
        """One line tells of the request, the response, sizes, times and the client."""
        incoming: list[Message] = [
            {"type": "http.request", "body": b"abc", "more_body": True},
            {"type": "http.request", "body": b"de"},
        ]
        scope = http_scope("/items", method="POST", headers=[(b"User-Agent", b"curl/8")])

        await exchange(RequestLoggingMiddleware(ok), scope, incoming)

        line = completed(log_lines)
        assert line.pop("timestamp")
        assert 0 <= line.pop("ttfb_ms") <= line.pop("duration_ms") < 10_000
        assert line == {
            "level": "info",
            "logger": "asgi_stack.request",
            "event": "request_completed",
            "method": "POST",
            "path": "/items",
            "route": None,
            "status_code": 200,
            "outcome": "ok",
            "bytes_in": 5,
            "bytes_out": 5,
            "client": "127.0.0.1",
            "user_agent": "curl/8",
        }

    async def test_ids_stand_in_the_line(self, log_lines: LogLines) -> None:
        """Inside the context layer the line carries both ids."""
        await in_context(ok, http_scope(headers=[(b"x-correlation-id", b"chain-1"), (b"x-request-id", b"hop-1")]))

        line = completed(log_lines)
        assert (line["correlation_id"], line["request_id"]) == ("chain-1", "hop-1")

    async def test_bound_fields_and_route(self, log_lines: LogLines) -> None:
        """What was bound is there, redacted; it never replaces what was measured."""
        await in_context(binding)

        line = completed(log_lines)
        assert (line["order"], line["route"]) == (7, "/orders/{id}")
        assert line["password"] == "[REDACTED]"
        assert line["status_code"] == 200

    async def test_route_of_a_framework(self, log_lines: LogLines) -> None:
        """The route that a framework left in the scope is found once it has run."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope["route"] = SimpleNamespace(path="/items/{id}")
            await respond(send, b"")

        await exchange(RequestLoggingMiddleware(app), http_scope("/items/7"))

        assert completed(log_lines)["route"] == "/items/{id}"

    async def test_query_is_redacted_by_key(self, log_lines: LogLines) -> None:
        """Keys stay, sensitive values do not; without a query there is no field."""
        await exchange(RequestLoggingMiddleware(ok), http_scope(query_string=b"page=2&token=CANARY-1&sig=CANARY-2"))
        await exchange(RequestLoggingMiddleware(ok))

        first, second = log_lines("request_completed")
        assert "page=2" in first["query"]
        assert "token=" in first["query"]
        assert b"CANARY" not in log_lines.stream.getvalue()
        assert "query" not in second

    async def test_own_redactor_decides(self, log_lines: LogLines) -> None:
        """The option says what is sensitive."""

        class Strict(Redactor):
            def query(self, raw: bytes) -> str:
                return f"{len(raw)} bytes"

        await exchange(RequestLoggingMiddleware(ok, redactor=Strict()), http_scope(query_string=b"page=2"))

        assert completed(log_lines)["query"] == "6 bytes"

    async def test_missing_keys_are_no_error(self, log_lines: LogLines) -> None:
        """A scope without client, headers, query and method has its line."""
        await exchange(RequestLoggingMiddleware(ok), {"type": "http", "path": "/"})
        await exchange(RequestLoggingMiddleware(ok), {"type": "http"})
        await exchange(RequestLoggingMiddleware(ok), http_scope(client=None))

        lines = log_lines("request_completed")
        assert [(line["client"], line["user_agent"]) for line in lines] == [(None, None)] * 3
        assert [line["outcome"] for line in lines] == ["ok"] * 3

    @pytest.mark.parametrize(
        ("path", "headers", "query"),
        [
            ("/\udcff\r\nERROR forged", [], b""),
            ("/\x1b[2J\u2028", [(b"user-agent", b"\xff\r\n\x00")], b"a=\xff"),
            ("/a", [(b"user-agent", b"x" * 60_000)], b"a=" + b"%ff" * 1000),
        ],
    )
    async def test_hostile_input_is_one_line(
        self, path: str, headers: list[tuple[bytes, bytes]], query: bytes, log_lines: LogLines
    ) -> None:
        """Line ends, escapes, bytes that are no text: one physical line, and the response is not touched."""
        result = await exchange(RequestLoggingMiddleware(ok), http_scope(path, headers=headers, query_string=query))

        assert result.body == b"hello"
        assert len(log_lines()) == 1
        assert len(log_lines()[0]["user_agent"] or "") <= 512

    async def test_file_that_the_server_sends_is_counted(self, log_lines: LogLines) -> None:
        """For pathsend the size is what the start announced; for zerocopysend the count, where there is one."""
        length: list[tuple[bytes, bytes]] = [(b"a", b"b"), (b"Content-Length", b"900")]
        path: Message = {"type": "http.response.pathsend", "path": "/a"}
        copies: list[Message] = [
            {"type": "http.response.zerocopysend", "file": 3, "count": 100, "more_body": True},
            {"type": "http.response.zerocopysend", "file": 3},
        ]
        odd: list[object] = [[], None, iter(length), [(b"content-length", b"x")], [(b"content-length", b"9" * 5000)]]

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": scope["announced"]})
            for message in scope["messages"]:
                await send(message)

        for messages, announced in [([path], length), (copies, length), *(([path], headers) for headers in odd)]:
            await exchange(RequestLoggingMiddleware(app), http_scope(announced=announced, messages=messages))

        sizes = [line["bytes_out"] for line in log_lines("request_completed")]
        assert sizes == [900, 900, 0, 0, 0, 0, 0]

    async def test_duration_ends_with_the_body(self, log_lines: LogLines) -> None:
        """Work after the last body message, as background tasks do, is not the response's."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, b"a")
            await asyncio.sleep(0.3)

        await exchange(RequestLoggingMiddleware(app))

        assert completed(log_lines)["duration_ms"] < 300
