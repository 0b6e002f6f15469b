"""The ids that come in, and the record that they become."""

from __future__ import annotations

import logging

import pytest

from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.types import ASGIApp, Header
from tests.context_recorder import UUID4, Recorder, ids_of
from tests.driver import Exchange, exchange, http_scope, websocket_scope
from tests.log_capture import LogLines


async def asked(*headers: Header, app: ASGIApp | None = None) -> Exchange:
    """Ask an app in the layer with these request headers."""
    return await exchange(RequestContextMiddleware(app or Recorder()), http_scope(headers=headers))


class TestInbound:
    """What is taken from the request."""

    async def test_new_ids_without_any(self) -> None:
        """A request without ids gets two new UUIDs, which the app sees and the response carries."""
        app = Recorder()

        result = await asked(app=app)

        record = app.record
        assert UUID4.fullmatch(record.correlation_id)
        assert UUID4.fullmatch(record.request_id)
        assert record.correlation_id != record.request_id
        assert ids_of(result) == ([record.correlation_id], [record.request_id])

    async def test_each_header_gives_its_id(self) -> None:
        """The correlation id goes on end to end; a gateway gets its request id back."""
        result = await asked((b"x-correlation-id", b"chain-1"), (b"x-request-id", b"hop-1"))

        assert ids_of(result) == (["chain-1"], ["hop-1"])

    async def test_request_id_serves_as_correlation_id(self) -> None:
        """Without a correlation id the request id is both."""
        result = await asked((b"x-request-id", b"hop-1"))

        assert ids_of(result) == (["hop-1"], ["hop-1"])

    async def test_correlation_id_is_no_request_id(self) -> None:
        """The id of a hop is new where only the chain's came in."""
        correlation_ids, [request_id] = ids_of(await asked((b"x-correlation-id", b"chain-1")))

        assert correlation_ids == ["chain-1"]
        assert UUID4.fullmatch(request_id)

    async def test_names_compare_without_case(self) -> None:
        """The spec wants names in lower case and does not require it."""
        result = await asked((b"X-Correlation-ID", b"chain-1"), (b"X-REQUEST-ID", b"hop-1"))

        assert ids_of(result) == (["chain-1"], ["hop-1"])

    async def test_sources_are_an_option(self) -> None:
        """Other headers may carry the correlation id; the first valid one in the order given wins."""
        layer = RequestContextMiddleware(Recorder(), sources=["X-Trace", "x-amzn-trace"])

        second = await exchange(layer, http_scope(headers=[(b"x-amzn-trace", b"b"), (b"x-correlation-id", b"c")]))
        first = await exchange(layer, http_scope(headers=[(b"x-amzn-trace", b"b"), (b"x-trace", b"a")]))
        hop = await exchange(layer, http_scope(headers=[(b"x-request-id", b"hop-1")]))

        assert second.values("x-correlation-id") == ["b"]
        assert first.values("x-correlation-id") == ["a"]
        assert hop.values("x-correlation-id") != ["hop-1"]
        assert hop.values("x-request-id") == ["hop-1"]

    async def test_strangers_are_not_trusted(self) -> None:
        """At an untrusted edge both ids are new; the client's is kept beside them, where it is valid."""
        app = Recorder()
        layer = RequestContextMiddleware(app, trust_inbound=False)

        result = await exchange(layer, http_scope(headers=[(b"x-correlation-id", b"theirs"), (b"x-request-id", b"r")]))
        await exchange(layer, http_scope(headers=[(b"x-request-id", b"also theirs")]))

        sent, garbled = app.records
        assert UUID4.fullmatch(sent.correlation_id)
        assert UUID4.fullmatch(sent.request_id)
        assert ids_of(result) == ([sent.correlation_id], [sent.request_id])
        assert sent.client_correlation_id == "theirs"
        assert garbled.client_correlation_id is None

    async def test_trusted_id_is_not_kept_twice(self) -> None:
        """Where inbound ids are trusted there is no separate client's id."""
        app = Recorder()

        await asked((b"x-correlation-id", b"chain-1"), app=app)

        assert app.record.client_correlation_id is None

    async def test_record_tells_of_the_request(self) -> None:
        """Method, path and the peer's address are on the record; a websocket has no method."""
        app = Recorder({"type": "websocket.accept"})

        await exchange(RequestContextMiddleware(app), http_scope("/items/7", method="POST"))
        await exchange(RequestContextMiddleware(app), websocket_scope("/chat"))

        seen = [(record.method, record.path, record.client) for record in app.records]
        assert seen == [("POST", "/items/7", "127.0.0.1"), (None, "/chat", "127.0.0.1")]

    @pytest.mark.parametrize("client", [None, (), ("", 0)])
    async def test_missing_keys_are_no_error(self, client: object) -> None:
        """A scope with nothing but its type is served, and so is one whose client is unknown."""
        app = Recorder()

        bare = await exchange(RequestContextMiddleware(app), {"type": "http"})
        unknown = await exchange(RequestContextMiddleware(app), http_scope(client=client))

        assert (bare.status, unknown.status) == (200, 200)
        assert app.records[0].client is None
        assert not app.records[1].client


