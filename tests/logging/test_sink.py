"""Where lines go by default, and what becomes of them when a process ends."""

from __future__ import annotations

import contextlib
import io
import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asgi_stack import configure_structlog, get_logger
from asgi_stack.logging import sink_descriptors
from asgi_stack.logging.sink import FLUSH_S, flush_logs, open_sink
from asgi_stack.logging.sink_plain import PlainSink
from asgi_stack.logging.sink_stalling import NonblockingSink, ThreadedSink
from asgi_stack.settings import LogSettings
from tests.logging.pipes import NOTICE, TIMEOUT_S, pipe, program, result

BEGIN = "import sys; from asgi_stack.logging.sink import open_sink; sink = open_sink(); "
WRITE_300_KB = BEGIN + "[sink.write(b'%d ' % n + b'x' * 3000) for n in range(100)]; "


class TestOpenSink:
    """Which sink suits what."""

    def test_stream_of_ones_own_is_written_plainly(self) -> None:
        """A stream in memory gets each line at once."""
        stream = io.BytesIO()

        sink = open_sink(stream)
        sink.write(b"a line")

        assert isinstance(sink, PlainSink)
        assert stream.getvalue() == b"a line\n"

    def test_standard_output_may_be_a_text_in_memory(self) -> None:
        """Where somebody redirects standard output into a StringIO, lines go there as text."""
        text = io.StringIO()

        with contextlib.redirect_stdout(text):
            open_sink().write("ä".encode())

        assert text.getvalue() == "ä\n"

    def test_standard_output_may_be_bytes_in_memory(self) -> None:
        """A text layer over bytes in memory is passed by."""
        stream = io.BytesIO()

        with contextlib.redirect_stdout(io.TextIOWrapper(stream)):
            open_sink().write("ä".encode())
            written = stream.getvalue()

        assert written == "ä\n".encode()

    def test_standard_output_may_be_any_object(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An object with nothing but `write` will do, as notebooks and test runners have them."""

        class Minimal:
            def __init__(self) -> None:
                self.content = ""

            def write(self, text: str) -> None:
                self.content += text

        class Unwilling(Minimal):
            def fileno(self) -> int:
                raise NotImplementedError

            isatty = fileno

        for stdout in (Minimal(), Unwilling()):
            monkeypatch.setattr(sys, "stdout", stdout)
            configure_structlog(LogSettings(format="console", add_timestamp=False, call_site=False))
            get_logger("a").info("x")

            assert stdout.content.split() == ["[info", "]", "x", "[a]"]

    def test_without_standard_output_nothing_happens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process without standard output, as under pythonw, discards its lines."""
        monkeypatch.setattr(sys, "stdout", None)
        sink = open_sink()

        sink.write(b"x")

        assert sink.dropped == 0

    def test_closed_descriptor_costs_a_counter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Standard output whose descriptor was closed by somebody is no reason to fail."""
        number = os.open(os.devnull, os.O_WRONLY)
        with os.fdopen(number, "w", closefd=False) as stream:
            os.close(number)
            monkeypatch.setattr(sys, "stdout", stream)
            sink = open_sink()

            sink.write(b"x")

        assert sink.dropped == 1

    @pytest.mark.parametrize("name", ["stdout", "stderr"])
    def test_pipes_never_stall_a_caller(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Standard output and standard error that are pipes have a sink that does not wait, one for each pipe."""
        with pipe() as reader, os.fdopen(reader.writer, "w", closefd=False) as stream:
            monkeypatch.setattr(sys, name, stream)
            sink = open_sink(None if name == "stdout" else stream.buffer)
            same = open_sink(None if name == "stdout" else stream.buffer, notice=lambda dropped: b"%d" % dropped)

            same.write(b"x")

            assert isinstance(sink, NonblockingSink)
            assert same is sink
            assert sink.notice(5) == b"5"
            assert reader.take(1) == [b"x"]

    def test_pipe_that_cannot_be_opened_again_has_a_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a way to write that does not wait, the thread writes all lines."""
        monkeypatch.setattr(sink_descriptors, "_FOLDERS", ())
        with pipe() as reader, os.fdopen(reader.writer, "w", closefd=False) as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            sink = open_sink()

            sink.write(b"x")

            assert isinstance(sink, ThreadedSink)
            assert reader.take(1) == [b"x"]


class TestProcess:
    """Standard output of real processes."""

    def test_line_is_there_when_the_process_dies(self) -> None:
        """A line is written before the next statement runs: a process that dies right after has it in its log."""
        with program(BEGIN + "sink.write(b'last words'); import os; os._exit(1)") as process:
            lines, _ = result(process)

        assert lines == [b"last words"]

    def test_line_longer_than_a_pipe_arrives_whole(self) -> None:
        """A line of 1 MB goes through a pipe of 64 KiB."""
        with program(BEGIN + "sink.write(b'x' * 1_000_000)") as process:
            lines, _ = result(process)

        assert [len(line) for line in lines] == [1_000_000]

    def test_socket_is_written_like_a_pipe(self) -> None:
        """Under systemd standard output is a socket: all lines arrive, and Python has nothing to warn of."""
        code = (
            "import os, socket, sys, threading; reading, writing = socket.socketpair(); os.dup2(writing.fileno(), 1)\n"
            "from asgi_stack.logging.sink import flush_logs, open_sink; sink = open_sink()\n"
            "for n in range(300): sink.write(b'%d ' % n + b'x' * 3000)\n"
            "received = b''\n"
            "while received.count(b'\\n') < 300: received += reading.recv(1 << 20)\n"
            "numbers = [int(line.split()[0]) for line in received.splitlines()]\n"
            "print(type(sink).__name__, numbers == list(range(300)), sink.dropped, file=sys.stderr)\n"
            "reading.close(); writing.close()\n"
        )

        done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, check=False, timeout=30)

        assert done.stderr == b"NonblockingSink True 0\n"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
    def test_full_disk_does_no_harm(self) -> None:
        """With standard output on a full disk the process goes on and ends well."""
        code = BEGIN + "sink.write(b'x'); raise SystemExit(sink.dropped - 1)"

        with Path("/dev/full").open("wb") as full:
            done = subprocess.run([sys.executable, "-c", code], stdout=full, check=False, timeout=30)

        assert done.returncode == 0

    def test_reader_that_has_gone_does_no_harm(self) -> None:
        """When the reader of the pipe ends first, lines are counted and the process ends well."""
        code = BEGIN + "sys.stdin.read(); [sink.write(b'x') for _ in range(3)]; raise SystemExit(sink.dropped - 3)"
        with program(code) as process:
            assert process.stdout is not None
            process.stdout.close()
            _, err = process.communicate(timeout=30)

        assert process.returncode == 0
        assert err.splitlines() == [
            b"asgi_stack: 1 log line(s) dropped, last: BrokenPipeError",
            b"asgi_stack: 3 log line(s) dropped in all",
        ]

    @pytest.mark.parametrize("folders", ["('/proc/self/fd',)", "()"], ids=["nonblocking", "threaded"])
    def test_last_words_tell_all_that_is_lost(self, folders: str) -> None:
        """With a reader that never reads, standard error has two numbers in the end: what waits, and what is lost."""
        prepare = f"from asgi_stack.logging import sink_descriptors as d; d._FOLDERS = {folders}\n"
        code = BEGIN + "[sink.write(b'x' * 300) for _ in range(60_000)]; print(sink.dropped, file=sys.stderr)"
        with program(prepare + code) as process:
            assert process.stderr is not None
            process.wait(30)
            first, dropped, waiting, lost = process.stderr.read().splitlines()

        assert first.startswith(b"asgi_stack: 1 log line(s) dropped, last: ")
        assert waiting.endswith(b"log line(s) not written yet: their reader has stopped")
        assert lost == b"asgi_stack: %s log line(s) dropped in all" % dropped
        assert int(dropped) > 10_000

    def test_loss_that_the_log_tells_of_is_not_said_again(self) -> None:
        """A reader that comes back finds the number in the log, and standard error has its one word."""
        with program(BEGIN + "[sink.write(b'x' * 300) for _ in range(60_000)]") as process:
            assert process.stderr is not None
            select.select([process.stderr], [], [], TIMEOUT_S)
            lines, err = result(process)

        told = [int(number) for number in NOTICE.findall(b"\n".join(lines))]
        assert told
        assert sum(told) == 60_000 - (len(lines) - len(told))
        assert err == b"asgi_stack: 1 log line(s) dropped, last: BlockingIOError\n"


class TestFlushLogs:
    """The end of a process whose reader is late."""

    def test_nothing_waits_as_a_rule(self) -> None:
        """Without a stalled sink there is nothing to do."""
        assert flush_logs(0)

    @pytest.mark.parametrize("folders", ["('/proc/self/fd',)", "()"], ids=["nonblocking", "threaded"])
    def test_exit_waits_for_the_reader(self, folders: str) -> None:
        """What waits when the program ends is written before it is gone, and so is what comes while it ends."""
        prepare = f"from asgi_stack.logging import sink_descriptors as d; d._FOLDERS = {folders}\n"
        late = "import atexit; atexit.register(lambda: sink.write(b'late'))\n"
        with program(f"{prepare}import asgi_stack.logging.sink\n{late}{WRITE_300_KB}") as process:
            time.sleep(1)
            lines, err = result(process)

        assert [line.split()[0] for line in lines] == [*(b"%d" % number for number in range(100)), b"late"]
        assert (process.returncode, err) == (0, b"")

    def test_line_after_the_flush_is_written(self) -> None:
        """What is logged after all else at exit goes out as well."""
        code = "import atexit\ndef last(): sink.write(b'last')\natexit.register(last)\n" + WRITE_300_KB
        with program(code) as process:
            time.sleep(0.5)
            lines, err = result(process)

        assert lines[-1] == b"last"
        assert (len(lines), err) == (101, b"")

    def test_reader_that_never_comes_delays_the_exit_for_a_while_only(self) -> None:
        """Without anybody reading, the process ends after 2 s, and says on standard error what it could not write."""
        with program(WRITE_300_KB + "sys.stderr.write('end\\n'); sys.stderr.flush()") as process:
            assert process.stderr is not None
            first = process.stderr.readline()
            start = time.monotonic()
            process.wait(30)
            took_s = time.monotonic() - start
            err = process.stderr.read()

        assert first == b"end\n"
        assert FLUSH_S - 0.5 < took_s < FLUSH_S + 2
        assert b"log line(s) not written yet" in err

    def test_end_waits_once(self) -> None:
        """A reader that the shutdown has waited for in vain is not waited for again at exit, nor told of again."""
        code = "from asgi_stack.logging.sink import flush_logs\n" + WRITE_300_KB
        with program(code + "flush_logs(0.5); sys.stderr.write('end\\n'); sys.stderr.flush()") as process:
            assert process.stderr is not None
            first, second = process.stderr.readline(), process.stderr.readline()
            start = time.monotonic()
            process.wait(30)
            took_s = time.monotonic() - start
            rest = process.stderr.read()

        assert b"log line(s) not written yet" in first
        assert (second, rest) == (b"end\n", b"")
        assert took_s < FLUSH_S
