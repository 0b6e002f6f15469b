"""Keep secrets out of logs, spans, error bodies and reports: one policy object serves them all.

What is promised, and what is not, is written in docs/redaction.md. Nothing here changes what it is given, and nothing
here raises, whatever it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Final, TypeVar, cast, overload

from asgi_stack.bounded_copy import MARGIN_CHARS, MAX_TEXT_CHARS, REDACTED, BoundedCopy, safe_repr, shorten
from asgi_stack.encoding import encode_json
from asgi_stack.redaction_names import SENSITIVE_FIELD_PATTERNS, NameMatcher
from asgi_stack.redaction_query import QueryRedactor, find_card
from asgi_stack.redaction_text import TextRedactor
from asgi_stack.types import Header

__all__ = ["REDACTED", "SENSITIVE_FIELD_PATTERNS", "Redactor", "enrich_error", "sanitize_context"]

T = TypeVar("T")
E = TypeVar("E", bound=BaseException)

_PAIR: Final = 2
_MAX_NOTE_CHARS: Final = 2048
_QUERY_MARK: Final = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Redactor:
    """What is secret, and how far a copy goes; immutable, and meant to be made once and shared.

    Args:
        sensitive_names: words or phrases that make a name sensitive, beside `SENSITIVE_FIELD_PATTERNS`, in any
            spelling: `("iban", "tax id")`.
        allowed_names: whole names that are harmless all the same, in any spelling: `("session",)`.
        max_depth: levels of containers that `value` copies; deeper ones become `[TRUNCATED]`.
        max_items: items of one container that `value` copies, the mark for the rest included; a whole copy holds about
            ten times as many.

    Raises:
        TypeError: Names are given as one string.
        ValueError: A bound is too small, or a name holds no letter or digit.
    """

    sensitive_names: tuple[str, ...] = ()
    allowed_names: tuple[str, ...] = ()
    max_depth: int = 10
    max_items: int = 1000
    _names: NameMatcher = field(init=False, repr=False, compare=False)
    _text: TextRedactor = field(init=False, repr=False, compare=False)
    _query: QueryRedactor = field(init=False, repr=False, compare=False)
    _find_in_query: Callable[[bytes], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the options and compile them."""
        if isinstance(self.sensitive_names, str) or isinstance(self.allowed_names, str):
            message = "sensitive_names and allowed_names are tuples of names, not one string"
            raise TypeError(message)
        if self.max_depth < 1 or self.max_items < _PAIR:
            message = f"max_depth must be at least 1 and max_items 2, not {self.max_depth} and {self.max_items}"
            raise ValueError(message)
        names = NameMatcher(sensitive_names=self.sensitive_names, allowed_names=self.allowed_names)
        text = TextRedactor(names)
        query = QueryRedactor(names, text)
        compiled = {"_names": names, "_text": text, "_query": query, "_find_in_query": query.find_anything}
        for name, value in compiled.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """Show what differs from the default policy, as a call."""
        options = ((each.name, each.default, getattr(self, each.name)) for each in fields(self) if each.init)
        return f"Redactor({', '.join(f'{name}={value!r}' for name, default, value in options if value != default)})"

    def is_sensitive(self, name: str) -> bool:
        """Tell whether the value of a field of this name is a secret."""
        return self._names.is_sensitive(name)

    @overload
    def value(self, data: Mapping[str, object]) -> dict[str, object]: ...
    @overload
    def value(self, data: object) -> object: ...
    def value(self, data: object) -> object:
        """Copy a value without its secrets; the original is never changed.

        Mappings, dataclasses, pydantic models and named tuples become dicts; lists, tuples and sets keep their kind;
        numbers, dates, UUIDs, Enums and None stay. Strings go through `text`, bytes are shown as text or by their
        size, anything else by its `repr`, through `text` as well.
        """
        return _RedactedCopy(self._names, self._text, self.max_depth, self.max_items).copy(data)

    def query(self, raw: bytes) -> str:
        r"""Give a raw query string with the values of sensitive keys replaced.

        Keys, their order and their encoding stay as they came; they are compared decoded (`%74oken` is `token`). Bytes
        that are no UTF-8 are shown as `\xff`. Two searches over the bytes decide whether there is anything to
        parse; what is parsed is cut at 16 KiB.
        """
        if self._find_in_query(raw.lower()) or find_card(raw):
            return self._query.redact(raw)
        try:
            return raw.decode()  # without an error handler it takes half the time
        except UnicodeDecodeError:
            return raw.decode("utf-8", "backslashreplace")

    def text(self, text: str) -> str:
        """Give a text without the secrets that have a known shape.

        Those are passwords in URLs, `Bearer` and `Basic` credentials, JSON web tokens, `name=value` and
        `"name": value` pairs of sensitive names, and payment card numbers. Takes time linear in the text.
        """
        return self._text.redact(text)

    def headers(self, raw: Iterable[Header]) -> tuple[list[tuple[str, str]], list[str]]:
        """Part raw headers into those that may be shown and the names of those that may not.

        Returns:
            The pairs that may be shown, names in lower case, values through `text`, and through `query` from a `?` or
            `#` on; and the names that were dropped, each once, in order.
        """
        shown: list[tuple[str, str]] = []
        dropped: dict[str, None] = {}
        for name, value in raw:
            label = name.decode("latin-1").lower()
            if self._names.is_sensitive_header(label):
                dropped[label] = None
            else:
                shown.append((label, self._header_value(value.decode("latin-1"))))
        return shown, list(dropped)

    def _header_value(self, value: str) -> str:
        """Redact a value as a text, and what may be a query or a fragment in it, as of a Referer, as a query."""
        shown = self._text.redact(value)
        mark = _QUERY_MARK.search(shown)
        return shown if mark is None else shown[: mark.end()] + self.query(shown[mark.end() :].encode())