class TestInvalidIds:
    """Ids that are replaced, with one warning that never shows them."""

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            (b"abc\r\nSet-Cookie: x=1", "characters"),
            (b"abc\n", "characters"),
            (b"-" * 60_000 + b"0123456789abcdef0123456789abcdef", "too_long"),
            (b"{" * 3 + b"0123456789abcdef0123456789abcdef", "characters"),
            (b"urn:uuid:0189", "characters"),
            (b"a" * 129, "too_long"),
            (b"", "empty"),
            (b"   ", "characters"),
            (b" a", "characters"),
            (b"\x1b[31ma", "characters"),
            (b"a\x00", "characters"),
            (b"a\x85", "characters"),
            ("a\u2028b".encode(), "characters"),
            (b"a=1 tenant=x", "characters"),
            (b"\xff\xfe", "characters"),
            (b"a,b", "characters"),
        ],
    )
    async def test_bad_id_is_replaced(self, value: bytes, reason: str, log_lines: LogLines) -> None:
        """The response has a new id; the warning has the header, the length and the reason, and the new id."""
        [correlation_id], _ = ids_of(await asked((b"x-correlation-id", value)))

        [line] = log_lines()
        assert UUID4.fullmatch(correlation_id)
        assert (line["level"], line["event"]) == ("warning", "invalid_id_replaced")
        assert line["replaced"] == {"x-correlation-id": {"length": len(value), "reason": reason}}
        assert line["correlation_id"] == correlation_id
        assert len(value) < 4 or value not in log_lines.stream.getvalue()

    @pytest.mark.parametrize("value", [b"a" * 128, b"7", b"a.b_c-D", b"0189c0de-0000-4000-8000-00000000000Z"])
    async def test_limits_are_inclusive(self, value: bytes, log_lines: LogLines) -> None:
        """128 characters are fine, and so is one."""
        result = await asked((b"x-correlation-id", value))

        assert result.values("x-correlation-id") == [value.decode()]
        assert log_lines() == []

    async def test_repeated_header_is_invalid(self, log_lines: LogLines) -> None:
        """Two headers of one name, equal or not, are no id: neither is taken, nothing is joined."""
        result = await asked((b"x-correlation-id", b"one"), (b"X-Correlation-Id", b"one"))

        [line] = log_lines()
        assert UUID4.fullmatch(result.values("x-correlation-id")[0])
        assert line["replaced"] == {"x-correlation-id": {"length": 6, "reason": "repeated"}}

    async def test_next_source_takes_over(self, log_lines: LogLines) -> None:
        """An invalid first source leaves the next one its chance, and is warned of all the same."""
        result = await asked((b"x-correlation-id", b"not valid"), (b"x-request-id", b"hop-1"))

        assert ids_of(result) == (["hop-1"], ["hop-1"])
        assert len(log_lines("invalid_id_replaced")) == 1

    async def test_one_warning_for_both(self, log_lines: LogLines) -> None:
        """Two bad headers are one line."""
        await asked((b"x-correlation-id", b""), (b"x-request-id", b"a" * 200))

        [line] = log_lines()
        assert line["replaced"] == {
            "x-correlation-id": {"length": 0, "reason": "empty"},
            "x-request-id": {"length": 200, "reason": "too_long"},
        }

    async def test_failing_log_costs_no_request(self) -> None:
        """A handler that raises on the warning leaves the response as it is."""

        class Broken(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise OSError("disk full")

        logger, broken = logging.getLogger("asgi_stack.context"), Broken()
        logger.addHandler(broken)
        try:
            result = await asked((b"x-correlation-id", b"not valid"))
        finally:
            logger.removeHandler(broken)

        assert (result.raised, result.status) == (None, 200)


class TestOptions:
    """What the options may be."""

    @pytest.mark.parametrize(
        "sources", [(), [], "x-request-id", [""], ["x request"], ["x-id:"], ["é"], [b"x-id"], [None]]
    )
    def test_wrong_sources(self, sources: tuple[str, ...]) -> None:
        """Sources are header names, at least one, in a sequence."""
        with pytest.raises(ValueError, match=r"^sources"):
            RequestContextMiddleware(Recorder(), sources=sources)

    async def test_sources_may_come_from_a_generator(self) -> None:
        """The sources are read once."""
        layer = RequestContextMiddleware(Recorder(), sources=(name for name in ["x-trace"]))  # type: ignore[arg-type]

        result = await exchange(layer, http_scope(headers=[(b"x-trace", b"a")]))

        assert result.values("x-correlation-id") == ["a"]

    @pytest.mark.parametrize("made", ["", "not valid", "a" * 129, None, 7, b"a"])
    def test_generator_of_bad_ids(self, made: str) -> None:
        """A generator is tried once when the layer is made."""
        with pytest.raises(ValueError, match=r"generate: .* gave .*, which is no valid id"):
            RequestContextMiddleware(Recorder(), generate=lambda: made)

    async def test_generator_makes_the_correlation_id(self) -> None:
        """The chain's id comes from the option, the hop's stays a UUID; an inbound one still wins."""
        layer = RequestContextMiddleware(Recorder(), generate=lambda: "made-1")

        made = await exchange(layer)
        inbound = await exchange(layer, http_scope(headers=[(b"x-correlation-id", b"chain-1")]))

        assert made.values("x-correlation-id") == ["made-1"]
        assert UUID4.fullmatch(made.values("x-request-id")[0])
        assert inbound.values("x-correlation-id") == ["chain-1"]

    @pytest.mark.parametrize("later", ["", "not valid", None, ZeroDivisionError()])
    async def test_generator_that_breaks_later(self, later: object, log_lines: LogLines) -> None:
        """A generator that fails, or gives a bad id, at a request costs its id and a warning, not the response."""
        values: list[object] = [later, "fine"]

        def generate() -> str:
            value = values.pop()
            if isinstance(value, Exception):
                raise value
            return value  # type: ignore[return-value]

        result = await exchange(RequestContextMiddleware(Recorder(), generate=generate))

        assert UUID4.fullmatch(result.values("x-correlation-id")[0])
        assert [line["event"] for line in log_lines()] == ["id_generator_failed"]

    async def test_broken_generator_warns_once_a_minute(self, log_lines: LogLines) -> None:
        """A generator that fails at every request does not fill the log."""
        values = ["fine"]
        layer = RequestContextMiddleware(Recorder(), generate=values.pop)

        for _ in range(3):
            await exchange(layer)

        [line] = log_lines()
        assert (line["event"], line["reason"]) == ("id_generator_failed", "IndexError")
