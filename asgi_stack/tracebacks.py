"""Write exceptions as text for logs and reports: bounded, without local variables, whatever the exception is like.

Local variables are never shown, since they hold what nobody meant to log: scopes, headers, passwords. Nothing here
raises, and nothing takes long: chains, groups, notes, frames and messages are cut at the numbers below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from textwrap import indent
from typing import Final, NamedTuple, TypeGuard

from asgi_stack.exceptions import AppError
from asgi_stack.exceptions.places import format_places, make_fingerprint, traceback_places

__all__ = [
    "LEFT_OUT",
    "chain_of",
    "exception_message",
    "fingerprint_of",
    "format_exception_text",
    "leaves_of",
    "qualified_name",
]

LEFT_OUT: Final = " characters left out ... "
"""Ends the mark in the middle of each text that was cut."""

_MESSAGE_CHARS: Final = 4096
_NOTES: Final = 10
_NOTE_CHARS: Final = 1000
_LEAVES: Final = 20
_LEAF_CHAIN: Final = 5
_LEAF_CHARS: Final = 500
"""The least that each leaf of a group may take, where an equal share of the whole text would be smaller."""

_COUNTED: Final = 100_000
"""Where counting what is left out ends: 20 ms."""

_CAUSED: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_IN_HANDLING: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


def format_exception_text(error: BaseException, *, max_chars: int = 32_768, max_chain: int = 20) -> str:
    """Write an exception as the interpreter does, the last one at the end; never raises.

    Args:
        error: Raised or not.
        max_chars: The length of the text, 100 or more; of a longer one the middle is left out.
        max_chain: Exceptions of the chain that are written, the nearest ones. A line tells how many are missing, or
            that the chain is cyclic.

    Of a group up to 20 leaves follow, indented, each with up to 5 exceptions of its chain.
    """
    try:
        return _cut(_chain_text(error, max_chars, max_chain, unfold=True), max_chars)
    except Exception as problem:  # noqa: BLE001 - a class may override whatever is read here
        return f"{qualified_name(type(error))}: <no traceback: {qualified_name(type(problem))}>\n"


def chain_of(error: BaseException, *, max_chain: int = 20) -> list[dict[str, str]]:
    """Give `type` and `message` of an exception and of what led to it, nearest first.

    A last item of type `truncated` tells how many are missing, one of type `cyclic` where the chain leads back to.
    """
    chain = _chain(error, max_chain)
    items = [{"type": qualified_name(type(each)), "message": exception_message(each)} for each in chain.errors]
    if chain.left_out:
        items.append({"type": "truncated", "message": f"{chain.left_out} more exceptions"})
    back_to = chain.back_to or _leaf_within(chain.errors)
    if back_to is not None:
        items.append({"type": "cyclic", "message": f"leads back to {qualified_name(type(back_to))}"})
    return items


def exception_message(error: BaseException) -> str:
    """Give an exception's text, at most 4096 characters; never raises, whatever its `__str__` does."""
    return _cut(_text(error), _MESSAGE_CHARS)


def fingerprint_of(error: BaseException) -> str:
    """Give the fingerprint of any exception: 16 hexadecimal digits, for an AppError its own.

    It is the same for the same class of exception, raised at the same place: over restarts, and when the function
    moves within its file. See `AppError.fingerprint`.
    """
    if isinstance(error, AppError):
        return error.fingerprint
    return make_fingerprint(type(error), "", traceback_places(error.__traceback__))


def leaves_of(error: BaseException) -> Iterator[BaseException]:
    """Give the exceptions of a group that are no groups themselves, in order; of any other exception, itself."""
    rest: list[BaseException] = [error]
    seen: set[int] = set()
    while rest:
        current = rest.pop()
        if not _is_group(current):
            yield current
        elif id(current) not in seen:
            seen.add(id(current))
            rest += reversed(current.exceptions)


