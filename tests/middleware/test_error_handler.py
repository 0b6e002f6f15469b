"""The error layer: one JSON body for every error, and the layer's place in a stack."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from asgi_stack import (
    AppError,
    BusinessRuleError,
    ErrorHandlerMiddleware,
    ErrorResponse,
    NotFoundError,
    Pipeline,
    RateLimitedError,
    RequestContext,
    RequestContextMiddleware,
    ServiceInfo,
)
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.options import Environment
from asgi_stack.types import AnyASGIApp, Message, Receive, Scope, Send
from tests.bare_apps import never, raising, respond
from tests.driver import exchange, http_scope
from tests.log_capture import LogLines


class TestAnswers:
    """What the client is told."""

    async def test_app_error_is_answered_with_its_own_words(self) -> None:
        """An AppError decides status, code, message, details and headers of the response."""
        app = ErrorHandlerMiddleware(raising(NotFoundError("There is no item 7", details={"item_id": 7})))

        seen = await exchange(app)

        body = json.loads(seen.body)
        assert (seen.status, seen.raised) == (404, None)
        assert body["error_code"] == "NOT_FOUND"
        assert body["message"] == "There is no item 7"
        assert body["details"] == {"item_id": 7}
        assert body["severity"] == "INFO"

    async def test_body_is_what_the_model_writes(self) -> None:
        """The body written from a dict is the same JSON as ErrorResponse gives."""
        error = BusinessRuleError("Over the limit", details=[1, {"a": None}], context={"limit": 5})
        service = ServiceInfo(name="orders", version="1.4.0", environment="testing")
        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware, service_info=service)

        seen = await exchange(layers.build(raising(error)))

        model = ErrorResponse.model_validate_json(seen.body)
        assert json.loads(model.model_dump_json()) == json.loads(seen.body)
        assert list(json.loads(seen.body)) == list(json.loads(model.model_dump_json()))
        assert model.timestamp.tzinfo is not None
        assert model.service_info == service

    async def test_ids_of_the_request_are_in_the_body(self) -> None:
        """Body and headers carry the same two ids."""
        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware)

        seen = await exchange(layers.build(raising(ValueError())), http_scope(headers=[(b"x-correlation-id", b"abc")]))

        body = json.loads(seen.body)
        assert [body["correlation_id"]] == seen.values("X-Correlation-ID") == ["abc"]
        assert [body["request_id"]] == seen.values("X-Request-ID")

    async def test_alone_the_ids_are_null(self) -> None:
        """Without a context layer the ids are null, and nothing fails."""
        seen = await exchange(ErrorHandlerMiddleware(raising(ValueError())))

        assert json.loads(seen.body)["correlation_id"] is None
        assert json.loads(seen.body)["request_id"] is None

    @pytest.mark.parametrize("environment", ["testing", "staging", "production"])
    async def test_unknown_exception_tells_nothing_outside_development(self, environment: Environment) -> None:
        """A client learns neither the text nor the type of an unknown exception."""
        app = ErrorHandlerMiddleware(raising(ValueError("CANARY-1")), environment=environment)

        seen = await exchange(app)

        assert seen.status == 500
        assert json.loads(seen.body)["error_code"] == "INTERNAL_ERROR"
        assert b"CANARY-1" not in seen.body
        assert b"ValueError" not in seen.body
        assert "debug_info" not in json.loads(seen.body)

    async def test_development_shows_debug_info(self) -> None:
        """In development the body has the type, the stack trace, the context and the request, all redacted."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            record = RequestContext.current()
            assert record is not None
            record.bind(tenant="acme", password="CANARY-2")
            raise AppError("No", context={"order": 7, "api_key": "CANARY-3"})

        layers = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware, environment="development")

        seen = await exchange(layers.build(app), http_scope("/orders"))

        debug = json.loads(seen.body)["debug_info"]
        assert debug["exception_type"] == "asgi_stack.exceptions.AppError"
        assert ".app\n" in debug["stack_trace"]
        assert debug["error_context"]["order"] == 7
        assert debug["request"]["path"] == "/orders"
        assert debug["request"]["tenant"] == "acme"
        assert b"CANARY" not in seen.body
        ErrorResponse.model_validate_json(seen.body)

    async def test_length_is_exact_and_nothing_is_stored(self) -> None:
        """Errors carry their exact content-length and `cache-control: no-store`."""
        seen = await exchange(ErrorHandlerMiddleware(raising(ValueError())))

        assert seen.values("content-length") == [str(len(seen.body))]
        assert seen.values("cache-control") == ["no-store"]
        assert seen.values("content-type") == ["application/json"]

    async def test_headers_of_the_error_are_added_once(self) -> None:
        """Retry-After comes from the error; it cannot replace the body's own length or type."""
        error = RateLimitedError(retry_after_s=30, headers={"Content-Length": "1", "X-Quota": "5"})

        seen = await exchange(ErrorHandlerMiddleware(raising(error)))

        assert seen.values("retry-after") == ["30"]
        assert seen.values("x-quota") == ["5"]
        assert seen.values("content-length") == [str(len(seen.body))]

    async def test_head_has_the_headers_and_no_body(self) -> None:
        """HEAD is answered like GET, without the body."""
        seen = await exchange(ErrorHandlerMiddleware(raising(NotFoundError())), http_scope(method="HEAD"))

        assert seen.status == 404
        assert int(seen.values("content-length")[0]) > 0
        assert seen.body == b""

    async def test_error_that_cannot_be_rendered_is_still_answered(self, log_lines: LogLines) -> None:
        """A broken error class costs its words, not the response; both errors are logged, the original first."""

        class BrokenError(AppError):
            @property
            def details(self) -> object:
                raise RuntimeError("broken")

            @details.setter
            def details(self, value: object) -> None: ...

        seen = await exchange(ErrorHandlerMiddleware(raising(BrokenError("x"))))

        assert seen.status == 500
        assert json.loads(seen.body)["error_code"] == "INTERNAL_ERROR"
        assert [line["event"] for line in log_lines()] == ["request_failed", "error_rendering_failed"]


