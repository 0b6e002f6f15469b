"""The root of the tree: an exception that knows what the client is told and what the log is."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypedDict, cast

from asgi_stack.exceptions.codes import ErrorCode, Severity
from asgi_stack.exceptions.places import Place, format_places, make_fingerprint, note_places, traceback_places

__all__ = ["AppError", "AppErrorOptions"]


class AppErrorOptions(TypedDict, total=False):
    """What every AppError takes beside its message; a subclass hands on `**options: Unpack[AppErrorOptions]`."""

    error_code: str | None
    status: int | None
    severity: Severity | str | None
    details: object
    context: Mapping[str, object] | None
    cause: BaseException | None
    headers: Mapping[str, str] | Iterable[tuple[str, str]] | None


class AppError(Exception):
    """Fail with an answer: whatever raises it inside the error layer decides the response.

    `message`, `details` and `headers` are for the client; `context` is for logs and reports, and never leaves outside
    development. `str()` gives `[CODE] message`.

    A subclass sets the class attributes `error_code`, `status`, `severity`, `message` and `headers`, which are checked
    when the class is made. A copied or unpickled error tells the stack trace and the fingerprint of its original; as
    with every exception, cause and traceback stay behind.

    Args:
        message: Text for the client; None takes the class's.
        error_code: An `ErrorCode`, or any other string that is not empty.
        status: The status of the response, 400 to 599.
        severity: A `Severity` or its name; it decides the level of the log line.
        details: Anything that JSON can express.
        context: Items for logs and reports; the mapping is copied.
        cause: The error that led to this one, as in `raise ... from cause`.
        headers: Headers for the response, a mapping or pairs; kept in order as pairs of name and value.

    Raises:
        TypeError: A value is of the wrong type.
        ValueError: The status, the severity or the code is none of the above.
    """

    error_code: str = ErrorCode.INTERNAL_ERROR
    status: int = 500
    severity: Severity = Severity.ERROR
    message: str = "Internal server error"
    details: object = None
    headers: tuple[tuple[str, str], ...] = ()
    context: dict[str, object]

    _made_at: Sequence[Place] = ()
    _told: tuple[str, str] | None = None

    def __init_subclass__(cls, **keywords: object) -> None:
        super().__init_subclass__(**keywords)
        cls.error_code = _checked_code(cls.error_code)
        cls.status = _checked_status(cls.status)
        cls.severity = Severity(cls.severity)
        cls.message = _checked_text("message", cls.message)
        cls.headers = _checked_headers(cls.headers)

    if not TYPE_CHECKING:  # a checker that knew of it would compare it with the __init__ of every subclass

        def __new__(cls, *arguments: object, **_options: object) -> Self:
            """Note the caller: unlike in __init__, it is always who makes the error, whatever a subclass does."""
            error = super().__new__(cls, *arguments)
            error._made_at = note_places(inspect.currentframe())
            error.context = {}
            return error

    def __init__(  # noqa: PLR0913 - each is one part of the answer
        self,
        message: str | None = None,
        *,
        error_code: str | None = None,
        status: int | None = None,
        severity: Severity | str | None = None,
        details: object = None,
        context: Mapping[str, object] | None = None,
        cause: BaseException | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    ) -> None:
        if message is not None:
            self.message = _checked_text("message", message)
        super().__init__(self.message)
        if error_code is not None:
            self.error_code = _checked_code(error_code)
        if status is not None:
            self.status = _checked_status(status)
        if severity is not None:
            self.severity = Severity(severity)
        if headers is not None:
            self.headers = _checked_headers(headers)
        if details is not None:
            self.details = details
        self.context.update(context or ())
        if cause is not None:
            self.__cause__ = cause

    def __str__(self) -> str:
        return f"[{self.error_code}] {self.message}"

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({self.message!r}, error_code={str(self.error_code)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        state = {**self.__dict__, "_made_at": (), "_told": (self.stack_trace, self.fingerprint)}
        return _remade, (type(self), *self.args), state

    @property
    def cause(self) -> BaseException | None:
        """The error that led to this one: always the same object as `__cause__`."""
        return self.__cause__

    @cause.setter
    def cause(self, cause: BaseException | None) -> None:
        self.__cause__ = cause
        self.__suppress_context__ = cause is not None

    @property
    def stack_trace(self) -> str:
        """Where it was raised, or made if it was not raised yet: text without local variables, written when read."""
        if self.__traceback__ is None and self._told:
            return self._told[0]
        return format_places(self._places())

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits, the same for every error of this class and code from the same place."""
        if self.__traceback__ is None and self._told:
            return self._told[1]
        return make_fingerprint(type(self), self.error_code, self._places())

    def add_context(self, **items: object) -> Self:
        """Add items to `context`, over those of the same name; returns the error, ready to be raised."""
        self.context.update(items)
        return self

    def _places(self) -> Iterable[Place]:
        return traceback_places(self.__traceback__) if self.__traceback__ else self._made_at


def _remade(cls: type[AppError], *arguments: object) -> AppError:
    # Not through __init__: a subclass may take other arguments than those in `args`.
    return cls.__new__(cls, *arguments)


def _checked_text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return text


def _checked_code(code: object) -> str:
    text = _checked_text("error_code", code)
    if not text:
        raise ValueError("error_code must not be empty")
    # A member of a (str, Enum) class would show as "Codes.STALE"; a StrEnum's shows as its value.
    return text if isinstance(text, StrEnum) else str.__str__(text)


def _checked_status(status: object) -> int:
    if not isinstance(status, int) or isinstance(status, bool):
        raise TypeError(f"status must be an int, not {type(status).__name__}")
    if not 400 <= status <= 599:  # noqa: PLR2004 - the two classes of errors, RFC 9110 sections 15.5 and 15.6
        raise ValueError(f"status must be 400 to 599, not {status}")
    return int(status)


def _checked_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    given = cast("Mapping[str, str]", headers).items() if isinstance(headers, Mapping) else headers
    return tuple((_checked_text("a header's name", name), _checked_text("a header", value)) for name, value in given)
