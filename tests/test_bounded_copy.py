"""Copies of any value are plain, bounded, and never fail."""

from __future__ import annotations

from collections import OrderedDict, UserDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretBytes, SecretStr
from pydantic.dataclasses import dataclass as pydantic_dataclass

from asgi_stack.bounded_copy import CYCLE, REDACTED, TRUNCATED, BoundedCopy, bytes_text, safe_repr, shorten
from tests.odd_values import Endless, Unprintable


def copy(value: object, *, max_depth: int = 10, max_items: int = 100) -> object:
    """Copy with bounds that few tests reach."""
    return BoundedCopy(max_depth=max_depth, max_items=max_items).copy(value)


class Colour(Enum):
    """A plain Enum."""

    RED = 1


class Level(StrEnum):
    """An Enum whose members are strings."""

    HIGH = "high"


class Point(NamedTuple):
    """A named tuple."""

    x: int
    y: list[int]


@dataclass
class Order:
    """A dataclass with a nested one."""

    number: int
    lines: list[Point] = field(default_factory=list)


@dataclass(slots=True)
class Unset:
    """A dataclass one of whose slots may be empty."""

    value: int = field(init=False)


class User(BaseModel):
    """A model with an alias and room for more fields."""

    model_config = ConfigDict(extra="allow")
    name: str = Field(alias="login")
    secret: SecretStr = SecretStr("x")


class Names(RootModel[list[str]]):
    """A model that is a list."""


@pydantic_dataclass
class Address:
    """A dataclass of pydantic."""

    city: str


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 5, 2**100, 1.5, "text", Decimal("1.5"), uuid4(), datetime.now(UTC), Colour.RED, Level.HIGH),
        *({"a": [1, {"b": (2, 3)}]}, {1: 2, None: 3}, {1, 2}, frozenset({"a"}), [], {}, (), [[[]]]),
    ],
)
def test_plain_values_are_equal(value: object) -> None:
    """Plain values come out equal and of the same type."""
    copied = copy(value)

    assert copied == value
    assert type(copied) is type(value)