class TestPlace:
    """How the layer stands in a stack."""

    @pytest.mark.parametrize("kind", ["lifespan", "something.else"])
    async def test_other_scopes_pass_with_the_original_callables(self, kind: str) -> None:
        """For scopes it does not know, the layer is not there."""
        got: list[object] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            got.extend([receive, send])
            return "result"

        async def send(message: Message) -> None: ...

        layer: AnyASGIApp = ErrorHandlerMiddleware(app)
        result = await layer({"type": kind}, never, send)

        assert (got, result) == ([never, send], "result")

    async def test_twice_is_once(self, log_lines: LogLines) -> None:
        """Around itself the layer answers and logs once, and leaves the scope as it was."""
        scope = http_scope()

        seen = await exchange(ErrorHandlerMiddleware(ErrorHandlerMiddleware(raising(ValueError()))), scope)

        assert seen.status == 500
        assert len(log_lines()) == 1
        assert ACTIVE not in scope

    async def test_result_of_the_app_is_handed_on(self) -> None:
        """The layer returns what the app returns."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            await respond(send, b"x")
            return "result"

        seen = await exchange(ErrorHandlerMiddleware(app))

        assert seen.returned == "result"

    async def test_in_a_foreign_stack(self) -> None:
        """Added to a Starlette app, the layer answers what a route raises."""

        async def missing(request: Request) -> PlainTextResponse:
            raise NotFoundError("No such page")

        starlette = Starlette(routes=[Route("/", missing)])
        starlette.add_middleware(ErrorHandlerMiddleware)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(starlette), base_url="http://test") as client:
            response = await client.get("/")

        assert response.status_code == 404
        assert response.json()["message"] == "No such page"

    async def test_concurrent_errors_keep_their_ids(self) -> None:
        """Fifty failing requests at once each get their own ids."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(0)
            raise ValueError

        built = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app)
        scopes = [http_scope(headers=[(b"x-correlation-id", b"id-%d" % n)]) for n in range(50)]

        seen = await asyncio.gather(*(exchange(built, scope) for scope in scopes))

        assert [json.loads(each.body)["correlation_id"] for each in seen] == [f"id-{n}" for n in range(50)]

    @pytest.mark.parametrize(
        ("options", "culprit"),
        [({"environment": "prod"}, "environment.*'prod'"), ({"reraise": "sometimes"}, "reraise.*'sometimes'")],
    )
    def test_wrong_option_is_named(self, options: dict[str, str], culprit: str) -> None:
        """A wrong option fails when the layer is made, and the message names it."""
        make: Callable[..., object] = ErrorHandlerMiddleware

        with pytest.raises(ValueError, match=culprit):
            make(raising(ValueError()), **options)

    async def test_no_exception_is_kept(self) -> None:
        """Once the request is over, its record no longer holds the exception and its frames."""
        records: list[RequestContext | None] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            records.append(RequestContext.current())
            raise ValueError

        await exchange(Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware).build(app))

        assert records[0] is not None
        assert records[0].error is None
