"""Note where code was without holding a frame, and tell it as text or as a fingerprint.

A frame keeps its local variables alive, and with them requests, connections and secrets; a code object does not.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from types import CodeType, FrameType, TracebackType
from typing import Final, TypeAlias

__all__ = ["Place", "format_places", "make_fingerprint", "note_places", "traceback_places"]

Place: TypeAlias = tuple[CodeType, int, str]
"""A point in running code: its code object, the offset of the instruction in bytes, the name of its module."""

_NOTED: Final = range(50)
"""Frames that are noted, innermost first: code that serves a request under a framework is 15 to 40 deep."""

_SHOWN: Final = 50
"""Frames that are shown at either end of a longer stack, as a RecursionError has it."""

_REPEATED: Final = 3
"""How often a place that follows on itself is shown, as in the interpreter's own tracebacks."""

_SOURCE_CHARS: Final = 200
"""How much of a source line is shown; generated code has lines of megabytes."""

_FOREIGN: Final = sys.stdlib_module_names | {
    *("asgi_stack", "asgiref", "anyio", "sniffio", "trio", "attr", "attrs", "cattrs", "msgspec", "orjson"),
    *("aiohttp", "blacksheep", "django", "falcon", "fastapi", "flask", "litestar", "quart"),
    *("rest_framework", "sanic", "starlette", "werkzeug", "jinja2", "structlog", "opentelemetry", "sentry_sdk"),
    *("daphne", "granian", "gunicorn", "h11", "h2", "httptools", "hypercorn", "mangum", "uvicorn", "uvloop", "wsproto"),
    *("httpcore", "httpx", "requests", "urllib3", "websockets", "tenacity", "typing_extensions"),
    *("pydantic", "pydantic_core", "pydantic_settings", "sqlalchemy", "alembic", "advanced_alchemy"),
    *("aiosqlite", "asyncpg", "psycopg"),
}
"""Top-level modules whose frames say little about what in the user's program failed."""


def note_places(frame: FrameType) -> list[Place]:
    """Note the callers of a frame, innermost first, at most 50; about 0.2 us each."""
    places: list[Place] = []
    add = places.append
    caller = frame.f_back
    for _ in _NOTED:
        if caller is None:
            break
        add((caller.f_code, caller.f_lasti, caller.f_globals.get("__name__", "")))
        caller = caller.f_back
    return places


def traceback_places(link: TracebackType | None) -> Iterator[Place]:
    """Give the places of a traceback, innermost first."""
    links: list[TracebackType] = []
    while link is not None:
        links.append(link)
        link = link.tb_next
    for inner in reversed(links):
        frame = inner.tb_frame
        yield frame.f_code, inner.tb_lasti, frame.f_globals.get("__name__", "")


def format_places(places: Iterable[Place]) -> str:
    """Write places, innermost first, as a traceback, innermost last: source lines, and no local variables.

    Of more than 100 places the first and the last 50 are shown. No place gives an empty text.
    """
    stack = list(places)[::-1]
    if not stack:
        return ""
    left_out = len(stack) - 2 * _SHOWN
    if left_out <= 0:
        return "Traceback (most recent call last):\n" + _lines(stack)
    middle = f"  ... {left_out} frames left out ...\n"
    return "Traceback (most recent call last):\n" + _lines(stack[:_SHOWN]) + middle + _lines(stack[-_SHOWN:])


def make_fingerprint(kind: type, code: str, places: Iterable[Place]) -> str:
    """Name the kind of an error and where it came from in 16 hexadecimal digits.

    What counts is the innermost place outside the standard library, asgi_stack and known frameworks, or the innermost
    of all, by its module, function and line within the function: neither a restart nor a move down the file changes
    these.

    Args:
        kind: The class of the error.
        code: Its error code; empty for errors that have none.
        places: Where it was raised, innermost first.
    """
    return _digest(kind, str(code), _origin(places))


@lru_cache(maxsize=512)  # errors come from few places again and again
def _digest(kind: type, code: str, origin: Place | None) -> str:
    parts: list[object] = [kind.__module__, kind.__qualname__, code]
    if origin is not None:
        code_object, offset, module = origin
        parts += [module, code_object.co_qualname, _line(code_object, offset) - code_object.co_firstlineno]
    text = "\0".join(map(str, parts))
    return hashlib.blake2b(text.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _origin(places: Iterable[Place]) -> Place | None:
    innermost = None
    for place in places:
        if str(place[2]).partition(".")[0] not in _FOREIGN:
            return place
        innermost = innermost or place
    return innermost


def _lines(stack: list[Place]) -> str:
    # The standard library's StackSummary takes three times as long to write the same.
    lines: list[str] = []
    for (file, line, name), run in groupby(
        (code.co_filename, _line(code, at), code.co_qualname) for code, at, _ in stack
    ):
        source = linecache.getline(file, line).strip()[:_SOURCE_CHARS]
        shown = f'  File "{file}", line {line}, in {name}\n' + (source and f"    {source}\n")
        repeated = sum(1 for _ in run)
        lines += [shown] * min(repeated, _REPEATED)
        if repeated > _REPEATED:
            lines.append(f"  ... the same place {repeated - _REPEATED} more times ...\n")
    return "".join(lines)


def _line(code: CodeType, offset: int) -> int:
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    return code.co_firstlineno
