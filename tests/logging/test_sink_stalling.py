"""Pipes whose reader stops: lines wait, their order stays, and what has no room is counted."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from asgi_stack.logging import sink_stalling
from asgi_stack.logging.sink_descriptors import nonblocking_channel
from asgi_stack.logging.sink_queue import MAX_WAITING_BYTES
from asgi_stack.logging.sink_stalling import ATOMIC_BYTES, NonblockingSink, StallingSink, ThreadedSink
from tests.logging.pipes import NOTICE, Reader, pipe

MUCH = 200_000
"""More bytes than a pipe holds."""


def nonblocking(descriptor: int) -> NonblockingSink:
    """Make the sink of a system where descriptors can be opened again."""
    channel = nonblocking_channel(descriptor)
    assert channel is not None
    return NonblockingSink(channel)


@pytest.fixture
def reader() -> Iterator[Reader]:
    """Open a pipe."""
    with pipe() as opened:
        yield opened


@pytest.fixture(params=[nonblocking, ThreadedSink], ids=["nonblocking", "threaded"])
def sink(request: pytest.FixtureRequest, reader: Reader) -> Iterator[StallingSink]:
    """Make each kind of sink for the pipe, and let go of the pipe in the end."""
    make: Callable[[int], StallingSink] = request.param
    made = make(reader.writer)
    yield made
    while not made.flush(0.01):
        reader.take_bytes(1 << 20)


def numbered(count: int, length: int) -> list[bytes]:
    """Make lines that tell their place."""
    return [(b"%d " % number).ljust(length, b"x") for number in range(count)]


def write_all(sink: StallingSink, lines: list[bytes]) -> None:
    """Write lines."""
    for line in lines:
        sink.write(line)


def test_lines_of_workers_mix_only_above_the_limit_of_the_system(reader: Reader) -> None:
    """What is taken for the limit is what the system says of this pipe: 4,096 bytes on Linux."""
    assert os.fpathconf(reader.writer, "PC_PIPE_BUF") == ATOMIC_BYTES


class TestOrder:
    """What arrives, and in which order."""

    @pytest.mark.parametrize("length", [100, ATOMIC_BYTES - 1, ATOMIC_BYTES, 9_000, 100_000])
    def test_lines_arrive_whole_and_in_order(self, sink: StallingSink, reader: Reader, length: int) -> None:
        """Lines of any length that came while nobody read are there once somebody does."""
        lines = numbered(MUCH // length + 5, length)

        write_all(sink, lines)

        assert reader.take(len(lines)) == lines
        assert sink.flush(1)
        assert sink.dropped == 0

    def test_rest_of_a_line_comes_before_all_else(self, sink: StallingSink, reader: Reader) -> None:
        """A pipe that takes a part of a line gets the rest of it next, then what came after."""
        lines = [b"a" * MUCH, b"short", b"b" * 9_000, b"end"]
        write_all(sink, lines[:2])
        reader.take_bytes(4096)
        write_all(sink, lines[2:])

        assert reader.take(4) == lines

    def test_reader_that_reads_slowly_gets_everything(self, sink: StallingSink, reader: Reader) -> None:
        """Full and empty in turn, as a pipe is under load: no line is lost, torn or out of order."""
        lines = numbered(3_000, 200)
        for start in range(0, len(lines), 100):
            write_all(sink, lines[start : start + 100])
            reader.take_bytes(15_000)

        assert reader.take(len(lines)) == lines
        assert sink.dropped == 0

    def test_threads_do_not_mix(self, sink: StallingSink, reader: Reader) -> None:
        """Lines of several threads stay whole, and those of one thread in order."""
        own = {letter: numbered(500, 300 + 20 * letter) for letter in range(4)}
        threads = [threading.Thread(target=write_all, args=(sink, own[letter])) for letter in own]
        for thread in threads:
            thread.start()
        lines = reader.take(2_000)
        for thread in threads:
            thread.join()

        for letter, written in own.items():
            assert [line for line in lines if len(line) == 300 + 20 * letter] == written

    def test_line_of_a_signal_handler_takes_its_turn(self, reader: Reader) -> None:
        """What is logged in the middle of a write, as by a signal handler, comes whole and after what waited."""
        channel = nonblocking_channel(reader.writer)
        assert channel is not None
        write_some, interruptions = channel.write_some, iter([b"interruption"])

        def interrupted(data: bytes) -> int:
            written = write_some(data)
            for line in interruptions:
                own.write(line)
            return written

        channel.write_some = interrupted
        own = NonblockingSink(channel)
        own.write(b"a" * 9_000)
        own.write(b"b")

        assert reader.take(3) == [b"a" * 9_000, b"interruption", b"b"]


class TestLoss:
    """Lines that have no room, or no reader."""

    def test_lines_without_room_are_counted_and_told_of(
        self, sink: StallingSink, reader: Reader, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """What came is what is written and what is dropped, and one warning stands where the lines are missing."""
        lines = numbered(MAX_WAITING_BYTES // 9_000 + 500, 9_000)
        write_all(sink, lines)
        dropped = sink.dropped

        kept = reader.until(lambda lines: NOTICE.fullmatch(lines[-1]) if lines else None)[:]
        sink.write(b"after")

        assert dropped > 0
        assert kept == [*lines[: len(lines) - dropped], b"log_lines_dropped dropped=%d" % dropped]
        assert reader.take(len(kept) + 1)[-1] == b"after"
        assert sink.dropped == dropped
        assert capsys.readouterr().err == "asgi_stack: 1 log line(s) dropped, last: BlockingIOError\n"

    def test_memory_has_a_bound(self, sink: StallingSink) -> None:
        """However many lines come, no more than 8 MiB of them wait."""
        write_all(sink, [b"x" * 50_000] * 1_000)

        assert len(sink._queue) <= MAX_WAITING_BYTES // 50_000  # noqa: SLF001 - what it holds is not shown outside
        assert sink.dropped >= 1_000 - MAX_WAITING_BYTES // 50_000 - MUCH // 50_000

    def test_reader_that_has_gone_costs_a_counter(self, sink: StallingSink, reader: Reader) -> None:
        """Each line into a broken pipe is dropped and counted, those that waited as well."""
        write_all(sink, numbered(100, 1_000))
        reader.go_away()
        write_all(sink, numbered(50, 10))

        assert sink.flush(5)
        assert sink.dropped >= 80

    def test_notice_that_is_lost_is_made_again(self, reader: Reader) -> None:
        """A notice that fails is no line of anybody's: the number of lost lines stays exact."""
        answers: list[int | OSError] = [OSError(5, "I/O error"), 5, OSError(5, "I/O error"), 6, 1000]
        written: list[bytes] = []

        def write_some(data: bytes) -> int:
            answer = answers.pop(0)
            if isinstance(answer, OSError):
                raise answer
            written.append(data[:answer])
            return len(written[-1])

        channel = nonblocking_channel(reader.writer)
        assert channel is not None
        channel.write_some = write_some
        sink = NonblockingSink(channel)

        write_all(sink, [b"lost", b"sent", b"again"])

        assert sink.dropped == 1
        assert written == [b"sent\n", b"again\n", b"log_lines_dropped dropped=1\n"]


