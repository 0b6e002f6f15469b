"""Records that are too long for a line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack import get_logger
from asgi_stack.encoding import encode_json
from asgi_stack.logging.console import console_renderer
from asgi_stack.logging.emit import emit
from asgi_stack.logging.processors import render_finished
from asgi_stack.logging.record_cut import FIRST_KEYS, MAX_RECORD_BYTES, cut_record
from tests.logging.memory import configured, lines
from tests.odd_values import Unprintable

STANDARD = {"timestamp": "2026-01-01T00:00:00Z", "level": "error", "logger": "shop", "event": "failed"}
TEN_MB = 10_000_000
LIMIT_S = 0.25


def rendered(entry: Mapping[str, object]) -> dict[str, object]:
    """Render a record as JSON, see that its size is right, and read it again."""
    line = render_finished(entry)
    assert len(line) <= MAX_RECORD_BYTES
    record: dict[str, object] = json.loads(line)
    return record


class TestWhatStays:
    """The parts of a record that is cut."""

    def test_record_within_the_limit_is_left_alone(self) -> None:
        """A record of exactly 64 KiB with its newline is whole; one byte more, and it is cut and says so."""
        room = MAX_RECORD_BYTES - len(encode_json({**STANDARD, "text": ""}))

        whole = render_finished({**STANDARD, "text": "x" * room})
        cut = rendered({**STANDARD, "text": "x" * (room + 1)})

        assert len(whole) == MAX_RECORD_BYTES
        assert json.loads(whole) == {**STANDARD, "text": "x" * room}
        assert cut["truncated"] is True

    def test_only_the_largest_values_give(self) -> None:
        """Short values stay as they are, in their order; the large ones are cut down to one size."""
        fields = {
            "user": "ann",
            "first": "a" * 100_000,
            "items": [1, 2, 3],
            "second": "b" * 50_000,
            "third": "c" * 5_000,
        }

        record = rendered({**STANDARD, **fields})

        assert list(record) == [*STANDARD, *fields, "truncated"]
        assert {key: record[key] for key in ("event", "user", "items", "third")} == {
            "event": "failed",
            "user": "ann",
            "items": [1, 2, 3],
            "third": "c" * 5_000,
        }
        assert len(str(record["first"])) == len(str(record["second"])) > 29_000

    def test_text_keeps_its_beginning_and_its_end(self) -> None:
        """A stack trace loses its middle: it tells most at its end."""
        trace = "Traceback:\n" + "  frame\n" * 4_000 + "ValueError: the point"

        shown = str(rendered({**STANDARD, "stack_trace": trace, "text": "x" * 40_000})["stack_trace"])

        assert shown.startswith("Traceback:\n  frame\n")
        assert "[TRUNCATED]" in shown
        assert shown.endswith("ValueError: the point")

    def test_text_that_was_cut_before_has_one_mark(self) -> None:
        """A text that lost its end already loses more of it."""
        shown = str(rendered({**STANDARD, "text": "x" * 65_525 + "[TRUNCATED]"})["text"])

        assert shown.strip("x") == "[TRUNCATED]"
        assert shown.endswith("x[TRUNCATED]")

    def test_containers_are_cut_inside(self) -> None:
        """An object keeps its shape, and shortens what is long in it; a list ends with a mark."""
        basket = {"id": 7, "notes": ["short", "n" * 70_000], "rows": list(range(900)), "gift": {"text": "g" * 70_000}}

        record = rendered({**STANDARD, "basket": basket, "words": ["w" * 300] * 900})

        cut = record["basket"]
        assert isinstance(cut, dict)
        assert isinstance(record["words"], list)
        assert (cut["id"], cut["notes"][0], cut["rows"][:3]) == (7, "short", [0, 1, 2])
        assert "[TRUNCATED]" in cut["notes"][1]
        assert "[TRUNCATED]" in cut["gift"]["text"]
        assert record["words"][-1] == "[TRUNCATED]"

    def test_of_too_many_fields_the_telling_ones_stay(self) -> None:
        """Thousands of fields have no room: what names the record, its request and its error does."""
        telling = dict.fromkeys(FIRST_KEYS, "t" * 200)
        flood = {f"field_{number}": "v" * 100 for number in range(5_000)}

        record = rendered({**flood, **telling})

        assert {key: record[key] for key in telling} == telling
        assert record["field_0"] == "v" * 100
        assert "field_4999" not in record
        assert record["truncated"] is True

    def test_field_with_an_endless_name_goes(self) -> None:
        """A name of more than 1,024 characters leaves with its value, and the rest stays."""
        record = rendered({**STANDARD, "n" * 100_000: 1, "\x01" * 70_000: 2})

        assert record == {**STANDARD, "truncated": True}

    def test_own_field_of_the_name_gives_way(self) -> None:
        """In a record that is cut, `truncated` says so, whatever was there."""
        record = rendered({**STANDARD, "truncated": "no", "text": "x" * 70_000})

        assert record["truncated"] is True

    def test_odd_values_and_keys_stay(self) -> None:
        """What JSON has no form for is written as it is in a record that is not cut."""
        odd = {"\ud800": 1, "bad": Unprintable(), "raw": b"\xff", "set": {5}}

        record = rendered({**STANDARD, **odd, "text": "\ud800" * 70_000})

        assert (record["\\ud800"], record["raw"], record["set"]) == (1, "\\xff", [5])
        assert "Unprintable" in str(record["bad"])
        assert str(record["text"]).startswith("\\ud800")


TEXTS = st.builds(
    lambda letters, times: letters * times, st.text(max_size=20), st.sampled_from([0, 1, 50, 1_000, 20_000])
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.floats() | st.none() | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5) | st.tuples(inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=10), VALUES, max_size=8), st.integers(1024, MAX_RECORD_BYTES))
def test_every_record_fits(entry: dict[str, object], max_bytes: int) -> None:
    """Whatever a record holds, cut it is valid JSON of at most the given size."""
    line = encode_json(cut_record({**STANDARD, **entry}, max_bytes))

    record = json.loads(line)
    assert len(line) <= max_bytes
    assert record["truncated"] is True
    assert {"timestamp", "level", "logger", "event"} <= record.keys()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("x" * TEN_MB, id="text"),
        pytest.param("é" * (TEN_MB // 2), id="umlauts"),
        pytest.param('"' * (TEN_MB // 2), id="quotes"),
        pytest.param(["x" * 1_000] * (TEN_MB // 1_000), id="texts"),
        pytest.param([1] * (TEN_MB // 4), id="numbers"),
        pytest.param({f"key_{number}": number for number in range(TEN_MB // 40)}, id="object"),
    ],
)
def test_ten_megabytes_take_less_than_a_quarter_of_a_second(value: object) -> None:
    """A value of 10 MB stops the event loop for less than 250 ms."""
    entry = {**STANDARD, "value": value}

    took_s = min(seconds_of(lambda: rendered(entry)) for _ in range(3))

    assert took_s < LIMIT_S


def test_ten_megabytes_logged_take_less_than_a_quarter_of_a_second() -> None:
    """The whole way of a 10 MB message and a 10 MB field, redaction included."""
    stream = configured()

    took_s = min(seconds_of(lambda: get_logger("a").info("m" * TEN_MB, text="t" * TEN_MB)) for _ in range(3))

    assert took_s < LIMIT_S
    assert {line["truncated"] for line in lines(stream)} == {True}


def seconds_of(action: Callable[[], object]) -> float:
    """Measure one call, in processor time: other programs do not count."""
    start = time.thread_time()
    action()
    return time.thread_time() - start


class TestConsole:
    """The same limit for a person at a terminal."""

    @pytest.mark.parametrize("colors", [True, False])
    @pytest.mark.parametrize("letter", ["x", "\x01", "😀\u2028", "\n", "'"])
    def test_record_is_cut(self, letter: str, *, colors: bool) -> None:
        """Colours and escapes included, a record is no longer than 64 KiB, and says that it was cut."""
        render = console_renderer(colors=colors)
        flood = {f"k{number}": number for number in range(900)}

        for fields in ({"text": letter * 100_000}, flood | {"list": [letter * 100] * 900}):
            shown = render({**STANDARD, **fields, "stack_trace": "Traceback\n" * 3_000})

            assert len(shown) <= MAX_RECORD_BYTES
            assert b"truncated" in shown
            assert b"failed" in shown

    def test_shorter_record_is_whole(self) -> None:
        """Nothing is cut below the limit."""
        shown = console_renderer(colors=False)({**STANDARD, "text": "x" * 60_000})

        assert b"x" * 60_000 in shown
        assert b"truncated" not in shown


def test_lines_of_the_layers_are_cut_too() -> None:
    """Whoever writes through the configuration has the limit."""
    stream = configured()

    emit("info", "request_completed", {"user_agent": "x" * 100_000}, logger="a")

    assert len(stream.getvalue()) <= MAX_RECORD_BYTES + 1
    assert lines(stream)[0]["truncated"] is True
