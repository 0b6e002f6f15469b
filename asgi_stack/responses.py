"""Answer an error: what its client is told, as status, headers and bytes.

Source: RFC 9110 sections 6.4.1 and 8.6 (no body, Content-Length), RFC 9111 section 5.2.2.5 (no-store), RFC 9457
(problem details).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from asgi_stack.encoding import encode_json
from asgi_stack.error_models import DebugInfo, ErrorResponse, ProblemDetails, ServiceInfo
from asgi_stack.exceptions import AppError, ErrorCode, Severity
from asgi_stack.response_checks import BODILESS_STATUSES
from asgi_stack.status_phrases import phrase_of
from asgi_stack.types import Header

if TYPE_CHECKING:
    from asgi_stack.context import RequestContext

__all__ = [
    "INTERNAL_ERROR",
    "NO_RESPONSE",
    "DebugInfo",
    "ErrorAnswer",
    "ErrorResponse",
    "ProblemDetails",
    "RenderedError",
    "ServiceInfo",
    "answer_to",
    "phrase_of",
    "render_error",
    "static_error",
]


class ErrorAnswer(NamedTuple):
    """What a client is told about an exception; a tuple, since a frozen dataclass takes longer to make.

    Attributes:
        status: 400 to 599 for an AppError, 200 to 599 for an HTTP exception of a framework.
        error_code: As in the body.
        message: As in the body.
        severity: As in the body.
        details: As in the body.
        headers: What the error itself adds, such as `Retry-After`: pairs of lower-case names and values, as bytes.
    """

    status: int
    error_code: str
    message: str
    severity: Severity
    details: object = None
    headers: Sequence[Header] = ()


class RenderedError(NamedTuple):
    """A whole error response; a tuple, since a frozen dataclass takes longer to make.

    Attributes:
        status: The status.
        headers: Pairs of lower-case names and values; the list is the caller's own.
        body: The bytes that `content-length` counts. A HEAD request gets the headers alone.
    """

    status: int
    headers: list[Header]
    body: bytes


INTERNAL_ERROR: Final = ErrorAnswer(500, ErrorCode.INTERNAL_ERROR, "Internal server error", Severity.ERROR)
NO_RESPONSE: Final = ErrorAnswer(500, ErrorCode.NO_RESPONSE, "The application gave no response", Severity.ERROR)

_JSON: Final = (b"content-type", b"application/json")
_PROBLEM_JSON: Final = (b"content-type", b"application/problem+json")
_NO_STORE: Final = (b"cache-control", b"no-store")

OF_ANOTHER_BODY: Final = frozenset({b"content-encoding", b"content-length", b"content-type", b"transfer-encoding"})
"""What an error's own headers must not say: a proxied error brings those of the body that it had."""

_NOT_TAKEN: Final = OF_ANOTHER_BODY | {_NO_STORE[0]}

_is_uuid: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_is_safe: Final = re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch


def answer_to(error: BaseException) -> ErrorAnswer:
    """Give what a client is told: an AppError's own words, and nothing of any other exception."""
    if not isinstance(error, AppError):
        return INTERNAL_ERROR
    headers: Sequence[Header] = ()
    if error.headers:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in error.headers]
    return ErrorAnswer(error.status, str(error.error_code), error.message, error.severity, error.details, headers)


def render_error(
    answer: ErrorAnswer,
    record: RequestContext | None,
    service_info: Mapping[str, str],
    *,
    debug_info: Mapping[str, object] | None = None,
    problem: bool = False,
    instance: str | None = None,
) -> RenderedError:
    """Write an error response.

    A status that never has a body (1xx, 204, 304) gets none, and no header that would describe one. A 304 also goes
    without `no-store`, which a cache would take over for the page that it stored (RFC 9111 section 3.2).

    Args:
        answer: What the client is told.
        record: Where the ids come from; None outside a RequestContextMiddleware, then they are null.
        service_info: The fields of ServiceInfo.
        debug_info: The fields of DebugInfo; None leaves the key out.
        problem: Write a ProblemDetails instead of an ErrorResponse.
        instance: A URI of this occurrence, for a problem; None makes one of the request id where that is a UUID.
    """
    if answer.status in BODILESS_STATUSES:
        return RenderedError(answer.status, _headers_without_body(answer), b"")
    fields = _fields(answer, record, service_info, debug_info)
    if problem:
        fields = _problem_members(answer, record, instance) | fields
    body = encode_json(fields)
    headers = [_PROBLEM_JSON if problem else _JSON, (b"content-length", b"%d" % len(body)), _NO_STORE]
    if answer.headers:
        headers += _own_headers(answer, _NOT_TAKEN)
    return RenderedError(answer.status, headers, body)


def static_error(record: RequestContext | None, service_json: bytes = b"") -> RenderedError:
    """Write a 500 without the encoder, for when an error could not be rendered; never raises.

    Args:
        record: Where the ids come from; one that is no text of 1 to 128 letters, digits, `.`, `_` and `-` is null.
        service_json: The JSON of a ServiceInfo, written beforehand; empty leaves the key out.
    """
    body = b"".join(
        (
            b'{"error_code":"INTERNAL_ERROR","message":"Internal server error","details":null,"correlation_id":',
            _safe_id(record, "correlation_id"),
            b',"request_id":',
            _safe_id(record, "request_id"),
            b',"timestamp":"',
            _now().encode(),
            b'","severity":"ERROR"',
            service_json and b',"service_info":' + service_json,
            b"}",
        )
    )
    return RenderedError(500, [_JSON, (b"content-length", b"%d" % len(body)), _NO_STORE], body)


def _fields(
    answer: ErrorAnswer,
    record: RequestContext | None,
    service_info: Mapping[str, str],
    debug_info: Mapping[str, object] | None,
) -> dict[str, object]:
    fields: dict[str, object] = {
        "error_code": answer.error_code,
        "message": answer.message,
        "details": answer.details,
        "correlation_id": record and record.correlation_id,
        "request_id": record and record.request_id,
        "timestamp": _now(),
        # As a plain text, which the encoder need not copy first, unless somebody has set it to anything else.
        "severity": answer.severity.value if type(answer.severity) is Severity else answer.severity,
        "service_info": service_info,
    }
    if debug_info is not None:
        fields["debug_info"] = debug_info
    return fields


def _problem_members(answer: ErrorAnswer, record: RequestContext | None, instance: str | None) -> dict[str, object]:
    """Give the five members of RFC 9457 section 3.1; none of them is the name of another field."""
    members: dict[str, object] = {
        "type": "about:blank",
        "title": phrase_of(answer.status),
        "status": answer.status,
        "detail": answer.message,
    }
    if instance is None and record is not None and _is_uuid(record.request_id):
        instance = f"urn:uuid:{record.request_id}"
    if instance is not None:
        members["instance"] = instance
    return members


def _own_headers(answer: ErrorAnswer, without: frozenset[bytes]) -> list[Header]:
    return [header for header in answer.headers if header[0] not in without]


def _headers_without_body(answer: ErrorAnswer) -> list[Header]:
    if answer.status == HTTPStatus.NO_CONTENT:
        return [_NO_STORE, *_own_headers(answer, _NOT_TAKEN)]
    return _own_headers(answer, OF_ANOTHER_BODY)


def _now() -> str:
    return f"{datetime.now(UTC).isoformat()[:-6]}Z"


def _safe_id(record: RequestContext | None, name: str) -> bytes:
    value = getattr(record, name, None)
    return b'"%b"' % str.encode(value) if isinstance(value, str) and _is_safe(value) else b"null"
