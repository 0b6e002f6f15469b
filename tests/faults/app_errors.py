"""Handlers that raise: secrets, exits, groups, HTTP exceptions, and exceptions that are hard to describe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from starlette.exceptions import HTTPException

from asgi_stack.exceptions import AppError, NotFoundError, RateLimitedError, UnauthorizedError
from asgi_stack.logging import get_logger
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.faults.app_responses import canary_of
from tests.integration.apps import respond

logger = get_logger("tests.faults")

LEAVES: Final = 25
HUGE: Final = 10_000_000
CHAIN: Final = 10_000
DEPTH: Final = 1000
FLOOD_LINES: Final = 5
FLOOD_CHARS: Final = 50_000


class BrokenReprError(Exception):
    """Not an error of the test's: it stands for any value whose repr fails."""

    def __repr__(self) -> NoReturn:
        raise LookupError("no repr")


class MuteError(Exception):
    """An exception that cannot say what it is."""

    def __str__(self) -> NoReturn:
        raise LookupError("no text")


class UnrenderableError(AppError):
    """An error whose answer cannot be put together."""

    @property
    def details(self) -> object:  # type: ignore[override]
        """Fail when the renderer asks."""
        raise LookupError("no details")


def cyclic_mapping() -> dict[str, object]:
    """Make a dict that holds itself."""
    cycle: dict[str, object] = {}
    cycle["self"] = cycle
    return cycle


DETAILS: Final[Mapping[str, Callable[[], object]]] = {
    "bytes": lambda: {"raw": b"\xff\x00"},
    "nan": lambda: {"number": float("nan")},
    "set": lambda: {"set": {1, 2}},
    "repr": lambda: {"odd": BrokenReprError()},
    "cycle": cyclic_mapping,
    "tuple-keys": lambda: {(1, 2): "pair"},
}


def raising(make: Callable[[Scope], BaseException]) -> ASGIApp:
    """Make a handler that raises."""

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise make(scope)

    return fail


def error_with(make_details: Callable[[], object]) -> Callable[[Scope], BaseException]:
    """Make the function that makes an error with details."""
    return lambda _scope: AppError(details=make_details())


def wide_group(scope: Scope) -> BaseException:
    """Make a group of more leaves than are logged."""
    return ExceptionGroup("wide", [ValueError(f"leaf-{number}") for number in range(LEAVES)])


def mixed_group(scope: Scope) -> BaseException:
    """Make a group in which a 404 stands beside a defect."""
    return ExceptionGroup("mixed", [HTTPException(404), ExceptionGroup("inner", [ValueError("the defect")])])


def missing_group(scope: Scope) -> BaseException:
    """Make a group in which everything is the client's business."""
    return ExceptionGroup("missing", [NotFoundError("No such item"), HTTPException(404)])


def base_group(scope: Scope) -> BaseException:
    """Make a group that no handler may answer."""
    return BaseExceptionGroup("leaving", [KeyboardInterrupt(), ValueError("beside")])


def http_exception(status: int, name: str, value: str) -> Callable[[Scope], BaseException]:
    """Make Starlette's exception with a header."""
    return lambda _scope: HTTPException(status, headers={name: value})


def cyclic_cause(scope: Scope) -> BaseException:
    """Make two exceptions that caused each other."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def cyclic_context(scope: Scope) -> BaseException:
    """Make three exceptions, each raised while the next was handled."""
    first, second, third = ValueError("first"), ValueError("second"), ValueError("third")
    first.__context__, second.__context__, third.__context__ = second, third, first
    return first


def self_cause(scope: Scope) -> BaseException:
    """Make an exception that caused itself."""
    error = ValueError("alone")
    error.__cause__ = error
    return error


def cyclic_group(scope: Scope) -> BaseException:
    """Make a group that caused its own leaf."""
    leaf = ValueError("leaf")
    group = ExceptionGroup("group", [leaf])
    leaf.__cause__ = group
    return group


def long_chain(scope: Scope) -> BaseException:
    """Make a chain of causes."""
    error: BaseException = ValueError("the first")
    for number in range(CHAIN):
        following = ValueError(f"after {number}")
        following.__cause__ = error
        error = following
    return error


def huge_notes(scope: Scope) -> BaseException:
    """Make an exception with a long note."""
    error = ValueError("noted")
    error.add_note("n" * HUGE)
    return error


async def too_deep(scope: Scope, receive: Receive, send: Send) -> None:
    """Call oneself until the interpreter stops it."""
    descend(0)


def descend(depth: int) -> int:
    """Go one deeper."""
    return descend(depth + 1) + 1


async def deep(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise RecursionError below many frames."""
    climb(DEPTH // 2)


def climb(left: int) -> None:
    """Go so many frames down, and raise there."""
    if not left:
        raise RecursionError(f"depth {DEPTH}")
    climb(left - 1)


async def huge_line(scope: Scope, receive: Receive, send: Send) -> None:
    """Log more than a line may hold, then fail."""
    logger.info("huge", blob="b" * HUGE)
    raise ValueError("after the huge line")


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Log much, within what single lines may hold."""
    for _ in range(FLOOD_LINES):
        logger.info("flood", blob="f" * FLOOD_CHARS)
    await respond(send, b"")


HTTP: Final[Mapping[str, ASGIApp]] = {
    "/secret-error": raising(lambda scope: ValueError(f"password={canary_of(scope)}")),
    "/exit": raising(lambda _scope: SystemExit(7)),
    "/interrupt": raising(lambda _scope: KeyboardInterrupt()),
    "/generator-exit": raising(lambda _scope: GeneratorExit()),
    "/group/mixed": raising(mixed_group),
    "/group/missing": raising(missing_group),
    "/group/wide": raising(wide_group),
    "/group/base": raising(base_group),
    "/http/401": raising(http_exception(401, "WWW-Authenticate", "Basic")),
    "/http/405": raising(http_exception(405, "Allow", "GET, HEAD")),
    "/http/429": raising(http_exception(429, "Retry-After", "7")),
    "/http/304": raising(http_exception(304, "ETag", '"1"')),
    "/http/204": raising(http_exception(204, "X-Note", "nothing")),
    "/own/401": raising(lambda _scope: UnauthorizedError("Who are you?")),
    "/own/429": raising(lambda _scope: RateLimitedError("Slow down", retry_after_s=7)),
    **{f"/details/{name}": raising(error_with(make)) for name, make in DETAILS.items()},
    "/unrenderable": raising(lambda _scope: UnrenderableError("the original")),
    "/cycle/cause": raising(cyclic_cause),
    "/cycle/context": raising(cyclic_context),
    "/cycle/self": raising(self_cause),
    "/cycle/group": raising(cyclic_group),
    "/heavy/chain": raising(long_chain),
    "/heavy/message": raising(lambda _scope: ValueError("m" * HUGE)),
    "/heavy/notes": raising(huge_notes),
    "/heavy/mute": raising(lambda _scope: MuteError()),
    "/heavy/recursion": too_deep,
    "/heavy/frames": deep,
    "/heavy/line": huge_line,
    "/flood": flood,
}