@pytest.mark.parametrize(
    ("value", "copied"),
    [
        (OrderedDict(a=1), {"a": 1}),
        (UserDict({"a": [1]}), {"a": [1]}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (deque([1, 2]), [1, 2]),
        ({"a": 1}.values(), [1]),
        ({"a": 1}.items(), [("a", 1)]),
        (Point(1, [2]), {"x": 1, "y": [2]}),
        (Order(5, [Point(1, [2])]), {"number": 5, "lines": [{"x": 1, "y": [2]}]}),
        (Unset(), {"value": None}),
        (Address("Bonn"), {"city": "Bonn"}),
        (User(login="bob", more=[1]), {"name": "bob", "secret": REDACTED, "more": [1]}),  # type: ignore[call-arg]
        (User.model_construct(), {"secret": REDACTED}),
        (Names(["a"]), ["a"]),
        (SecretStr("x"), REDACTED),
        (SecretBytes(b"x"), REDACTED),
        (PurePosixPath("/var/x"), "/var/x"),
        (b"ab\xff", r"ab\xff"),
        (bytearray(b"ab"), "ab"),
        (memoryview(b"ab"), "ab"),
        (b"x" * 300, "<300 bytes>"),
        (ValueError("no"), "ValueError('no')"),
        (range(5), "range(0, 5)"),
        (Order, f"{Order!r}"),
    ],
)
def test_other_values_become_plain(value: object, copied: object) -> None:
    """Records and mappings become dicts, sequences lists, and what is unknown its repr."""
    assert copy(value) == copied


def test_a_set_of_records_becomes_a_list() -> None:
    """Dicts cannot stand in a set, so the copy of a set of named tuples is a list."""

    class Key(NamedTuple):
        x: int

    assert copy({Key(1)}) == [{"x": 1}]


def test_cycles_are_marked() -> None:
    """A container that holds itself shows a mark there; one that merely occurs twice is copied twice."""
    cycle: dict[str, object] = {"a": 1}
    cycle["self"] = [cycle]
    twice = [1]

    assert copy(cycle) == {"a": 1, "self": [CYCLE]}
    assert copy([twice, twice]) == [[1], [1]]


def test_depth_is_bounded() -> None:
    """Containers below the deepest level show a mark; other values there are copied."""
    assert copy([1, [2, [3, [4]]]], max_depth=3) == [1, [2, [3, TRUNCATED]]]


def test_items_are_bounded() -> None:
    """A container keeps its first items, and its last place for a mark."""
    assert copy([1, 2, 3], max_items=3) == [1, 2, 3]
    assert copy([1, 2, 3, 4], max_items=3) == [1, 2, TRUNCATED]
    assert copy((1, 2, 3, 4), max_items=3) == (1, 2, TRUNCATED)
    assert copy({"a": 1, "b": 2, "c": 3}, max_items=2) == {"a": 1, "...": TRUNCATED}
    assert copy(Point(1, []), max_items=1) == {"...": TRUNCATED}
    assert copy(Endless(), max_items=3) == {"0": 0, "1": 1, "...": TRUNCATED}


def test_the_whole_copy_is_bounded() -> None:
    """Containers that share children do not multiply: 100 to the power of 9 leaves would never end."""
    nested: object = ["leaf"]
    for _ in range(9):
        nested = [nested] * 100

    assert str(copy(nested)).count("leaf") < 1000


def test_texts_are_bounded() -> None:
    """A text of more than 64 KiB is cut, mark included; so is a long repr."""
    copied = copy("x" * 100_000)

    assert isinstance(copied, str)
    assert len(copied) == 65_536
    assert copied.endswith(TRUNCATED)
    assert shorten("x" * 20, 12) == "x" + TRUNCATED
    assert len(safe_repr("x" * 5000)) == 1024


def test_all_texts_together_are_bounded() -> None:
    """A copy holds 1 MiB of text, however many texts there are, short or long: more would take long to look through."""
    long, short = copy(["x" * 100_000] * 20 + ["last"]), copy({"a": ["y" * 40_000] * 30, "b": b"z"})

    assert long == [("x" * 65_525) + TRUNCATED] * 16 + [TRUNCATED] * 5
    assert short == {"a": ["y" * 40_000] * 26 + [TRUNCATED] * 4, "b": TRUNCATED}


def test_hostile_objects_are_shown_by_their_type() -> None:
    """Whatever raises from its own methods is named; the rest of the copy stands."""

    class Raising(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            raise RuntimeError(key)

        def __iter__(self) -> Iterator[str]:
            raise RuntimeError

        def __len__(self) -> int:
            raise RuntimeError

        def __repr__(self) -> str:
            return "Raising()"

    copied = copy({"good": 1, "bad": Unprintable(), "worse": Raising(), Unprintable: [Unprintable()]})

    assert isinstance(copied, dict)
    assert copied["good"] == 1
    assert copied["worse"] == "Raising()"
    assert copied["bad"].startswith("<unprintable ")
    assert "Unprintable" in copied["bad"]


def test_released_memory_is_no_error() -> None:
    """A memoryview that was released has no bytes to show."""
    view = memoryview(bytearray(b"x"))
    view.release()

    assert copy(view) == "<released memory at 0x" + safe_repr(view).removeprefix("<released memory at 0x")
    assert bytes_text(memoryview(b"1234").cast("I")) == "1234"


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.uuids(), st.dates()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.tuples(inner, inner)),
    max_leaves=20,
)


@given(VALUES)
def test_copies_stay_as_they_are(value: object) -> None:
    """A copy of a copy is the copy, and the original is what it was."""
    before = repr(value)
    once = copy(value, max_depth=3, max_items=3)

    assert repr(copy(once, max_depth=3, max_items=3)) == repr(once)
    assert repr(value) == before


def test_uuids_of_subclasses_are_scalars() -> None:
    """A subclass of a scalar type is left alone."""

    class Own(UUID):
        pass

    value = Own(int=5)

    assert copy([value]) == [value]