class TestThread:
    """The thread that writes what waits."""

    def test_what_waits_is_written_without_another_line(self, sink: StallingSink, reader: Reader) -> None:
        """A service that falls silent has its lines out as soon as somebody reads."""
        lines = numbered(100, 3_000)
        write_all(sink, lines)
        time.sleep(0.2)

        assert reader.take(100) == lines

    def test_thread_ends_and_comes_again(
        self, sink: StallingSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without anything to write the thread is gone after a while; the next stall has a new one."""
        monkeypatch.setattr(sink_stalling, "LINGER_S", 0.01)
        lines = numbered(100, 3_000)

        for time_around in (1, 2):
            write_all(sink, lines)
            reader.take(100 * time_around)
            deadline = time.monotonic() + 5
            while sink._thread is not None and time.monotonic() < deadline:  # noqa: SLF001
                time.sleep(0.01)
            assert sink._thread is None  # noqa: SLF001

        assert reader.lines == lines * 2

    def test_system_without_room_for_a_thread_is_served(
        self, sink: StallingSink, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where no thread can be started, as at the end of a process, whoever flushes writes what waits."""

        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't create new thread at interpreter shutdown")

        lines = numbered(100, 3_000)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            write_all(sink, lines)
            assert not sink.flush(0.1)
            reader.take(10)
            assert not sink.flush(0.1)

        write_all(sink, [b"end"])
        assert reader.take(101) == [*lines, b"end"]

    def test_open_file_that_another_process_made_nonblocking_is_no_reason_to_drop(self, reader: Reader) -> None:
        """The thread waits where it finds that its descriptor does not wait any more."""
        sink = ThreadedSink(reader.writer)
        os.set_blocking(reader.writer, False)
        lines = numbered(100, 3_000)

        write_all(sink, lines)
        time.sleep(0.1)

        assert reader.take(100) == lines
        assert sink.flush(5)
        assert sink.dropped == 0


class TestFlush:
    """The end of a process."""

    def test_flush_waits_for_the_reader(self, sink: StallingSink, reader: Reader) -> None:
        """It returns when all is written."""
        write_all(sink, numbered(100, 3_000))
        late = threading.Timer(0.2, reader.take, [100])
        late.start()

        assert sink.flush(10)
        late.join()

    def test_flush_gives_up(self, sink: StallingSink, reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
        """A reader that never comes back costs the given time and a word on standard error; the lines still wait."""
        lines = numbered(100, 3_000)
        write_all(sink, lines)

        start = time.monotonic()
        is_written = sink.flush(0.2)
        took_s = time.monotonic() - start

        assert not is_written
        assert 0.2 <= took_s < 1
        assert "log line(s) not written yet" in capsys.readouterr().err
        assert reader.take(100) == lines

    def test_later_lines_are_written_through(self, sink: StallingSink, reader: Reader) -> None:
        """The last words of a server, after the flush, are out when the call returns, though the reader is slow."""
        assert sink.flush(10)
        lines = numbered(100, 3_000)
        reading = threading.Thread(target=reader.take, args=[100])
        reading.start()

        for line in lines:
            sink.write(line)
            assert not sink._queue  # noqa: SLF001
        reading.join()

        assert reader.lines == lines
