"""The recommended stack, from settings to responses."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from asgi_stack import (
    AppError,
    ErrorHandlerMiddleware,
    HealthMiddleware,
    LifespanMiddleware,
    Pipeline,
    Redactor,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
    Settings,
    SettingsError,
    default_pipeline,
    get_logger,
    wrap,
)
from asgi_stack.pipeline import pipeline_of
from asgi_stack.types import Receive, Scope, Send
from tests.bare_apps import raising, respond
from tests.driver import exchange, http_scope, websocket_scope
from tests.log_capture import logging_restored
from tests.reporting.kept import Kept


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    with logging_restored():
        yield


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200."""
    await respond(send, b"hello")


class TestDefaultPipeline:
    """The layers and what settings make of them."""

    def test_layers_stand_in_the_recommended_order(self) -> None:
        """Security headers, ids, probes, request line, errors: outermost first."""
        layers = [layer.factory for layer in default_pipeline(Settings())]

        assert layers == [
            SecurityHeadersMiddleware,
            RequestContextMiddleware,
            HealthMiddleware,
            RequestLoggingMiddleware,
            ErrorHandlerMiddleware,
        ]

    def test_every_setting_reaches_its_layer(self) -> None:
        """What a user sets in the environment is what the layers are told."""
        settings = Settings(
            environment="staging",
            service={"name": "orders", "version": "1.4.0"},
            context={"trust_inbound": False},
            log={"request_started": "off", "slow_after_s": 2, "exclude_paths": ["/a"], "sensitive_paths": ["/b"]},
            security={"preset": "owasp", "hsts": None, "x_xss_protection": "0"},
            errors={"reraise": "always", "format": "problem", "replace_5xx": "never"},
        )
        redactor = Redactor(sensitive_names=("iban",))

        layers = default_pipeline(settings, redactor=redactor)

        headers, context, health, log, errors = (layer.options for layer in layers)

        assert headers == {"preset": "owasp", "hsts": None, "x_xss_protection": "0"}
        assert context == {"trust_inbound": False}
        assert health == {}
        assert dict(log) == {
            "request_started": "off",
            "slow_after_s": 2,
            "exclude_paths": ("/a",),
            "sensitive_paths": ("/b",),
            "redactor": redactor,
        }
        assert (errors["environment"], errors["reraise"]) == ("staging", "always")
        assert (errors["error_format"], errors["replace_5xx"]) == ("problem", "never")
        assert errors["redactor"] is redactor
        assert str(errors["service_info"]) == "name='orders' version='1.4.0' environment='staging'"

    def test_environment_is_read_when_no_settings_are_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an argument the variables decide; a wrong one is named."""
        monkeypatch.setenv("ASGI_STACK_SECURITY__PRESET", "owasp")
        assert next(iter(default_pipeline())).options["preset"] == "owasp"

        monkeypatch.setenv("ASGI_STACK_SECURITY__PRESET", "strict")
        with pytest.raises(SettingsError, match="ASGI_STACK_SECURITY__PRESET"):
            default_pipeline()


class TestWrap:
    """The one line."""

    async def test_response_has_ids_headers_and_a_line(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """A wrapped app's response carries ids and security headers; standard output has its one line."""
        seen = await exchange(wrap(hello), http_scope("/hello"))

        [line] = map(json.loads, capfdbinary.readouterr().out.splitlines())
        assert seen.values("x-content-type-options") == ["nosniff"]
        assert seen.values("x-correlation-id") == [line["correlation_id"]]
        assert (line["event"], line["path"], line["outcome"]) == ("request_completed", "/hello", "ok")

    async def test_handlers_and_reporters_reach_the_error_layer(self) -> None:
        """One line is enough to say what the service's own exceptions mean, and who is told of errors."""
        kept = Kept()
        settings = Settings(environment="development")

        application = wrap(
            raising(KeyError("x")), settings, handlers={KeyError: lambda _: AppError("Gone")}, reporters=[kept]
        )
        body = json.loads((await exchange(application)).body)

        assert (body["message"], body["service_info"]["environment"]) == ("Gone", "development")
        assert len(kept.events) == 1

    def test_built_app_takes_no_handlers(self) -> None:
        """What would be ignored is refused."""
        built = Pipeline().use(ErrorHandlerMiddleware).build(hello)

        with pytest.raises(ValueError, match="resources belong into the pipeline"):
            wrap(built, handlers={KeyError: lambda _: AppError()})

    async def test_logging_of_ones_own_is_kept(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """With `configure_logging` off nothing is set up; the request line goes through the user's own structlog."""
        handlers = logging.getLogger().handlers[:]
        structlog.configure(processors=[structlog.processors.KeyValueRenderer(key_order=["event"])])

        await exchange(wrap(hello, configure_logging=False), http_scope("/hello"))

        assert logging.getLogger().handlers == handlers
        assert b"event='request_completed' correlation_id=" in capfdbinary.readouterr().out

    async def test_one_redactor_serves_the_whole_stack(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """What a user calls secret is hidden in error lines, request lines and all other lines alike."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            get_logger("shop").warning("seen", iban="DE-1")
            raise AppError("No", context={"iban": "DE-2"})

        redactor = Redactor(sensitive_names=("iban",))
        await exchange(wrap(app, redactor=redactor), http_scope(query_string=b"iban=DE-3"))

        out = capfdbinary.readouterr().out
        # The app's line, the context and its line in the stack trace, the query in the error line and the request line.
        assert out.count(b"[REDACTED]") == 5
        assert b"DE-" not in out

    async def test_error_has_one_error_line_and_one_request_line(
        self, capfdbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        """Body, header, error line and request line of a failing request carry the same id."""
        seen = await exchange(wrap(raising(AppError("No"))))

        lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
        assert [line["event"] for line in lines] == ["request_failed", "request_completed"]
        ids = {*seen.values("x-correlation-id"), json.loads(seen.body)["correlation_id"]}
        assert ids == {line["correlation_id"] for line in lines}

    async def test_websocket_denial_has_them_too(self) -> None:
        """A websocket that fails before its accept is denied with ids, security headers and the error's JSON."""
        seen = await exchange(wrap(raising(AppError("No"))), websocket_scope())

        assert seen.status == 500
        assert len(seen.values("x-correlation-id")) == len(seen.values("x-frame-options")) == 1

    async def test_lifespan_is_answered_for_an_app_without_one(self) -> None:
        """The server's lifespan succeeds, whatever the app does with it."""
        sent = await exchange(
            wrap(raising(ValueError("unknown scope"))),
            {"type": "lifespan"},
            [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
        )

        assert [message["type"] for message in sent.sent] == [
            "lifespan.startup.complete",
            "lifespan.shutdown.complete",
        ]

    async def test_built_stack_is_taken_as_it_is(self) -> None:
        """What a pipeline built is not wrapped again, neither is a wrapped app."""
        built = Pipeline().use(RequestContextMiddleware).build(hello)

        assert wrap(built) is built
        assert wrap(wrapped := wrap(hello)) is wrapped
        assert LifespanMiddleware in (pipeline_of(wrapped) or Pipeline())

    async def test_stack_inside_a_stack_works_once(self, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        """A wrapped app mounted inside a wrapped app gives one line, one pair of ids and one set of headers."""
        inner = wrap(raising(AppError("No")))

        async def mounting(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "root_path": "/inner"}, receive, send)

        seen = await exchange(wrap(mounting))

        assert len(capfdbinary.readouterr().out.splitlines()) == 2
        assert [len(seen.values(name)) for name in ("x-correlation-id", "x-request-id", "x-frame-options")] == [1, 1, 1]

    def test_wrong_app_is_refused(self) -> None:
        """Something that cannot be called is no application."""
        with pytest.raises(TypeError, match="app must be an ASGI application, not None"):
            wrap(None)  # type: ignore[arg-type]

    def test_wrong_settings_are_refused(self) -> None:
        """A dictionary is no settings."""
        with pytest.raises(TypeError, match=r"settings must be a Settings, not \{\}"):
            wrap(hello, {})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"settings must be a Settings, not \{\}"):
            default_pipeline({})  # type: ignore[arg-type]

    @pytest.mark.parametrize("layer", [RequestContextMiddleware, RequestLoggingMiddleware])
    def test_access_lines_are_silenced_only_where_there_is_a_request_line(self, layer: type) -> None:
        """A pipeline of one's own without the logging layer leaves the server's access lines alone."""
        wrap(Pipeline().use(layer).build(hello))

        assert logging.getLogger("uvicorn.access").hasHandlers() is (layer is RequestContextMiddleware)
