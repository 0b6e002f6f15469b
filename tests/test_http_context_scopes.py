"""Whatever a scope holds, what can be told is told, and nothing raises."""

from __future__ import annotations

from collections import UserDict, defaultdict
from collections.abc import Iterator
from types import MappingProxyType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.bounded_copy import CYCLE, REDACTED
from asgi_stack.encoding import encode_json
from asgi_stack.http_context import capture_request_context
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.types import Scope
from tests.driver import http_scope
from tests.odd_scopes import ODD, Broken, Moody, Pair, UnreadableRoute
from tests.odd_values import Endless, Unprintable

KEYS = (
    *("type", "method", "scheme", "http_version", "client", "server", "path", "root_path", "query_string", "headers"),
    *("route", "path_template", "raw_path", "asgi", "state", "extensions", ACTIVE),
)


def test_nothing_is_known_of_an_empty_scope() -> None:
    """A scope without any key gives nothing, and no error."""
    assert capture_request_context({}) == {}


@pytest.mark.parametrize("key", KEYS)
def test_any_key_may_be_missing(key: str) -> None:
    """Without one key, all others are told."""
    scope = http_scope("/a", headers=[(b"host", b"x")], query_string=b"b=1", root_path="/r", path_template="/{a}")
    full = capture_request_context(scope)
    scope.pop(key, None)

    captured = capture_request_context(scope)

    assert captured == {name: value for name, value in full.items() if name != TOLD_AS.get(key, key)}


TOLD_AS = {"query_string": "query", "path_template": "route", "route": ""}
"""Keys of a scope that are told under another name, or not at all."""


@pytest.mark.parametrize("odd", range(len(ODD)))
def test_any_value_may_be_odd(odd: int) -> None:
    """Whatever stands under one key, all others are told as they are without it, in one line of JSON."""
    for key in KEYS:
        scope = http_scope("/a", headers=[(b"host", b"x")], query_string=b"b=1")
        scope.pop(key, None)
        without = capture_request_context(scope)

        captured = capture_request_context({**scope, key: ODD[odd]})

        assert [name for name, value in without.items() if captured.get(name) != value] == [], key
        assert all(value.isprintable() for value in captured.values() if isinstance(value, str)), key
        assert len(encode_json(captured)) < 65_536, key


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"client": None}, {}),
        ({"client": ("10.0.0.1", 5)}, {"client": "10.0.0.1"}),
        ({"client": ["10.0.0.1", 5]}, {"client": "10.0.0.1"}),
        ({"client": ("", 0)}, {}),
        ({"client": ("10.0.0.1",)}, {"client": "10.0.0.1"}),
        ({"client": "10.0.0.1"}, {}),
        ({"server": ("/run/app.sock", None)}, {"server": "/run/app.sock"}),
        ({"server": ("::1", 8000)}, {"server": "[::1]:8000"}),
        ({"server": ["h", 80]}, {"server": "h:80"}),
        ({"server": None}, {}),
        ({"path": "/\ufffd\r\nERROR forged"}, {"path": r"/\ufffd\r\nERROR forged".replace(r"\ufffd", "\ufffd")}),
        ({"path": "/\x1b[31m\u202e\u2028\ud800"}, {"path": r"/\x1b[31m\u202e\u2028\ud800"}),
        ({"path": "/caf\u00e9"}, {"path": "/caf\u00e9"}),
        ({"path": b"/\xff"}, {"path": r"/\xff"}),
        ({"path": ""}, {}),
        ({"query_string": b"a=\xff"}, {"query": r"a=\xff"}),
        ({"query_string": b"a=\r\n\x00"}, {"query": r"a=\r\n\x00"}),
        ({"query_string": "a=1&token=2"}, {"query": f"a=1&token={REDACTED}"}),
        ({"query_string": None}, {}),
        ({"headers": None}, {}),
        ({"headers": ((b"a", b"b"),)}, {"headers": {"a": "b"}}),
        ({"headers": [[b"A", b"b"]]}, {"headers": {"a": "b"}}),
        ({"headers": [("A", "b"), ("Cookie", "c")]}, {"headers": {"a": "b"}, "dropped_headers": ["cookie"]}),
        ({"headers": [Pair(b"a", b"b")]}, {"headers": {"a": "b"}}),
        ({"headers": [(b"a", b"\xff\r\nx")]}, {"headers": {"a": "\xff\\r\\nx"}}),
        ({"headers": [(b"a\nb", b"")]}, {"headers": {r"a\nb": ""}}),
        ({"headers": [None, (b"a",), (b"a", 5), (b"", b"x"), "ab", (b"c", b"d")]}, {"headers": {"c": "d"}}),
        ({"headers": {"a": "b"}}, {}),
        ({"method": 5, "scheme": b"https", "http_version": 1.1}, {"scheme": "https"}),
        ({"method": "G\nET"}, {"method": r"G\nET"}),
        ({"type": "lifespan"}, {"type": "lifespan"}),
        ({"route": UnreadableRoute(), "path_template": "/x"}, {}),
        ({"route": SimpleNamespace(path=5), "path_template": "/x"}, {"route": "/x"}),
        ({ACTIVE: 5}, {}),
    ],
    ids=repr,
)
def test_odd_values_are_told_as_they_can_be(keys: Scope, told: dict[str, object]) -> None:
    """Other forms of the right thing are read, control characters are escaped, and the rest is left out."""
    assert capture_request_context(keys) == told


