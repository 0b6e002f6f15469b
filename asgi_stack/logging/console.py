"""Render a record for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import structlog

from asgi_stack.bounded_copy import MAX_TEXT_CHARS, safe_repr, shorten
from asgi_stack.logging.record_cut import MAX_RECORD_BYTES, cut_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict

__all__ = ["console_renderer"]

ROOMS: Final = (MAX_RECORD_BYTES // 2, MAX_RECORD_BYTES // 8)
"""Sizes as JSON that a record is cut to, where colours and escapes may take four times as much."""


def console_renderer(*, colors: bool) -> Callable[[EventDict], bytes]:
    """Make the renderer for a terminal: one line, and below it the stack trace where there is one.

    A record of more than 64 KiB is cut as its JSON would be.
    """
    render = structlog.dev.ConsoleRenderer(
        colors=colors, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
    )

    def render_whole(entry: EventDict) -> bytes:
        shown = {_key(key): _value(key, value) for key, value in entry.items() if key != "stack_trace"}
        if "stack_trace" in entry:
            shown["exception"] = "\n".join("  " + _escaped(line) for line in str(entry["stack_trace"]).splitlines())
        return str(render(None, "", shown)).encode("utf-8", "backslashreplace")

    def render_console(entry: EventDict) -> bytes:
        line = render_whole(entry)
        for room in ROOMS:
            if len(line) > MAX_RECORD_BYTES:
                line = render_whole(cut_record(entry, room))
        return line

    return render_console


def _key(key: str) -> str:
    # structlog's renderer takes these for texts of its own.
    return f"{key}_" if key in ("exc_info", "exception", "stack") else _escaped(key)


def _value(key: str, value: object) -> object:
    if isinstance(value, str):
        return _escaped(shorten(value))
    if key == "call_site" and isinstance(value, dict):
        site = cast("dict[str, object]", value)
        place = f"{site.get('file')}:{site.get('line')}"
        return _Unquoted(f"{place} in {site['function']}" if site.get("function") else place)
    return _Unquoted(safe_repr(value, MAX_TEXT_CHARS))


class _Unquoted:
    """A text that structlog's renderer shows as it is: it puts strings with a space in them into quotes."""

    def __init__(self, text: str) -> None:
        self._text = _escaped(text)

    def __repr__(self) -> str:
        return self._text


def _escaped(text: str) -> str:
    """Escape what could forge a line or steer the terminal; JSON does so by itself."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
