"""Providers add what an application knows of a request, and cannot harm what is captured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType

import pytest

from asgi_stack.bounded_copy import REDACTED, TRUNCATED
from asgi_stack.http_context import ContextProvider, capture_request_context
from asgi_stack.types import Scope
from tests.canaries import canary
from tests.driver import http_scope
from tests.odd_values import Endless, Unprintable


def tenant(scope: Scope) -> Mapping[str, object]:
    """Tell the tenant from the path."""
    return {"tenant": scope["path"].split("/")[1]}


def failing(scope: Scope) -> Mapping[str, object]:
    """Fail."""
    raise LookupError(scope)


async def asynchronous(scope: Scope) -> Mapping[str, object]:
    """Give items too late."""
    return {"late": 1}


class Unreadable(dict[str, object]):
    """A mapping that cannot be read."""

    def items(self) -> object:  # type: ignore[override]
        """Fail."""
        raise RuntimeError


class Provider:
    """A provider that is an object; it may fail in odd ways."""

    def __call__(self, scope: Scope) -> Mapping[str, object]:
        """Fail."""
        raise RecursionError

    def __getattr__(self, name: str) -> object:
        """Fail to have a name."""
        raise RuntimeError(name)


def test_items_are_added() -> None:
    """The items of each provider stand beside what was captured, redacted."""
    secret = canary()

    captured = capture_request_context(
        http_scope("/acme/orders"),
        providers=[tenant, lambda _: {"user": {"id": 7, "api_key": secret}, "note": f"password={secret}"}],
    )

    assert captured["tenant"] == "acme"
    assert captured["user"] == {"id": 7, "api_key": REDACTED}
    assert captured["note"] == f"password={REDACTED}"
    assert "failed_providers" not in captured


def test_captured_keys_cannot_be_replaced() -> None:
    """A name that the capture has, or could have, gets an underscore; so does one that an earlier provider took."""
    first: ContextProvider = lambda _: {"path": "x", "query": "y", "failed_providers": "z", "a": 1, "a_": 2}  # noqa: E731
    second: ContextProvider = lambda _: {"a": 3, "path": "w"}  # noqa: E731

    captured = capture_request_context(http_scope("/here"), providers=[first, second])

    assert captured["path"] == "/here"
    assert captured["path_"] == "x"
    assert captured["path__"] == "w"
    assert captured["query_"] == "y"
    assert captured["failed_providers_"] == "z"
    assert [captured[name] for name in ("a", "a_", "a__")] == [1, 2, 3]
    assert {"query", "failed_providers"}.isdisjoint(captured)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        (failing, "failing"),
        (asynchronous, "asynchronous"),
        (partial(failing), "partial"),
        (Provider(), "Provider"),
        (Provider().__call__, "Provider.__call__"),
        (lambda _: None, "<lambda>"),
        (lambda _: [("a", 1)], "<lambda>"),
        (lambda _: "text", "<lambda>"),
        (lambda _: Unreadable(a=1), "<lambda>"),
        (Unprintable, "Unprintable"),
        (len, "builtin_function_or_method"),
        (5, "int"),
    ],
    ids=[
        *("raising", "async function", "partial", "object", "method", "None", "pairs", "text", "unreadable", "class"),
        *("built-in", "no function"),
    ],
)
def test_a_failing_provider_costs_its_own_items(provider: ContextProvider, name: str) -> None:
    """One that raises or gives no mapping is named, and all else is told."""
    providers = [tenant, provider, lambda _: {"after": 1}, failing]

    captured = capture_request_context(http_scope("/acme", root_path=""), providers=providers)

    assert captured["failed_providers"] == [name, "failing"]
    assert (captured["path"], captured["tenant"], captured["after"]) == ("/acme", "acme", 1)


def test_a_provider_cannot_change_the_scope() -> None:
    """What a provider adds to the scope it is given, or takes from it, is lost."""

    def changing(scope: Scope) -> Mapping[str, object]:
        scope["path"] = "/elsewhere"
        del scope["method"]
        return {}

    scope = http_scope("/here")
    captured = capture_request_context(scope, providers=[changing, tenant])

    assert (scope["path"], scope["method"]) == ("/here", "GET")
    assert captured["tenant"] == "here"


def test_names_are_texts_without_secrets() -> None:
    """Names of items become printable text of at most 64 characters, and lose secrets."""
    secret = canary()
    names = {7: "a", (1, 2): "b", b"c": "c", "line\nbreak": "d", "n" * 1000: "e", f"token={secret}": "f"}

    captured = capture_request_context(http_scope(), providers=[lambda _: names])  # type: ignore[list-item,return-value]

    assert secret not in repr(captured)
    assert {"7": "a", "(1, 2)": "b", "c": "c", "line\\nbreak": "d"}.items() <= captured.items()
    assert max(map(len, captured)) == 64


def test_items_are_bounded() -> None:
    """An item that does not fit into 8 KiB of JSON together with those before shows that it was cut; others stay."""
    huge: ContextProvider = lambda _: {"first": 1, "huge": "x" * 100_000, "last": 2}  # noqa: E731

    captured = capture_request_context(http_scope(), providers=[huge, lambda _: {"next": 3}])

    assert (captured["first"], captured["last"], captured["next"]) == (1, 2, 3)
    assert captured["huge"] == TRUNCATED


def test_endless_items_end() -> None:
    """A mapping without an end is copied up to the bound of the policy, and shows that there was more."""
    captured = capture_request_context(http_scope(), providers=[lambda _: Endless()])

    assert captured["0"] == 0
    assert captured["..."] == TRUNCATED
    assert len(captured) < 1010


def test_foreign_mappings_are_read() -> None:
    """Any mapping will do, not only a dict."""

    class Lazy(Mapping[str, object]):
        def __getitem__(self, key: str) -> object:
            return key.upper()

        def __iter__(self) -> Iterator[str]:
            return iter("ab")

        def __len__(self) -> int:
            return 2

    captured = capture_request_context(http_scope(), providers=[lambda _: Lazy(), lambda _: MappingProxyType({"c": 1})])

    assert {"a": "A", "b": "B", "c": 1}.items() <= captured.items()


def test_what_stops_a_program_is_not_held_up() -> None:
    """KeyboardInterrupt and its like are no failures of a provider."""

    def interrupted(scope: Scope) -> Mapping[str, object]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture_request_context(http_scope(), providers=[interrupted])
