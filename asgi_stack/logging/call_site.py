"""Say where a line was logged: file, line and function."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from logging import LogRecord
from pathlib import Path
from typing import TYPE_CHECKING, Final

from structlog.processors import CallsiteParameter, CallsiteParameterAdder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from structlog.typing import EventDict, WrappedLogger

__all__ = ["WARNINGS_LOGGER", "add_call_site", "add_warning_site", "call_site"]

WARNINGS_LOGGER: Final = "py.warnings"
"""The logger of `logging.captureWarnings`."""

_LOGGING: Final = ("structlog.", "asgi_stack.logging.", "logging.")
"""Modules whose frames are skipped, each name with a dot at its end."""

_OF_THE_STACK: Final = "asgi_stack."
_IN_EXECUTOR: Final = "concurrent.futures.thread."
_PARAMETERS: Final = (CallsiteParameter.PATHNAME, CallsiteParameter.LINENO, CallsiteParameter.FUNC_NAME)


def add_call_site(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Put `call_site` at the end of a line: where the log call stands.

    It is an object of `file` (a path relative to the entry of `sys.path` that the module was found under, such as
    `shop/orders.py`; the whole path where there is none), `line` (an int, from 1 on) and `function` (its plain name,
    `<module>` outside any). Frames of structlog, logging and asgi_stack.logging are skipped; the standard library's
    `stacklevel` counts. Lines that the stack itself logs have none, and a field of that name becomes `call_site_`.
    """
    if "call_site" in event_dict:
        event_dict["call_site_"] = event_dict.pop("call_site")
    record = event_dict.get("_record")
    if not isinstance(record, LogRecord):
        site = _site_of_caller(logger, method_name)
    elif str(record.name).startswith(_OF_THE_STACK):
        site = None
    else:
        site = call_site(str(record.pathname), record.lineno, record.funcName)
    if site is not None:
        event_dict["call_site"] = site
    return event_dict


def add_warning_site(logger: WrappedLogger, method_name: str, event_dict: EventDict) -> EventDict:
    """Do the same for Python's warnings alone: without the place nobody knows what they warn about."""
    record = event_dict.get("_record")
    if isinstance(record, LogRecord) and record.name == WARNINGS_LOGGER:
        return add_call_site(logger, method_name, event_dict)
    return event_dict


def call_site(path: str, line: int, function: str | None) -> dict[str, object]:
    """Make the value of the field."""
    return {"file": _short(path), "line": line, "function": function or ""}


def _site_of_caller(logger: WrappedLogger, method_name: str) -> dict[str, object] | None:
    # This function, the step, and two of structlog's are never what is looked for.
    frame = sys._getframe(4)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as logging itself does it
    kind = _kind_of(frame)
    while kind == "logging" and frame.f_back is not None:
        frame = frame.f_back
        kind = _kind_of(frame)
    if kind == "code":
        return call_site(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
    return _site_of_awaiting_caller(logger, method_name) if kind == "executor" else None


def _kind_of(frame: FrameType) -> str:
    name: object = frame.f_globals.get("__name__")
    return _kind(name) if isinstance(name, str) else "code"


@lru_cache(maxsize=1024)
def _kind(module: str) -> str:
    """Tell what a frame of this module is: `logging`, `stack`, `executor`, or `code` that may have logged."""
    name = f"{module}."
    if name.startswith(_LOGGING):
        return "logging"
    if name.startswith(_OF_THE_STACK):
        return "stack"
    return "executor" if name == _IN_EXECUTOR else "code"


def _site_of_awaiting_caller(logger: WrappedLogger, method_name: str) -> dict[str, object]:
    """Find the caller of `ainfo` and its like, which log from a thread; only structlog knows who awaits them."""
    found = CallsiteParameterAdder(_PARAMETERS)(logger, method_name, {})
    return call_site(found["pathname"], found["lineno"], found["func_name"])


@lru_cache(maxsize=1024)
def _short(path: str) -> str:
    """Leave out where the import system found a module; asked for once a file."""
    return path[max((len(root) for root in _roots() if path.startswith(root)), default=0) :]


def _roots() -> Iterator[str]:
    for entry in sys.path:
        # The import system passes over what is no path, and the working directory may be gone.
        with suppress(TypeError, OSError):
            yield str(Path(entry).absolute()) + "/"
