"""How loud the request's lines are, and the paths they hide or leave out."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
import structlog

from asgi_stack.middleware.error_handler import ErrorHandlerMiddleware
from asgi_stack.middleware.request_context import RequestContextMiddleware
from asgi_stack.middleware.request_logging import RequestLoggingMiddleware
from asgi_stack.pipeline import Pipeline, Stage
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import START, raising, respond
from tests.driver import exchange, http_scope
from tests.log_capture import LogLines
from tests.logged_apps import binding, completed, in_context, ok


class TestLevels:
    """How loud the lines are."""

    @pytest.mark.parametrize(("started", "least"), [("debug", "DEBUG"), ("info", "INFO")])
    async def test_line_at_the_start(self, started: Literal["debug", "info"], least: str, log_lines: LogLines) -> None:
        """`request_started` tells method and path, at the level asked for."""
        log_lines.configure(level=least)

        await exchange(RequestLoggingMiddleware(ok, request_started=started), http_scope("/a"))

        first, second = log_lines()
        assert (first["event"], first["level"]) == ("request_started", started)
        assert (first["method"], first["path"]) == ("GET", "/a")
        assert second["event"] == "request_completed"

    @pytest.mark.parametrize(("started", "least"), [("debug", "INFO"), ("info", "WARNING"), ("off", "DEBUG")])
    async def test_no_line_at_the_start(
        self, started: Literal["debug", "info", "off"], least: str, log_lines: LogLines
    ) -> None:
        """Below the log's level, and with `off`, there is none."""
        log_lines.configure(level=least)

        await exchange(RequestLoggingMiddleware(ok, request_started=started))

        assert log_lines("request_started") == []

    async def test_slow_first_byte_is_a_warning(self, log_lines: LogLines) -> None:
        """What counts is the first byte: a long stream that begins at once is not slow."""

        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0.2)
            await respond(send, b"")

        async def long(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await asyncio.sleep(0.2)
            await send({"type": "http.response.body"})

        for app, limit in ((late, 0.19), (long, 0.19), (late, float("inf"))):
            await exchange(RequestLoggingMiddleware(app, slow_after_s=limit))

        assert [line["level"] for line in log_lines()] == ["warning", "info", "info"]

    async def test_slow_failure_stays_an_error(self, log_lines: LogLines) -> None:
        """At least a warning is no more than a warning."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 500})
            await send({"type": "http.response.body"})

        await exchange(RequestLoggingMiddleware(app, slow_after_s=1e-9))

        assert completed(log_lines)["level"] == "error"


class TestPaths:
    """Paths that are left out or hidden."""

    async def test_excluded_paths_are_not_logged(self, log_lines: LogLines) -> None:
        """Neither line is written, and the app is served."""
        log_lines.configure(level="DEBUG")
        layer = RequestLoggingMiddleware(ok, exclude_paths=["/health", "/internal/*"])

        results = [await exchange(layer, http_scope(path)) for path in ("/health", "/internal/a", "/health/a")]

        assert [result.body for result in results] == [b"hello"] * 3
        assert {line["path"] for line in log_lines()} == {"/health/a"}

    async def test_sensitive_paths_are_hidden(self, log_lines: LogLines) -> None:
        """The line is there, without path, route, query and bound fields."""
        log_lines.configure(level="DEBUG")

        await in_context(
            binding, http_scope("/reset/CANARY-1", query_string=b"a=CANARY-2"), sensitive_paths=("/reset/*",)
        )

        started, line = log_lines()
        assert (started["path"], line["path"], line["route"]) == ("[REDACTED]", "[REDACTED]", None)
        assert (line["status_code"], line["method"]) == (200, "GET")
        assert not {"query", "order", "password"} & line.keys()
        assert b"CANARY" not in log_lines.stream.getvalue()

    async def test_error_on_a_hidden_path_that_is_excluded(self, log_lines: LogLines) -> None:
        """A path that is excluded and sensitive has no request line, and its error line hides it."""
        paths = ("/reset/*",)
        layers = (
            Pipeline()
            .use(RequestContextMiddleware)
            .use(RequestLoggingMiddleware, exclude_paths=paths, sensitive_paths=paths)
            .use(ErrorHandlerMiddleware)
        )

        await exchange(layers.build(raising(ValueError("x"))), http_scope("/reset/CANARY-1"))

        [line] = log_lines()
        assert line["path"] == "[REDACTED]"
        assert b"CANARY" not in log_lines.stream.getvalue()


class TestSecrets:
    """What a client may write where it does not belong."""

    async def test_path_and_user_agent_are_redacted_by_shape(self, log_lines: LogLines) -> None:
        """A credential in the path or in the user agent does not reach either line of the request."""
        log_lines.configure(level="DEBUG")
        headers = [(b"user-agent", b"Bearer CANARY-1abcdefgh")]

        await exchange(RequestLoggingMiddleware(ok), http_scope("/reset/token=CANARY-2", headers=headers))

        assert len(log_lines()) == 2
        assert b"CANARY" not in log_lines.stream.getvalue()


class TestOddScopes:
    """Scopes that no server makes."""

    async def test_path_that_is_no_text_costs_no_response(self, log_lines: LogLines) -> None:
        """Where a line cannot be put together, the request goes on without it."""
        log_lines.configure(level="DEBUG")

        seen = await exchange(RequestLoggingMiddleware(ok), {**http_scope(), "path": None})

        assert seen.status == 200
        assert seen.raised is None


class TestOptions:
    """What the options may be."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"request_started": "warning"}, "request_started must be one of debug, info, off, not 'warning'"),
            ({"slow_after_s": 0}, "slow_after_s must be a number of seconds above 0, not 0"),
            ({"slow_after_s": -1.0}, "slow_after_s must be a number of seconds above 0, not -1.0"),
            ({"slow_after_s": float("nan")}, "slow_after_s must be a number of seconds above 0, not nan"),
            ({"exclude_paths": "/health"}, "exclude_paths must be a sequence of texts, not '/health'"),
            ({"sensitive_paths": ["a"]}, "sensitive_paths: 'a' is neither a path (/health) nor a prefix (/internal/*)"),
        ],
    )
    def test_wrong_option(self, options: dict[str, object], message: str) -> None:
        """A wrong value is named when the layer is made, in a pipeline as well."""
        with pytest.raises(ValueError) as alone:  # noqa: PT011 - the whole message is compared below
            RequestLoggingMiddleware(ok, **options)  # type: ignore[arg-type]
        with pytest.raises(ValueError) as built:  # noqa: PT011 - as above
            Pipeline().use(RequestLoggingMiddleware, **options).build(ok)  # type: ignore[arg-type]

        assert str(alone.value) == str(built.value) == message

    def test_stage(self) -> None:
        """A pipeline puts it at the stage LOGGING."""
        assert RequestLoggingMiddleware.stage is Stage.LOGGING


class TestForeignLogs:
    """Without configure_structlog."""

    async def test_users_own_structlog_gets_the_line(self) -> None:
        """The lines go through a user's own configuration, with the ids as fields."""
        structlog.reset_defaults()
        with structlog.testing.capture_logs() as entries:
            await in_context(ok, http_scope(headers=[(b"x-request-id", b"hop-1")]))

        assert [(entry["event"], entry["log_level"], entry["request_id"]) for entry in entries] == [
            ("request_started", "debug", "hop-1"),
            ("request_completed", "info", "hop-1"),
        ]
