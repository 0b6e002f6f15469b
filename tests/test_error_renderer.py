"""The renderer of the error layer: what a developer sees, and what leaves when nothing can be rendered."""

from __future__ import annotations

import json

import pytest

from asgi_stack import AppError, ConflictError, Redactor, RequestContext, ServiceInfo
from asgi_stack.error_mapping import ErrorMapping, Mapped
from asgi_stack.error_renderer import ErrorRenderer
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.responses import DebugInfo, ErrorAnswer, RenderedError
from asgi_stack.types import Scope
from tests.canaries import canary
from tests.driver import http_scope
from tests.log_capture import LogLines

SERVICE = ServiceInfo(name="orders", version="1.4.0", environment="development")


def rendered(error: BaseException, scope: Scope | None = None, mapped: Mapped | None = None) -> RenderedError:
    """Render an error as in development."""
    renderer = ErrorRenderer(SERVICE, Redactor(), is_development=True, always_problem=False)
    return renderer.render(mapped or ErrorMapping(None).look_up(error), scope or http_scope(), error)


class TestDebugInfo:
    """What a developer sees."""

    def test_it_tells_of_the_error_and_of_the_request(self) -> None:
        """Class, stack trace, context, request and what was bound are there, and what is sensitive is not."""
        secret = canary()
        error = AppError("x", context={"table": "items", "api_key": secret}, cause=ValueError(f"token={secret}"))
        scope = http_scope("/items", query_string=f"token={secret}".encode(), headers=[(b"cookie", secret.encode())])
        with RequestContext.scope(user_id=12, password=secret, path="express"):
            debug = json.loads(rendered(error, scope).body)["debug_info"]

        assert DebugInfo.model_validate(debug).exception_type == "asgi_stack.exceptions.AppError"
        assert debug["error_context"] == {"table": "items", "api_key": "[REDACTED]"}
        assert (debug["request"]["path"], debug["request"]["query"]) == ("/items", "token=[REDACTED]")
        assert debug["request"]["dropped_headers"] == ["cookie"]
        assert debug["request"]["user_id"] == 12
        assert debug["request"]["path_"] == "express"
        assert secret not in str(debug)

    def test_context_is_that_of_the_error_that_answers(self) -> None:
        """Where a handler made the answer, its context is shown, with the class and trace of the exception."""
        answer = ConflictError("Sold out", context={"article": 7})
        mapped = ErrorMapping({KeyError: lambda _: answer}).look_up(KeyError("x"))

        debug = json.loads(rendered(KeyError("x"), mapped=mapped).body)["debug_info"]

        assert (debug["exception_type"], debug["error_context"]) == ("KeyError", {"article": 7})
        assert "KeyError: 'x'" in debug["stack_trace"]

    def test_sensitive_path_hides_what_was_bound(self) -> None:
        """Neither the path nor the bound fields are shown there."""
        scope = {**http_scope("/reset/4711"), ACTIVE: (HIDE_PATH,)}
        with RequestContext.scope(account="4711"):
            debug = json.loads(rendered(ValueError(), scope).body)["debug_info"]

        assert "4711" not in str(debug["request"])


class TestFailure:
    """An error that cannot be rendered."""

    @pytest.mark.parametrize(
        "header",
        [
            pytest.param((b"x-name", b"a\r\nb"), id="line-break"),
            pytest.param((b"x name", b"a"), id="name"),
        ],
    )
    def test_header_that_must_not_leave_costs_the_answer(
        self, header: tuple[bytes, bytes], log_lines: LogLines
    ) -> None:
        """The client has the fixed 500 with its ids, and the log says why."""
        answer = ErrorAnswer(404, "NOT_FOUND", "x", ConflictError().severity, headers=[header])

        with RequestContext.scope("checkout-31"):
            status, _, body = rendered(ValueError(), mapped=Mapped(answer))

        assert status == 500
        assert json.loads(body)["correlation_id"] == "checkout-31"
        assert json.loads(body)["service_info"]["name"] == "orders"
        assert [line["event"] for line in log_lines()] == ["error_rendering_failed"]

    def test_error_with_broken_attributes_is_answered(self, log_lines: LogLines) -> None:
        """An AppError whose context was set to something else costs its answer, not the response."""
        error = AppError("x")
        error.context = 7  # type: ignore[assignment]

        status, _, body = rendered(error)

        assert (status, json.loads(body)["error_code"]) == (500, "INTERNAL_ERROR")
        assert [line["event"] for line in log_lines()] == ["error_rendering_failed"]
