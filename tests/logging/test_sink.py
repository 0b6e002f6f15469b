"""Where lines go, and what happens when they cannot."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asgi_stack.logging.sink import Sink


class Refusing(io.BytesIO):
    """A stream whose disk is full."""

    def write(self, data: object, /) -> int:
        """Refuse."""
        raise OSError(28, "No space left on device")


class TestWrite:
    """One line at a time."""

    def test_line_ends_with_one_newline(self) -> None:
        """The sink adds the newline."""
        stream = io.BytesIO()

        Sink(stream).write(b"a line")

        assert stream.getvalue() == b"a line\n"

    def test_standard_output_gets_the_line_at_once(self) -> None:
        """A line is written before the next statement runs: a process that dies right after has it in its log."""
        code = "from asgi_stack.logging.sink import Sink; import os; Sink().write(b'last words'); os._exit(1)"

        result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=30)

        assert result.stdout == b"last words\n"

    def test_line_longer_than_a_pipe_arrives_whole(self) -> None:
        """A line of 1 MB goes through a pipe of 64 KiB, in several writes."""
        code = "from asgi_stack.logging.sink import Sink; Sink().write(b'x' * 1_000_000)"

        result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=30)

        assert len(result.stdout) == 1_000_001

    def test_standard_output_may_be_a_text_in_memory(self) -> None:
        """Where somebody redirects standard output into a StringIO, lines go there as text."""
        text = io.StringIO()

        with contextlib.redirect_stdout(text):
            Sink().write("ä".encode())

        assert text.getvalue() == "ä\n"

    def test_without_standard_output_nothing_happens(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A process without standard output, as under pythonw, discards its lines."""
        monkeypatch.setattr(sys, "stdout", None)
        sink = Sink()

        sink.write(b"x")

        assert sink.dropped == 0


class TestFailure:
    """Lines that cannot be written."""

    def test_failing_stream_costs_a_counter(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Each lost line is counted; standard error tells of it once a minute at most."""
        sink = Sink(Refusing())

        for _ in range(5):
            sink.write(b"x")

        assert sink.dropped == 5
        assert capsys.readouterr().err == "asgi_stack: 1 log line(s) dropped, last: OSError\n"

    def test_closed_stream_costs_a_counter(self) -> None:
        """A stream that was closed is no reason to fail."""
        stream = io.BytesIO()
        stream.close()
        sink = Sink(stream)

        sink.write(b"x")

        assert sink.dropped == 1

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
    def test_full_disk_does_no_harm(self) -> None:
        """With standard output on a full disk the process goes on and ends well."""
        code = "from asgi_stack.logging.sink import Sink; s = Sink(); s.write(b'x'); raise SystemExit(s.dropped - 1)"

        with Path("/dev/full").open("wb") as full:
            result = subprocess.run([sys.executable, "-c", code], stdout=full, check=False, timeout=30)

        assert result.returncode == 0

    def test_lost_standard_error_is_no_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where even standard error is gone, the line is just counted."""
        descriptor = os.open(os.devnull, os.O_WRONLY)
        stderr = os.fdopen(descriptor, "w")
        stderr.close()
        monkeypatch.setattr(sys, "stderr", stderr)
        sink = Sink(Refusing())

        sink.write(b"x")

        assert sink.dropped == 1
