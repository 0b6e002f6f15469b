"""Lines that wait, within a bound."""

from __future__ import annotations

from asgi_stack.logging.sink_queue import LINE_OVERHEAD_BYTES, LineQueue


def drained(queue: LineQueue) -> list[bytes]:
    """Take all lines out."""
    lines: list[bytes] = []
    while queue:
        lines.append(queue.first)
        queue.remove_first()
    return lines


def test_lines_keep_their_order() -> None:
    """What came first is written first."""
    queue = LineQueue()

    taken = [queue.put(b"%d" % number) for number in range(3)]

    assert taken == [True] * 3
    assert len(queue) == 3
    assert drained(queue) == [b"0", b"1", b"2"]


def test_rest_of_a_line_stays_first() -> None:
    """What was not written of a line comes before the next one."""
    queue = LineQueue()
    queue.put(b"abcdef")
    queue.put(b"next")

    assert not queue.take(4)
    assert queue.first == b"ef"
    assert queue.take(2)
    assert drained(queue) == [b"next"]


def test_full_queue_takes_nothing_until_it_is_empty() -> None:
    """Lines are missing in one piece: after the first refusal all are refused until there is nothing left to write."""
    queue = LineQueue(max_bytes=2 * (LINE_OVERHEAD_BYTES + 10))
    for letter in (b"a", b"b"):
        assert queue.put(letter * 10)

    refused = [queue.put(b"c" * 10)]
    queue.remove_first()
    refused.append(queue.put(b"d"))
    queue.remove_first()

    assert refused == [False, False]
    assert queue.put(b"e")
    assert drained(queue) == [b"e"]


def test_empty_queue_takes_any_line() -> None:
    """A line that is longer than the bound can wait alone."""
    queue = LineQueue(max_bytes=10)

    assert queue.put(b"x" * 1000)
    assert not queue.put(b"y")


def test_bytes_are_given_back() -> None:
    """However lines leave, whole, in parts or given up, their room is free again."""
    queue = LineQueue(max_bytes=4 * (LINE_OVERHEAD_BYTES + 10))

    for _ in range(100):
        taken = [queue.put(b"x" * 10) for _ in range(3)]
        assert taken == [True] * 3
        queue.take(4)
        queue.take(6)
        queue.take(10)
        queue.remove_first()

    assert not queue
