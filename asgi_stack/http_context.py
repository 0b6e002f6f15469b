"""Tell of a request what a log line, a development error body or a report may show: redacted, bounded, never raising.

A scope is made by a server, changed by frameworks and steered by whoever sends the request: each of its values may be
missing, of another type, endless, or a secret. What cannot be told is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import FunctionType, MethodType
from typing import Final, TypeAlias, cast

from asgi_stack.bounded_copy import REDACTED, TRUNCATED, safe_repr, shorten
from asgi_stack.encoding import encode_json
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.redaction import Redactor
from asgi_stack.routes import route_template
from asgi_stack.types import Header, Scope

__all__ = ["ContextProvider", "capture_request_context"]

ContextProvider: TypeAlias = Callable[[Scope], Mapping[str, object]]
"""Gives more items about a request, from a copy of its scope; it runs on the event loop and must not block."""

MAX_WORD_CHARS: Final = 256
"""Of a method, a scheme, an address: DNS names end at 253 characters."""

MAX_PATH_CHARS: Final = 1024
MAX_QUERY_CHARS: Final = 2048
MAX_NAME_CHARS: Final = 64
MAX_VALUE_CHARS: Final = 1024
"""Of a header; the longest that browsers send are cookies and tokens, which are not shown."""

MAX_HEADERS: Final = 64
"""Browsers send about 20, proxies add about 20 more."""

MAX_HEADERS_CHARS: Final = 8192
MAX_PROVIDED_BYTES: Final = 8192
"""As JSON; with all other bounds, a whole capture leaves room for a stack trace in the 64 KiB of a log record."""

MAX_SCOPE_KEYS: Final = 1000
"""Servers set about 15, and frameworks add about 10 more."""

_READ_FACTOR: Final = 4
"""So many times what is shown of a text is searched for secrets: one that begins before the cut is still whole."""

_MORE: Final = "..."
_PAIR: Final = 2
_Fact: TypeAlias = Callable[[Scope, Redactor], str]
_DEFAULT: Final = Redactor()


def capture_request_context(
    scope: Scope | None,
    *,
    providers: Sequence[ContextProvider] = (),
    redactor: Redactor | None = None,
) -> dict[str, object]:
    """Tell of a request what may be shown of it; the scope is never changed, and nothing in it raises.

    Args:
        scope: An http or websocket scope, or any other; None gives an empty dict.
        providers: Functions whose items are added, redacted, in their order. A name that is taken gets a trailing
            underscore. One that raises, or gives no mapping, is named in `failed_providers` and costs nothing else.
        redactor: What is secret; the default policy without one.

    Returns:
        What is known of: `type` (of anything but http), `method`, `scheme`, `http_version`, `client` (the address),
        `server` (address and port), `path`, `root_path`, `query`, `route`, `headers` (lower-case names; values of a
        repeated name are joined by a comma, RFC 9110 section 5.3) and `dropped_headers` (the names of those that are
        not shown). What is missing, empty or of a wrong type is left out; control characters are escaped. A path that
        `RequestLoggingMiddleware` takes for sensitive is `[REDACTED]`, and nothing is told that may repeat it.
    """
    if scope is None:
        return {}
    policy = redactor or _DEFAULT
    captured = _told(_CONNECTION, scope, policy)
    if _is_hidden(scope):
        return captured | {"path": REDACTED}
    captured |= _told(_TARGET, scope, policy)
    captured |= _headers(scope, policy)
    return _with_provided(captured, scope, providers, policy) if providers else captured


def _told(facts: Mapping[str, _Fact], scope: Scope, policy: Redactor) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, tell in facts.items():
        try:
            found = tell(scope, policy)
        except Exception:  # noqa: BLE001 - the scope, or a value in it, is an object of somebody's own
            found = ""
        if found:
            told[name] = found
    return told


def _is_hidden(scope: Scope) -> bool:
    try:
        marks: object = scope.get(ACTIVE)
    except Exception:  # noqa: BLE001 - a scope that cannot be read was never marked
        return False
    return type(marks) is tuple and any(mark is HIDE_PATH for mark in cast("tuple[object, ...]", marks))


def _kind(scope: Scope, policy: Redactor) -> str:
    kind = _text(scope.get("type"), MAX_WORD_CHARS, policy)
    return "" if kind == "http" else kind


def _word_at(key: str) -> _Fact:
    # get() throughout: a defaultdict takes scope[key] for a wish to have the key.
    return lambda scope, policy: _text(scope.get(key), MAX_WORD_CHARS, policy)


def _path_at(key: str) -> _Fact:
    return lambda scope, policy: _text(scope.get(key), MAX_PATH_CHARS, policy)


def _client(scope: Scope, policy: Redactor) -> str:
    address = _first(scope.get("client"), _PAIR)
    return _text(address[0], MAX_WORD_CHARS, policy) if address else ""


def _server(scope: Scope, policy: Redactor) -> str:
    """Write host and port, or the path of a unix socket."""
    address = _first(scope.get("server"), _PAIR)
    host = _text(address[0], MAX_WORD_CHARS, policy) if address else ""
    if not host or len(address) < _PAIR or type(address[1]) is not int:
        return host
    return f"[{host}]:{address[1]:d}" if ":" in host else f"{host}:{address[1]:d}"


def _query(scope: Scope, policy: Redactor) -> str:
    raw: object = scope.get("query_string")
    if isinstance(raw, str):
        raw = raw[: MAX_QUERY_CHARS * _READ_FACTOR].encode("utf-8", "backslashreplace")
    if not isinstance(raw, bytes):
        return ""
    return _printable(policy.query(raw[: MAX_QUERY_CHARS * _READ_FACTOR]), MAX_QUERY_CHARS)


def _route(scope: Scope, policy: Redactor) -> str:
    return _text(route_template(scope, None), MAX_PATH_CHARS, policy)


def _headers(scope: Scope, policy: Redactor) -> dict[str, object]:
    """Part the headers into those that are shown and the names of the rest."""
    try:
        raw = _first(scope.get("headers"), MAX_HEADERS + 1)
        shown, dropped = policy.headers(_pairs(raw[:MAX_HEADERS]))
    except Exception:  # noqa: BLE001 - as above
        return {}
    joined = _join(shown)
    if len(raw) > MAX_HEADERS:
        joined[_MORE] = TRUNCATED
    told = {"headers": joined, "dropped_headers": [_printable(name, MAX_NAME_CHARS) for name in dropped]}
    return {name: found for name, found in told.items() if found}


def _join(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    room = MAX_HEADERS_CHARS
    for name, value in pairs:
        label = _printable(name, MAX_NAME_CHARS)
        text = _printable(f"{joined[label]}, {value}" if label in joined else value, MAX_VALUE_CHARS)
        room -= len(label) + len(text)
        joined[label] = text if room > 0 else TRUNCATED
    return joined


def _pairs(raw: Iterable[object]) -> Iterator[Header]:
    """Give what is a name and a value, each no longer than is looked at."""
    for item in raw:
        pair = _first(item, _PAIR + 1)
        if len(pair) == _PAIR:
            name, value = _raw(pair[0]), _raw(pair[1])
            if name and value is not None and len(name) <= MAX_VALUE_CHARS:  # a longer one might hide what it names
                yield name, value[: MAX_VALUE_CHARS * _READ_FACTOR]


def _raw(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value[: MAX_VALUE_CHARS * _READ_FACTOR].encode("latin-1", "backslashreplace")
    return None


def _first(value: object, count: int) -> Sequence[object]:
    """Read the first items of a list or tuple, and of nothing else: an iterator is there for the app to read."""
    return cast("Sequence[object]", value)[:count] if isinstance(value, (list, tuple)) else ()


def _text(value: object, limit: int, policy: Redactor) -> str:
    """Show a text, redacted, printable and no longer than the limit; anything else is not shown."""
    if isinstance(value, str):
        return _printable(policy.text(value[: limit * _READ_FACTOR]), limit)
    if isinstance(value, bytes):
        return _text(value[: limit * _READ_FACTOR].decode("utf-8", "backslashreplace"), limit, policy)
    return ""


def _printable(text: str, limit: int) -> str:
    """Escape what could forge a line, steer a terminal or turn the direction of writing."""
    if len(text) <= limit and text.isprintable():
        return text
    text = shorten(text, limit)
    escaped = [char if char.isprintable() else char.encode("unicode_escape").decode() for char in text]
    return shorten("".join(escaped), limit)


_CONNECTION: Final[Mapping[str, _Fact]] = {
    "type": _kind,
    "method": _word_at("method"),
    "scheme": _word_at("scheme"),
    "http_version": _word_at("http_version"),
    "client": _client,
    "server": _server,
}
_TARGET: Final[Mapping[str, _Fact]] = {
    "path": _path_at("path"),
    "root_path": _path_at("root_path"),
    "query": _query,
    "route": _route,
}
_OWN_KEYS: Final = frozenset({*_CONNECTION, *_TARGET, "headers", "dropped_headers", "failed_providers"})


def _with_provided(
    captured: dict[str, object], scope: Scope, providers: Sequence[ContextProvider], policy: Redactor
) -> dict[str, object]:
    failed: list[str] = []
    room = MAX_PROVIDED_BYTES
    for provider in providers:
        try:
            items = _provided_by(provider, scope, policy)
        except Exception:  # noqa: BLE001 - one provider must not cost what the others tell
            failed.append(_name_of(provider))
            continue
        for key, value in items.items():
            name = _free_name(key, captured)
            size = len(encode_json({name: value}))
            captured[name] = value if size <= room else TRUNCATED
            room -= size if size <= room else len(encode_json({name: TRUNCATED}))
            if room <= 0:
                captured[_MORE] = TRUNCATED
                break
    return captured | {"failed_providers": failed} if failed else captured


def _provided_by(provider: ContextProvider, scope: Scope, policy: Redactor) -> dict[object, object]:
    """Call a provider with a copy of the scope, and redact what it gives.

    Raises:
        TypeError: It is no mapping, or one that cannot be read.
    """
    items: object = provider(dict(islice(scope.items(), MAX_SCOPE_KEYS)))
    if isinstance(items, Coroutine):
        items.close()  # of an async function: nobody will await it
    copied = policy.value(items)
    if isinstance(items, Mapping) and isinstance(copied, dict):
        return cast("dict[object, object]", copied)
    raise TypeError


def _free_name(key: object, captured: Mapping[str, object]) -> str:
    name = _printable(key if isinstance(key, str) else safe_repr(key), MAX_NAME_CHARS)
    while name in _OWN_KEYS or name in captured:
        name += "_"
    return name


def _name_of(provider: object) -> str:
    named = provider if isinstance(provider, (FunctionType, MethodType, type)) else type(provider)
    return _printable(named.__qualname__, MAX_WORD_CHARS)
