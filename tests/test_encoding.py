"""Any value becomes one line of JSON."""

from __future__ import annotations

import json
import math
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from datetime import time as clock_time
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import PurePosixPath
from typing import NamedTuple
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from asgi_stack.encoding import encode_json
from tests.odd_values import Endless, Unprintable


class Colour(Enum):
    """Values that JSON has a form for, and one that it has none for."""

    RED = "red"
    MIXED = ("red", "green")


class Level(StrEnum):
    """Members that are strings."""

    HIGH = "high"


class Size(IntEnum):
    """Members that are numbers."""

    BIG = 3


class Point(NamedTuple):
    """A named tuple."""

    x: int


@dataclass
class Order:
    """A dataclass."""

    total: object


class User(BaseModel):
    """A model with a secret."""

    name: str
    pin: SecretStr


class BrokenZone(tzinfo):
    """A time zone that fails."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Fail."""
        raise RuntimeError(moment)

    def dst(self, moment: datetime | None) -> timedelta:
        """Fail."""
        raise RuntimeError(moment)

    def tzname(self, moment: datetime | None) -> str:
        """Fail."""
        raise RuntimeError(moment)


class OwnInt(int):
    """A number of one's own."""


class OwnFloat(float):
    """A float of one's own."""


STOP = {1: "forces the careful copy"}
"""orjson refuses keys that are no strings, so that the whole is copied before it is encoded."""


@pytest.mark.parametrize("beside", [{}, STOP], ids=["fast", "careful"])
@pytest.mark.parametrize(
    ("value", "written"),
    [
        *((None, None), (True, True), (5, 5), (1.5, 1.5), ("caf\u00e9 \u2028", "caf\u00e9 \u2028"), ("a\nb", "a\nb")),
        *((math.nan, None), (math.inf, None), (Decimal("1.50"), "1.50"), (OwnInt(6), 6), (OwnFloat(2.5), 2.5)),
        *((2**64 - 1, 2**64 - 1), (-(2**63), -(2**63)), (2**64, str(2**64)), (-(2**63) - 1, str(-(2**63) - 1))),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (datetime(2025, 11, 23, 12, 0, 1, tzinfo=UTC), "2025-11-23T12:00:01Z"),
        (datetime(2025, 11, 23, 12, 0, 1, 5, timezone(timedelta(hours=2))), "2025-11-23T12:00:01.000005+02:00"),
        (date(2025, 11, 23), "2025-11-23"),
        (clock_time(12, 0, 1), "12:00:01"),
        (timedelta(seconds=61), "0:01:01"),
        *((Colour.RED, "red"), (Colour.MIXED, "MIXED"), (Level.HIGH, "high"), (Size.BIG, 3)),
        *(((1, 2), [1, 2]), ([1, [2]], [1, [2]]), ({5}, [5]), (frozenset({5}), [5]), (deque([5]), [5])),
        *((b"a\xff", "a\\xff"), (b"x" * 300, "<300 bytes>"), (PurePosixPath("a/b"), "a/b"), (Point(5), {"x": 5})),
        *((Order({6}), {"total": [6]}), (User(name="b", pin=SecretStr("x")), {"name": "b", "pin": "[REDACTED]"})),
        *((ValueError("no"), "ValueError('no')"), ("\ud800x", "\\ud800x"), ({"\udfff": 1}, {"\\udfff": 1})),
    ],
)
def test_values_have_a_form(value: object, written: object, beside: dict[object, object]) -> None:
    """Each kind of value is written the same way, alone or beside something that orjson refuses."""
    line = encode_json({"value": value, **beside})

    assert json.loads(line)["value"] == written


def test_keys_become_strings() -> None:
    """JSON has only strings for keys."""
    keys = {1: 1, None: 2, False: 3, 1.5: 4, b"b": 5, (1, 2): 6, Level.HIGH: 7, UUID(int=5): 8, Colour.MIXED: 9}

    written = list(json.loads(encode_json(keys)))

    assert written == ["1", "null", "false", "1.5", "b", "(1, 2)", "high", str(UUID(int=5)), "MIXED"]


def test_hostile_objects_are_named() -> None:
    """An object that cannot be shown is named by its type, and the rest of the record stands."""
    moment = datetime(2025, 11, 23, tzinfo=BrokenZone())
    record = json.loads(encode_json({"good": 1, "bad": Unprintable(), "when": moment, "number": 10**5000}))

    assert record["good"] == 1
    assert "Unprintable" in record["bad"]
    assert record["when"].startswith("datetime.datetime(2025, 11, 23")
    assert record["number"].startswith("<unprintable ")


def test_records_that_break_are_survived() -> None:
    """A dataclass with an empty slot, or whose fields raise, is no end of the process."""

    @dataclass(slots=True)
    class Empty:
        value: int = field(init=False)

    @dataclass
    class Raising:
        value: int = 1

        def __getattribute__(self, name: str) -> object:
            raise RuntimeError(name)

        def __repr__(self) -> str:
            return "Raising()"

    assert json.loads(encode_json([Empty(), Raising(), 1])) == [{"value": None}, "Raising()", 1]


def test_cycles_end() -> None:
    """A value that holds itself is written once."""
    cycle: dict[str, object] = {"a": 1}
    cycle["self"] = [cycle]
    order = Order(None)
    order.total = {order.__class__: order}

    assert json.loads(encode_json(cycle)) == {"a": 1, "self": ["[CYCLE]"]}
    assert b"[CYCLE]" in encode_json(order)


def test_depth_and_size_are_bounded() -> None:
    """What is too deep for orjson is cut at 32 levels, and what never ends at 1,000 items."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    assert encode_json(deep) == b"[" * 32 + b'"[TRUNCATED]"' + b"]" * 32
    assert len(json.loads(encode_json({"endless": Endless()}))["endless"]) == 1000
    assert len(encode_json({"long": "x" * 1_000_000, 1: 1})) < 66_000


def test_the_end_of_the_stack_is_survived() -> None:
    """A value that is encoded where the stack is nearly used up still gives a line of JSON."""
    lines: list[bytes] = []

    def descend() -> None:
        try:
            descend()
        except RecursionError:
            lines.append(encode_json({1: [{2: [{3: Unprintable()}]}]}))

    descend()

    assert [type(json.loads(line)) for line in lines] == [dict]


ANYTHING = st.recursive(
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.decimals(), st.datetimes()),
        *(st.text(st.characters()), st.text(st.characters(categories=["Cs", "Cc"])), st.builds(Unprintable)),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(st.one_of(st.text(), st.integers(), st.binary(), st.none(), st.floats()), inner),
        st.tuples(inner),
        st.builds(Order, inner),
        st.frozensets(st.text()),
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_every_value_is_one_line_of_json(value: object) -> None:
    """Whatever it holds, a record is valid JSON in UTF-8, and one line to whoever splits lines."""
    line = encode_json({"value": value})

    assert list(json.loads(line.decode())) == ["value"]
    assert len(line.decode().splitlines()) == 1


def test_plain_values_cost_little_more_than_orjson() -> None:
    """The common case is one call of orjson: a careful copy would cost several times as much."""
    record = {f"field_{number}": number for number in range(16)}

    def microseconds(encode: object) -> float:
        best = math.inf
        for _ in range(20):
            start = time.thread_time()
            for _ in range(1000):
                encode(record)  # type: ignore[operator]
            best = min(best, time.thread_time() - start)
        return best * 1000

    # Where coverage is measured each line costs a call.
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        ours, theirs = microseconds(encode_json), microseconds(orjson.dumps)
    finally:
        sys.settrace(tracing)

    assert ours < theirs + 2