class _RedactedCopy(BoundedCopy):
    __slots__ = ("_is_sensitive", "_redact")

    def __init__(self, names: NameMatcher, text: TextRedactor, max_depth: int, max_items: int) -> None:
        super().__init__(max_depth, max_items)
        self._is_sensitive = names.is_sensitive
        self._redact = text.redact

    def string(self, value: str, limit: int = MAX_TEXT_CHARS) -> str:
        return shorten(self._redact(value if len(value) <= limit else value[: limit + MARGIN_CHARS]), limit)

    def key(self, value: object) -> object:
        # No identifier has the shape of a secret, and most keys are identifiers.
        return value if type(value) is str and value.isidentifier() else self.leaf(value)

    def hides(self, name: object) -> bool:
        if type(name) is str:
            return self._is_sensitive(name)
        if isinstance(name, Enum):
            return self._is_sensitive(name.name) or (_is_readable(name) and self.hides(name.value))
        if isinstance(name, bytes):
            name = name.decode("latin-1")
        return isinstance(name, str) and self._is_sensitive(name)

    def enum(self, value: Enum) -> object:
        # orjson ends the process where the value of a member raises.
        return value if _is_readable(value) else safe_repr(value)

    def element(self, value: object, inside: tuple[int, ...]) -> object:
        """Take a pair in a sequence for a name and its value: so headers are written, and forms."""
        if type(value) in {list, tuple}:
            items = cast("list[object] | tuple[object, ...]", value)
            if len(items) == _PAIR and self.hides(items[0]):
                return self.group(type(items), [self.key(items[0]), REDACTED])
        return self.copy(value, inside)


def _is_readable(member: Enum) -> bool:
    try:
        return member.value is not member
    except Exception:  # noqa: BLE001 - a class may override `value`
        return False


_DEFAULT: Final = Redactor()


@overload
def sanitize_context(data: Mapping[str, object]) -> dict[str, object]: ...
@overload
def sanitize_context(data: object) -> object: ...
def sanitize_context(data: object) -> object:
    """Copy a context with its sensitive values replaced by `[REDACTED]`, by the default `Redactor`.

    Nested mappings, sequences, dataclasses and pydantic models are copied too; the original is never changed.
    """
    return _DEFAULT.value(data)


def enrich_error(error: E, /, **context: object) -> E:
    """Attach redacted context to an error and give the error back, ready to be raised.

    An error with an `add_context` method (`AppError`) takes the items. Any other gets one note (PEP 678) with the
    items as JSON, which tracebacks show; nothing else about it changes.
    """
    safe = sanitize_context(context)
    add_context = getattr(error, "add_context", None)
    if callable(add_context):
        add_context(**safe)
    elif safe:
        error.add_note(shorten(f"context: {encode_json(safe).decode()}", _MAX_NOTE_CHARS))
    return error
