"""Read the HTTP exceptions of known frameworks, recognised by name and without importing one.

A class is known by its module and qualified name, and so are all that derive from it: FastAPI's HTTPException is one
of Starlette's, Quart raises Werkzeug's. What a client is told is what the framework itself would tell, and no more.

Errors: none; an object that cannot be read is not recognised, and a part that cannot be read is left out.
Source: recorded from Starlette 1.10, FastAPI 0.165, Litestar 2.25, Werkzeug 3.1, Django 5.2 and 6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeAlias, cast

from asgi_stack.exceptions import ErrorCode, Severity
from asgi_stack.response_checks import holds_control, is_token
from asgi_stack.responses import OF_ANOTHER_BODY, ErrorAnswer
from asgi_stack.status_phrases import FIRST_SERVER_ERROR, phrase_of
from asgi_stack.types import Header

__all__ = ["http_error_of"]

MAX_HEADERS: Final = 100
"""Headers of one exception that are read: as many as common servers take of a request, so that none is endless."""

ANSWERS: Final = range(200, 600)
"""Statuses that end an exchange; a 1xx never does."""


_INVALID: Final = "The data is not valid"
"""As ValidationError says it."""


class _Told(NamedTuple):
    """What an exception says of the answer that it wants, unchecked."""

    status: object
    detail: object = None
    headers: object = None
    extra: object = None
    error_code: str | None = None
    """None for that of the status."""


_Reader: TypeAlias = Callable[[BaseException], _Told]


def http_error_of(error: BaseException) -> ErrorAnswer | None:
    """Give what an HTTP exception of a known framework tells a client.

    Args:
        error: Any exception.

    Returns:
        Its status, 200 to 599; its detail as the message where that is a text, else the phrase of the status; any
        other detail as `details`; its headers but those that describe a body. None when it is no exception of a known
        framework, or has no such status.

    Never raises, whatever the exception's attributes do.
    """
    try:
        for cls in type(error).__mro__:
            read = _READERS.get(f"{cls.__module__}.{cls.__qualname__}")
            if read is not None:
                return _answer(read(error))
    except Exception:  # noqa: BLE001 - the original error is answered in any case, as an unknown one
        return None
    return None


def _starlette(error: BaseException) -> _Told:
    return _Told(_attribute(error, "status_code"), _attribute(error, "detail"), _attribute(error, "headers"))


def _litestar(error: BaseException) -> _Told:
    told = _starlette(error)._replace(extra=_attribute(error, "extra"))
    # Litestar shows no detail of a 500: it raises those itself, with the names of templates and dependencies.
    return told._replace(detail=None) if told.status == FIRST_SERVER_ERROR else told


def _litestar_validation(error: BaseException) -> _Told:
    """Read the faults of a request, which Litestar names by key and source, as `validate` names them."""
    told = _litestar(error)
    faults = told.extra
    if not isinstance(faults, list):
        return told._replace(error_code=ErrorCode.VALIDATION_ERROR)
    fields = [_litestar_fault(fault) for fault in cast("list[object]", faults)]
    return told._replace(detail=_INVALID, extra=fields, error_code=ErrorCode.VALIDATION_ERROR)


def _litestar_fault(fault: object) -> object:
    found = cast("Mapping[str, object]", fault)
    if not isinstance(fault, Mapping) or "message" not in found:
        return found
    # A path parameter comes without its source, and a fault of the whole body without a key.
    loc = [str(getattr(found[part], "value", found[part])) for part in ("source", "key") if found.get(part)]
    return {"loc": loc, "msg": found["message"], "type": "invalid"}


def _fastapi_validation(error: BaseException) -> _Told:
    """Read the faults of a request as pydantic names them; what was sent is left out."""
    faults = cast("Iterable[Mapping[str, object]]", _called(error, "errors"))
    fields = [{name: fault[name] for name in ("loc", "msg", "type")} for fault in faults]
    return _Told(422, _INVALID, extra=fields)


def _werkzeug(error: BaseException) -> _Told:
    response = _attribute(error, "response")
    if response is not None:  # abort(response)
        return _Told(_attribute(response, "status_code"), headers=_attribute(response, "headers"))
    return _Told(_attribute(error, "code"), _attribute(error, "description"), _called(error, "get_headers"))


def _django(error: BaseException, *, status: int, is_shown: bool) -> _Told:
    """Read an exception of Django, whose text is its first argument.

    Django hands the text of a 404 and a 403 to the project's page. What no route matched is a dict of all routes.
    """
    text = error.args[0] if is_shown and error.args else None
    return _Told(status, text if isinstance(text, str) else None)


_bad_django_request: Final = partial(_django, status=400, is_shown=False)

_READERS: Final[Mapping[str, _Reader]] = {
    "starlette.exceptions.HTTPException": _starlette,
    "fastapi.exceptions.RequestValidationError": _fastapi_validation,
    "litestar.exceptions.http_exceptions.HTTPException": _litestar,
    "litestar.exceptions.http_exceptions.ValidationException": _litestar_validation,
    "werkzeug.exceptions.HTTPException": _werkzeug,
    "django.http.response.Http404": partial(_django, status=404, is_shown=True),
    "django.core.exceptions.PermissionDenied": partial(_django, status=403, is_shown=True),
    "django.core.exceptions.BadRequest": _bad_django_request,
    "django.core.exceptions.SuspiciousOperation": _bad_django_request,
    "django.http.multipartparser.MultiPartParserError": _bad_django_request,
}


def _answer(told: _Told) -> ErrorAnswer | None:
    if not isinstance(told.status, int) or isinstance(told.status, bool):
        return None
    status = int.__index__(told.status)  # a plain number, where a member of HTTPStatus or of a class was given
    if status not in ANSWERS:
        return None
    text = str.__str__(told.detail) if isinstance(told.detail, str) else ""
    return ErrorAnswer(
        status,
        told.error_code or ErrorCode.of_status(status),
        text or phrase_of(status),
        _severity(status),
        _details(told),
        _headers(told.headers),
    )


def _details(told: _Told) -> object:
    if told.extra is not None:
        return told.extra
    return None if isinstance(told.detail, str) else told.detail


def _severity(status: int) -> Severity:
    if status < 400 or status == 404:  # noqa: PLR2004 - a redirect, an ordinary miss
        return Severity.INFO
    return Severity.WARNING if status < FIRST_SERVER_ERROR else Severity.ERROR


def _headers(given: object) -> list[Header]:
    """Give the headers that may leave, from a mapping or from pairs, as far as they can be read."""
    kept: list[Header] = []
    try:
        pairs = _called(given, "items") if hasattr(given, "items") else given
        for pair in islice(cast("Iterable[object]", pairs or ()), MAX_HEADERS):
            header = _header(pair)
            if header is not None:
                kept.append(header)
    except Exception:  # noqa: BLE001 - a foreign mapping may raise anything; the answer matters more
        return kept
    return kept


def _header(pair: object) -> Header | None:
    try:
        name, value = map(_latin_1, cast("tuple[object, object]", pair))
    except Exception:  # noqa: BLE001 - no pair, no text, not in latin-1, or anything that a foreign object does
        return None
    name = name.lower()
    if name in OF_ANOTHER_BODY or not is_token(name) or holds_control(value):
        return None
    return name, value


def _latin_1(text: object) -> bytes:
    return text if isinstance(text, bytes) else str.encode(cast("str", text), "latin-1")


def _attribute(owner: object, name: str) -> object:
    try:
        return cast("object", getattr(owner, name, None))
    except Exception:  # noqa: BLE001 - a property may raise anything
        return None


def _called(owner: object, name: str) -> object:
    try:
        return cast("Callable[[], object]", getattr(owner, name))()
    except Exception:  # noqa: BLE001 - as above; werkzeug's get_headers joins what the application gave it
        return None
