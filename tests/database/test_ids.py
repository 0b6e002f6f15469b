"""UUIDs of version 7."""

from __future__ import annotations

import threading
import time
from uuid import RFC_4122, UUID

import pytest

from asgi_stack.database import generate_uuid7, ids


def test_form() -> None:
    """The version is 7, the variant that of RFC 9562, the first 48 bits are the time in milliseconds."""
    before = time.time_ns() // 1_000_000
    made = generate_uuid7()
    after = time.time_ns() // 1_000_000

    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= after + 1


def test_order_is_that_of_making() -> None:
    """Each is above the one before, also within one millisecond, and none comes twice."""
    made = [generate_uuid7() for _ in range(20_000)]

    assert made == sorted(set(made))


def test_threads_get_different_ones() -> None:
    """Threads share the counter."""
    made: list[UUID] = []
    threads = [threading.Thread(target=lambda: made.extend(generate_uuid7() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 8000


def test_clock_that_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order holds when the clock is set back, as long as the process lives."""
    clock = ids._Clock()  # noqa: SLF001 - one of its own, since time goes back
    now = iter([5_000_000_000, 4_000_000_000, 4_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(now))
    made = [clock.next() for _ in range(3)]

    assert made == sorted(set(made))
    assert [time_ms for time_ms, _ in made] == [5000, 5000, 5000]


def test_full_millisecond_lends_from_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter at its end goes on in the next millisecond."""
    clock = ids._Clock()  # noqa: SLF001 - as above
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    monkeypatch.setattr(ids, "urandom", lambda size: b"\xff" * size)
    first = clock.next()
    clock._counter = ids._COUNTER_END - 1  # noqa: SLF001 - 2**41 ids would take a while
    second = clock.next()

    assert (first[0], second[0]) == (5000, 5001)
