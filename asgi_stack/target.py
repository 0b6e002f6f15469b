"""Load the application that `module:attribute` names, whatever generation of ASGI it speaks."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import sys
import traceback
from typing import TYPE_CHECKING, cast

from asgiref.compatibility import double_to_single_callable  # pyright: ignore[reportUnknownVariableType]

from asgi_stack.pipeline import pipeline_of
from asgi_stack.settings_errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType

    from asgi_stack.types import AnyASGIApp

__all__ = ["TargetError", "load_target"]


class TargetError(Exception):
    """Nothing can be served under the target's name; the message is one line that says why.

    Attributes:
        trace: The traceback of the target's own error, from its own first frame on; None when it ran without one.
    """

    def __init__(self, message: str, trace: str | None = None) -> None:
        super().__init__(message)
        self.trace = trace


def load_target(target: str, *, factory: bool = False) -> AnyASGIApp:
    """Import a module and give the ASGI 3 application in it.

    An ASGI 2 application (`app(scope)` gives `instance(receive, send)`) is adapted. How many arguments a callable
    takes decides: a plain function of three that returns an awaitable is ASGI 3, though it is no coroutine function.

    Args:
        target: `module:attribute`; both may have dots.
        factory: Whether the attribute is to be called, without arguments, to get the application.

    Raises:
        TargetError: The target has another form, is not there, fails on import, or is no ASGI application.
        SettingsError: The target reads settings on import, and one of them is wrong.
    """
    module_name, attribute = _split(target)
    found = _attribute(_import(module_name, target), attribute, target)
    if factory:
        found = _made_by(found, target)
    return _as_asgi3(found, target)


def _split(target: str) -> tuple[str, str]:
    module_name, _, attribute = target.partition(":")
    if module_name and attribute and "/" not in module_name:
        return module_name, attribute
    guess = module_name.removesuffix(".py").replace("/", ".").strip(".") or "module"
    raise TargetError(f"{target!r} is no target: write module:attribute, such as {guess}:{attribute or 'app'}")


def _import(module_name: str, target: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except SettingsError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and _is_or_holds(error.name, module_name):
            looked_in = sys.path[0] or "."
            raise TargetError(f"{target}: there is no module {error.name!r} (looked in {looked_in} first)") from None
        line = f"{target}: importing {module_name!r} failed with {_in_words(error)}"
        raise TargetError(line, _trace_from(module_name.partition(".")[0], error)) from error


def _is_or_holds(missing: str | None, module_name: str) -> bool:
    """Tell whether the missing module is the target's, or a package that it would be in, not one that it imports."""
    return missing is not None and f"{module_name}.".startswith(f"{missing}.")


def _attribute(module: ModuleType, path: str, target: str) -> object:
    found: object = module
    for name in path.split("."):
        if not hasattr(found, name):
            near = difflib.get_close_matches(name, _callables_of(found), n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise TargetError(f"{target}: {module.__name__!r} has no attribute {path!r}{hint}")
        found = getattr(found, name)
    return found


def _callables_of(holder: object) -> list[str]:
    """Name what may be meant: what the module makes itself, not the classes and functions that it imports."""
    names = getattr(holder, "__dict__", {})
    own = getattr(holder, "__name__", None)
    return [
        name
        for name, value in names.items()
        if callable(value) and not name.startswith("_") and own in (getattr(value, "__module__", own), None)
    ]


def _made_by(factory: object, target: str) -> object:
    if not callable(factory) or not _takes(factory, 0):
        raise TargetError(f"{target} cannot be called without arguments, so it is no factory: leave out --factory")
    try:
        return factory()
    except SettingsError:
        raise
    except Exception as error:
        raise TargetError(
            f"{target}: the factory failed with {_in_words(error)}",
            _format(error, error.__traceback__.tb_next if error.__traceback__ else None),
        ) from error


def _as_asgi3(found: object, target: str) -> AnyASGIApp:
    if not callable(found):
        if inspect.iscoroutine(found):
            found.close()
        raise TargetError(f"{target} is {_kind(found)}, not an ASGI application")
    if pipeline_of(found) is not None or (_takes(found, 3) and not _is_plain_class(found)):
        return cast("AnyASGIApp", found)
    if _takes(found, 0):
        raise TargetError(f"{target} takes no arguments: if it makes the application, add --factory")
    if _takes(found, 1):
        return cast("AnyASGIApp", double_to_single_callable(found))  # type: ignore[no-untyped-call] # asgiref has no types here
    hint = "; for WSGI see asgiref.wsgi.WsgiToAsgi" if _takes(found, 2) else ""
    raise TargetError(f"{target} does not take (scope, receive, send), so it is no ASGI application{hint}")


def _is_plain_class(found: object) -> bool:
    """Tell whether calling it gives an object that cannot be awaited: ASGI 2 with optional arguments of its own."""
    return inspect.isclass(found) and not hasattr(found, "__await__")


def _takes(function: Callable[..., object], count: int) -> bool:
    """Tell whether a callable takes so many positional arguments; one without a signature is taken for ASGI 3."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return count == 3  # noqa: PLR2004 - scope, receive, send
    with contextlib.suppress(TypeError):
        signature.bind(*range(count))
        return True
    return False


def _kind(thing: object) -> str:
    return f"of type {type(thing).__qualname__}"


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__qualname__}: {text}" if text else type(error).__qualname__


def _trace_from(package: str, error: Exception) -> str:
    """Format a traceback from its first frame in a package on: what stands before it is import machinery."""
    frame = error.__traceback__
    while frame is not None and _package_of(frame) != package:
        frame = frame.tb_next
    return _format(error, frame)


def _package_of(frame: TracebackType) -> str:
    return str(frame.tb_frame.f_globals.get("__name__")).partition(".")[0]


def _format(error: Exception, frame: TracebackType | None) -> str:
    return "".join(traceback.format_exception(type(error), error, frame))
