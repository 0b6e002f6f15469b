"""Check the scope that a server made, or a layer outside.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope, and the same for websockets.
Keys that have a default may be missing, and so may `asgi`: popular test clients leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from asgi_stack.testing.lint_values import header_pairs, is_number, is_text_dict, items_of
from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Scope

__all__ = ["ITERABLE_KEYS", "LISTED_EXTENSIONS", "check_scope", "is_of_foreign_extension", "offers"]

ITERABLE_KEYS: Final = ("headers", "client", "server", "subprotocols")
"""What may be an iterator, as far as the specification goes."""

LISTED_EXTENSIONS: Final = frozenset(
    {
        "http.response.debug",
        "http.response.early_hint",
        "http.response.pathsend",
        "http.response.push",
        "http.response.trailers",
        "http.response.zerocopysend",
        "tls",
        "websocket.http.response",
    }
)
"""The extensions of https://asgi.readthedocs.io/en/latest/extensions.html."""

_REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "http": ("http_version", "method", "path", "query_string", "headers"),
    "websocket": ("path", "headers"),
    "lifespan": (),
}
_HTTP_VERSIONS: Final = frozenset({"1.0", "1.1", "2", "3"})
_ADDRESS: Final = 2


def check_scope(scope: Scope, report: Reporter) -> None:
    """Check every key of an http, websocket or lifespan scope that is there, and that none is missing."""
    for key in _REQUIRED[scope["type"]]:
        if key not in scope:
            report("scope.missing-key", f"the {scope['type']} scope has no {key}")
    for key, check in _CHECKS[scope["type"]].items():
        if key in scope:
            check(scope, report)


def offers(scope: Scope, extension: str) -> bool:
    """Tell whether the scope offers an extension."""
    extensions: object = scope.get("extensions")
    return is_text_dict(extensions) and extension in extensions


def is_of_foreign_extension(scope: Scope, message_type: str) -> bool:
    """Tell whether a message belongs to an extension offered that no specification lists.

    Its type has the extension's name between dots, as `http.fullflush` has that of `fullflush`.
    """
    extensions: object = scope.get("extensions")
    names = extensions.keys() - LISTED_EXTENSIONS if is_text_dict(extensions) else ()
    return any(f".{name}." in f".{message_type}." for name in names)


def _check_asgi(scope: Scope, report: Reporter) -> None:
    asgi: object = scope["asgi"]
    if not is_text_dict(asgi):
        report("scope.asgi", f"asgi is {kind(asgi)}")
        return
    for key in ("version", "spec_version"):
        if not isinstance(asgi.get(key, ""), str):
            report("scope.asgi", f"asgi[{key!r}] is {shown(asgi[key])}")


def _check_state(scope: Scope, report: Reporter) -> None:
    if not is_text_dict(scope["state"]):
        report("scope.state", f"state is {kind(scope['state'])}")


def _check_extensions(scope: Scope, report: Reporter) -> None:
    extensions: object = scope["extensions"]
    if extensions is None:
        return
    if not is_text_dict(extensions):
        report("scope.extensions", f"extensions is {kind(extensions)}")
        return
    for name, value in extensions.items():
        if not isinstance(value, dict):
            report("scope.extensions", f"the extension {name!r:.60} is {shown(value)}")


def _check_http_version(scope: Scope, report: Reporter) -> None:
    version = scope["http_version"]
    if not isinstance(version, str) or version not in _HTTP_VERSIONS:
        report("scope.http-version", f"http_version is {shown(version)}")


def _check_method(scope: Scope, report: Reporter) -> None:
    method = scope["method"]
    if not isinstance(method, str) or not method or method != method.upper():
        report("scope.method", f"method is {shown(method)}")


def _check_scheme(scope: Scope, report: Reporter) -> None:
    if not isinstance(scope["scheme"], str) or not scope["scheme"]:
        report("scope.scheme", f"scheme is {shown(scope['scheme'])}")


def _check_path(scope: Scope, report: Reporter) -> None:
    if not isinstance(scope["path"], str):
        report("scope.path", f"path is {kind(scope['path'])}")


def _check_raw_path(scope: Scope, report: Reporter) -> None:
    if not isinstance(scope["raw_path"], bytes | None):
        report("scope.raw-path", f"raw_path is {kind(scope['raw_path'])}")


def _check_query_string(scope: Scope, report: Reporter) -> None:
    query = scope["query_string"]
    if not isinstance(query, bytes) and not (query is None and scope["type"] == "websocket"):
        report("scope.query-string", f"query_string is {kind(query)}")


def _check_root_path(scope: Scope, report: Reporter) -> None:
    if not isinstance(scope["root_path"], str):
        report("scope.root-path", f"root_path is {kind(scope['root_path'])}")


def _check_headers(scope: Scope, report: Reporter) -> None:
    pairs = header_pairs(scope["headers"])
    if isinstance(pairs, str):
        report("scope.headers", pairs)
        return
    for name, _ in pairs:
        if name.startswith(b":"):
            report("scope.pseudo-header", f"a header is named {shown(name)}")


def _check_client(scope: Scope, report: Reporter) -> None:
    if not _is_address(scope["client"], port_may_be_none=False):
        report("scope.client", f"client is {_shape(scope['client'])}")


def _check_server(scope: Scope, report: Reporter) -> None:
    if not _is_address(scope["server"], port_may_be_none=True):
        report("scope.server", f"server is {_shape(scope['server'])}")


def _check_subprotocols(scope: Scope, report: Reporter) -> None:
    items = items_of(scope["subprotocols"])
    if items is None or not all(isinstance(item, str) for item in items):
        report("scope.subprotocols", f"subprotocols is {_shape(scope['subprotocols'])}")


def _is_address(value: object, *, port_may_be_none: bool) -> bool:
    if value is None:
        return True
    items = items_of(value)
    if items is None or len(items) != _ADDRESS:
        return False
    host, port = items
    return isinstance(host, str) and (is_number(port) or (port is None and port_may_be_none))


def _shape(value: object) -> str:
    """Tell the types of a sequence without what it holds."""
    items = items_of(value)
    return kind(value) if items is None else f"{kind(value)} of ({', '.join(map(kind, items))})"


_Check: TypeAlias = Callable[["Scope", "Reporter"], None]

_ALWAYS: Final[Mapping[str, _Check]] = {
    "asgi": _check_asgi,
    "state": _check_state,
    "extensions": _check_extensions,
}
_CONNECTIONS: Final[Mapping[str, _Check]] = {
    **_ALWAYS,
    "http_version": _check_http_version,
    "scheme": _check_scheme,
    "path": _check_path,
    "raw_path": _check_raw_path,
    "query_string": _check_query_string,
    "root_path": _check_root_path,
    "headers": _check_headers,
    "client": _check_client,
    "server": _check_server,
}
_CHECKS: Final[Mapping[str, Mapping[str, _Check]]] = {
    "http": {**_CONNECTIONS, "method": _check_method},
    "websocket": {**_CONNECTIONS, "subprotocols": _check_subprotocols},
    "lifespan": _ALWAYS,
}