def test_an_iterator_is_left_to_the_app() -> None:
    """Headers that can be read only once are not read."""

    def produce() -> Iterator[tuple[bytes, bytes]]:
        yield b"host", b"x"

    headers = produce()
    captured = capture_request_context({"path": "/", "headers": headers})

    assert captured == {"path": "/"}
    assert list(headers) == [(b"host", b"x")]


@pytest.mark.parametrize(
    "scope",
    [5, "scope", b"scope", [1], (1, 2), object(), Unprintable(), Broken(path="/"), Endless(), int, iter(())],
    ids=lambda scope: type(scope).__name__,
)
def test_what_is_no_scope_tells_nothing(scope: Scope) -> None:
    """Anything that cannot be read as a scope gives nothing; a provider that needs it fails alone."""
    assert capture_request_context(scope) == {}
    assert capture_request_context(scope, providers=[lambda scope: {"p": scope["path"]}]).keys() <= {"failed_providers"}


def test_one_unreadable_key_costs_itself() -> None:
    """Where one key cannot be read, the others are told."""
    assert capture_request_context(Moody(path="/", method="GET")) == {"method": "GET"}


@pytest.mark.parametrize("kind", [dict, UserDict, MappingProxyType])
def test_any_mapping_is_a_scope(kind: type) -> None:
    """A mapping that is no dict is read like one."""
    assert capture_request_context(kind({"type": "http", "path": "/a"})) == {"path": "/a"}


def test_reading_adds_no_key() -> None:
    """A scope that makes keys when it is asked for them gets none."""
    scope: defaultdict[str, object] = defaultdict(list)

    assert capture_request_context(scope) == {}
    assert scope == {}


def test_a_scope_inside_itself_is_told() -> None:
    """A provider that gives the scope, which may refer to itself, does no harm."""
    scope = http_scope()
    scope["state"] = {"scope": scope}
    scope["self"] = scope["state"]

    captured = capture_request_context(scope, providers=[lambda scope: {"scope": scope}])

    assert CYCLE in repr(captured["scope"])


def odd_value(number: int) -> object:
    """Give one of the odd values; hypothesis would show the list, which has no repr."""
    return ODD[number]


VALUES = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
        *(st.integers(0, len(ODD) - 1).map(odd_value), st.builds(Unprintable)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=8), st.integers()), inner, max_size=4),
        st.tuples(inner, inner),
        st.lists(st.tuples(inner, inner), max_size=4),
    ),
    max_leaves=12,
)
SCOPES = st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), VALUES, max_size=len(KEYS))


@given(SCOPES)
def test_no_scope_is_refused(scope: Scope) -> None:
    """Any dict gives a dict of printable names that is one bounded line of JSON, and stays as it is."""
    before = [(key, id(value)) for key, value in scope.items()]

    captured = capture_request_context(scope, providers=[lambda scope: scope, dict, lambda scope: scope["headers"]])

    assert all(name.isprintable() for name in captured)
    assert len(encode_json(captured)) < 65_536
    assert [(key, id(value)) for key, value in scope.items()] == before


@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=50)), max_size=80), st.text(), st.binary())
def test_any_request_is_told_of(headers: list[tuple[bytes, bytes]], path: str, query: bytes) -> None:
    """Any headers, path and query of the right types are told of, in printable text."""
    captured = capture_request_context({"headers": headers, "path": path, "query_string": query})

    assert set(captured) <= {"headers", "dropped_headers", "path", "query"}
    assert ("path" in captured) is bool(path)
    assert str(captured.get("path", "")).isprintable()
    assert str(captured.get("query", "")).isprintable()
