"""Turn what a client is told into a whole response, in the format it prefers; never fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.context import RequestContext
from asgi_stack.encoding import encode_json
from asgi_stack.http_context import capture_request_context
from asgi_stack.logging.exceptions import write_exception
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.negotiation import accept_of, prefers_problem_json
from asgi_stack.response_checks import checked_start
from asgi_stack.responses import RenderedError, ServiceInfo, render_error, static_error
from asgi_stack.tracebacks import format_exception_text, qualified_name

if TYPE_CHECKING:
    from asgi_stack.error_mapping import Mapped
    from asgi_stack.redaction import Redactor
    from asgi_stack.types import Scope

__all__ = ["ErrorRenderer"]

_LOGGER: Final = "asgi_stack.errors"


class ErrorRenderer:
    """The responses of one error layer.

    Args:
        service: Who answers.
        redactor: Decides what is sensitive in `debug_info`.
        is_development: Whether bodies have a `debug_info`.
        always_problem: Whether bodies are problem details even for clients that did not ask for them.
    """

    def __init__(self, service: ServiceInfo, redactor: Redactor, *, is_development: bool, always_problem: bool) -> None:
        self._service_info = service.model_dump()
        self._service_json = encode_json(self._service_info)
        self._redactor = redactor
        self._is_development = is_development
        self._always_problem = always_problem

    def render(self, mapped: Mapped, scope: Scope, error: BaseException | None = None) -> RenderedError:
        """Give the response; where it cannot be rendered, log why and give a fixed 500 with the request's ids."""
        record = RequestContext.current()
        try:
            debug_info = None
            if self._is_development and error is not None:
                debug_info = self._debug_info(error, mapped, scope, record)
            rendered = render_error(
                mapped.answer,
                record,
                self._service_info,
                debug_info=debug_info,
                problem=self._always_problem or prefers_problem_json(accept_of(scope.get("headers") or ())),
            )
            # What an AppError brings along is checked as the app's own headers are.
            checked_start({"type": "an error response", "status": rendered.status, "headers": rendered.headers})
        except Exception as failure:  # noqa: BLE001 - an error that cannot be rendered is still answered
            write_exception(failure, "error_rendering_failed", {}, logger=_LOGGER, redactor=self._redactor)
            return static_error(record, self._service_json)
        return rendered

    def _debug_info(
        self, error: BaseException, mapped: Mapped, scope: Scope, record: RequestContext | None
    ) -> dict[str, object]:
        """Give the fields of a DebugInfo."""
        request = capture_request_context(scope, redactor=self._redactor)
        if record is not None and HIDE_PATH not in scope.get(ACTIVE, ()):
            request |= {"route": record.route} if record.route else {}
            bound = self._redactor.value(dict(record.fields))
            request |= {f"{name}_" if name in request else name: value for name, value in bound.items()}
        return {
            "exception_type": qualified_name(type(error)),
            "stack_trace": self._redactor.text(format_exception_text(error)),
            "error_context": {} if mapped.told_by is None else self._redactor.value(dict(mapped.told_by.context)),
            "request": request,
        }
