"""Lines to files and streams, and what a failure costs."""

from __future__ import annotations

import io
import os
import sys

import pytest

from asgi_stack.logging.sink_plain import PlainSink, stream_writer
from tests.logging.pipes import pipe


class Disk:
    """A disk that takes a number of bytes, and may be given more room."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.content = b""

    def write_some(self, data: bytes) -> int:
        """Take what there is room for, like write(2)."""
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = data[: self.room]
        self.content += taken
        self.room -= len(taken)
        return len(taken)


class TestPlainSink:
    """What does not stall."""

    def test_line_ends_with_one_newline(self) -> None:
        """The sink adds the newline, and flushes."""
        raw = io.BytesIO()
        stream = io.BufferedWriter(raw)

        PlainSink(stream_writer(stream)).write(b"a line")

        assert raw.getvalue() == b"a line\n"

    def test_partial_writes_are_continued(self) -> None:
        """What takes a line in parts gets all of it."""
        parts: list[bytes] = []

        def write_some(data: bytes) -> int:
            parts.append(data[:3])
            return len(parts[-1])

        PlainSink(write_some).write(b"abcdefg")

        assert parts == [b"abc", b"def", b"g\n"]

    def test_full_disk_is_told_of_once_it_has_room(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Each lost line is counted, one word of it is on standard error, and the log itself says how many it lacks."""
        disk = Disk(room=10)
        sink = PlainSink(disk.write_some)
        for line in (b"first", b"torn line", b"lost"):
            sink.write(line)
        dropped, told = sink.dropped, capsys.readouterr().err

        disk.room = 1000
        sink.write(b"again")
        sink.write(b"more")

        assert dropped == sink.dropped == 2
        assert told == "asgi_stack: 1 log line(s) dropped, last: OSError\n"
        assert disk.content == b"first\ntorn\nagain\nlog_lines_dropped dropped=2\nmore\n"

    def test_notice_waits_until_there_is_room_for_it(self) -> None:
        """A notice that cannot be written is no lost line; it comes later, and a torn one does not spoil the next."""
        disk = Disk(room=0)
        sink = PlainSink(disk.write_some)
        sink.write(b"lost")
        disk.room = 12

        sink.write(b"one")
        disk.room = 1000
        sink.write(b"two")

        assert sink.dropped == 1
        assert disk.content == b"one\nlog_line\ntwo\nlog_lines_dropped dropped=1\n"

    def test_notice_that_cannot_be_rendered_is_plain(self) -> None:
        """Whatever the renderer does, the number of lost lines is written."""
        disk = Disk(room=0)
        sink = PlainSink(disk.write_some, lambda dropped: b"%d" % (dropped // 0))
        sink.write(b"lost")
        disk.room = 1000

        sink.write(b"x")

        assert disk.content == b"x\nlog_lines_dropped dropped=1\n"

    @pytest.mark.parametrize("error", [ValueError("closed"), RuntimeError("a stream of somebody's own")])
    def test_stream_may_raise_anything(self, error: Exception) -> None:
        """A stream that fails costs the line, not the caller."""

        class Failing(io.BytesIO):
            def write(self, data: object, /) -> int:
                raise error

        sink = PlainSink(stream_writer(Failing()))
        sink.write(b"x")

        assert sink.dropped == 1

    def test_lines_that_could_not_be_rendered_are_counted_without_a_notice(self) -> None:
        """They were told of on standard error; the output itself has lost nothing."""
        disk = Disk(room=1000)
        sink = PlainSink(disk.write_some)

        sink.drop(TypeError())
        sink.write(b"x")

        assert sink.dropped == 1
        assert disk.content == b"x\n"


class TestStandardError:
    """The word about lost lines."""

    def test_whole_number_is_said_once_in_the_end(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A flush tells what was lost in all, those that could not be rendered as well, and only where that is news."""
        disk = Disk(room=0)
        sink = PlainSink(disk.write_some)
        sink.write(b"lost")
        sink.drop(TypeError())

        assert sink.flush(0)
        assert sink.flush(0)

        assert capsys.readouterr().err.splitlines() == [
            "asgi_stack: 1 log line(s) dropped, last: OSError",
            "asgi_stack: 2 log line(s) dropped in all",
        ]

    def test_loss_that_the_log_tells_of_is_not_said_again(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Where the notice has been written, the log is complete in itself."""
        disk = Disk(room=0)
        sink = PlainSink(disk.write_some)
        for line in (b"lost", b"lost"):
            sink.write(line)
        disk.room = 1000
        sink.write(b"x")
        capsys.readouterr()

        assert sink.flush(0)

        assert capsys.readouterr().err == ""

    def test_forked_process_counts_its_own(self) -> None:
        """After a fork the count begins anew, without a lock that a thread of the parent may have held."""
        sink = PlainSink(Disk(room=0).write_some)
        sink.write(b"lost")

        with sink._lock:  # noqa: SLF001 - as another thread might at the fork
            sink.renew()
        sink.write(b"lost")

        assert sink.dropped == 1

    def test_closed_standard_error_is_no_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where even standard error is gone, the line is just counted."""
        stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
        stderr.close()
        sink = PlainSink(Disk(room=0).write_some)

        for stream in (stderr, None):
            monkeypatch.setattr(sys, "stderr", stream)
            monkeypatch.setattr(sink, "_warned_at", float("-inf"))
            sink.write(b"x")

        assert sink.dropped == 2

    def test_stalled_standard_error_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody reads standard error, and it is full: the line is counted, and the caller goes on."""
        sink = PlainSink(Disk(room=0).write_some)
        with pipe() as reader:
            reader.fill()
            with open(reader.writer, "w", closefd=False) as stderr:
                monkeypatch.setattr(sys, "stderr", stderr)
                sink.write(b"x")

        assert sink.dropped == 1