def qualified_name(kind: type) -> str:
    """Name a class with its module, a built-in one without."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


class _Chain(NamedTuple):
    errors: list[BaseException]
    left_out: int
    back_to: BaseException | None


def _chain(error: BaseException, limit: int) -> _Chain:
    """Follow an exception to what led to it, nearest first."""
    errors: list[BaseException] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _COUNTED:
        seen.add(id(current))
        if len(errors) < limit:
            errors.append(current)
        current = _before(current)
    return _Chain(errors, len(seen) - len(errors), current if id(current) in seen else None)


def _leaf_within(errors: list[BaseException]) -> BaseException | None:
    """Give the exception of a chain that a leaf of a group in it leads back to, or is."""
    ids = {id(error) for error in errors}
    groups = [error for error in errors if _is_group(error)]
    leaves = (leaf for group in groups for leaf in islice(leaves_of(group), _LEAVES))
    return next((back for leaf in leaves if (back := _back_from(leaf, ids)) is not None), None)


def _back_from(leaf: BaseException, ids: set[int]) -> BaseException | None:
    return next((each for each in _chain(leaf, _LEAF_CHAIN).errors if id(each) in ids), None)


def _before(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None or error.__suppress_context__:
        return error.__cause__
    return error.__context__


def _chain_text(error: BaseException, room: int, max_chain: int, *, unfold: bool) -> str:
    """Write a chain, the exception itself last; the farthest ones go when there is no room."""
    chain = _chain(error, max_chain)
    blocks: list[str] = []
    later = error
    for each in chain.errors:
        if room <= 0:
            break
        link = "" if each is error else _CAUSED if later.__cause__ is each else _IN_HANDLING
        blocks.append(_block(each, room, chain.errors if unfold else None) + link)
        room -= len(blocks[-1])
        later = each
    left_out = chain.left_out + len(chain.errors) - len(blocks)
    if left_out:
        blocks.append(f"... {left_out} earlier exceptions left out ...\n\n")
    if chain.back_to is not None:
        blocks.append(f"... the chain is cyclic, it leads back to {qualified_name(type(chain.back_to))} ...\n\n")
    return "".join(reversed(blocks))


def _block(error: BaseException, room: int, chain: list[BaseException] | None) -> str:
    """Write one exception of a chain; of a group the leaves too, unless the chain is one of a leaf itself."""
    name, message = qualified_name(type(error)), exception_message(error)
    text = _frames(error) + (f"{name}: {message}\n" if message else f"{name}\n") + _notes(error)
    if chain is not None and _is_group(error):
        text += _leaves(error, room - len(text), {id(each) for each in chain})
    return text


def _frames(error: BaseException) -> str:
    # An AppError knows where it was made even when nobody raised it.
    return error.stack_trace if isinstance(error, AppError) else format_places(traceback_places(error.__traceback__))


def _notes(error: BaseException) -> str:
    given: object = getattr(error, "__notes__", ())
    notes = given if _is_sequence(given) else [given]
    lines = [_cut(_text(note), _NOTE_CHARS) + "\n" for note in notes[:_NOTES]]
    if len(notes) > _NOTES:
        lines.append(f"... {len(notes) - _NOTES} more notes ...\n")
    return "".join(lines)


def _leaves(group: BaseException, room: int, chain: set[int]) -> str:
    leaves = list(islice(leaves_of(group), _COUNTED))
    shown = leaves[:_LEAVES]
    share = max(_LEAF_CHARS, room // max(1, len(shown)))
    lines: list[str] = []
    for number, leaf in enumerate(shown, 1):
        lines.append(f"  leaf {number} of {len(leaves)}:{_leaf(leaf, share, chain)}")
    if len(leaves) > _LEAVES:
        lines.append(f"  ... {len(leaves) - _LEAVES} more leaves ...\n")
    return "".join(lines)


def _leaf(leaf: BaseException, room: int, chain: set[int]) -> str:
    back_to = _back_from(leaf, chain)
    if back_to is None:
        return "\n" + indent(_cut(_chain_text(leaf, room, _LEAF_CHAIN, unfold=False), room), "    ")
    text = "" if back_to is leaf else _cut(_block(leaf, room, None), room)
    return f" the chain is cyclic, it leads back to {qualified_name(type(back_to))}\n{indent(text, '    ')}"


def _is_group(error: BaseException) -> TypeGuard[BaseExceptionGroup[BaseException]]:
    return isinstance(error, BaseExceptionGroup)


def _is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as problem:  # noqa: BLE001 - __str__ is anybody's code
        return f"<no text: {qualified_name(type(problem))} in __str__>"


def _cut(text: str, limit: int) -> str:
    """Leave out the middle: a traceback tells most at its end, and then at its beginning."""
    if len(text) <= limit:
        return text
    marker = f" ... {len(text) - limit}{LEFT_OUT}"
    kept = max(2, limit - len(marker))
    return text[: kept // 2] + marker + text[-(kept - kept // 2) :]
