"""A sink for what does not stall: files, streams in memory, and the parts that all sinks share."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import Final, Protocol, TextIO, TypeAlias

from asgi_stack.logging.sink_descriptors import WriteSome, may_stall, wait_until_writable

__all__ = ["LineStream", "Notice", "PlainSink", "Sink", "stream_writer", "text_writer"]

WARN_AT_MOST_EVERY_S: Final = 60.0

Notice: TypeAlias = Callable[[int], bytes]
"""Renders the line that says how many lines were dropped, without its newline."""


class LineStream(Protocol):
    """What a sink needs of a stream: bytes in, and a flush."""

    def write(self, data: bytes, /) -> object: ...  # noqa: D102 - as in io.BufferedIOBase
    def flush(self) -> object: ...  # noqa: D102


def plain_notice(dropped: int) -> bytes:
    """Render the notice where nobody says how."""
    return b"log_lines_dropped dropped=%d" % dropped


class Sink(ABC):
    """Where log lines go; a line that cannot be written costs a counter, never a request.

    Attributes:
        dropped: How many lines could not be written or rendered, since the sink was made or the process forked.
        has_given_up: Whether a flush has waited in vain, and nothing was written since.
        notice: Renders the warning that lines were dropped, which is written when lines get through again.
    """

    def __init__(self, notice: Notice | None = None) -> None:
        self.notice = notice or plain_notice
        self._warned_at = float("-inf")
        self.renew()

    @abstractmethod
    def write(self, line: bytes) -> None:
        """Write one line, given without its newline; never raises."""

    def renew(self) -> None:
        """Begin anew in a forked process, whose losses are its own."""
        # One thread may come here twice: a finalizer or a signal handler logs while it is writing.
        self._lock = RLock()
        self.dropped = 0
        self.has_given_up = False
        self._untold = 0
        self._told_in_log = 0
        self._told_on_stderr = 0

    def flush(self, timeout_s: float) -> bool:
        """Wait until all lines are written, and tell whether they are."""
        del timeout_s
        self._say_what_is_untold()
        return True

    def drop(self, error: Exception) -> None:
        """Count a line that is lost, and say so on standard error once a minute at most."""
        with self._lock:
            self.dropped += 1
            now = time.monotonic()
            if now - self._warned_at >= WARN_AT_MOST_EVERY_S:
                self._warned_at = now
                self._told_on_stderr = self.dropped
                say(f"{self.dropped} log line(s) dropped, last: {type(error).__name__}")

    def _say_what_is_untold(self) -> None:
        """Say how many lines are lost in all, unless the log or standard error has told the whole number before."""
        with self._lock:
            if self.dropped > max(self._told_in_log, self._told_on_stderr):
                self._told_on_stderr = self.dropped
                say(f"{self.dropped} log line(s) dropped in all")

    def _lose(self, error: Exception) -> None:
        """Count a line that could not be written; the notice will tell of it."""
        with self._lock:
            self._untold += 1
            self.drop(error)

    def _notice_line(self) -> bytes:
        try:
            return self.notice(self._untold) + b"\n"
        except Exception:  # noqa: BLE001 - rendering goes through code of anybody's
            return plain_notice(self._untold) + b"\n"


class PlainSink(Sink):
    """Write each line in the caller's thread, waiting as long as it takes.

    Args:
        write_some: Writes bytes.
        notice: Renders the warning that lines were dropped.
    """

    def __init__(self, write_some: WriteSome, notice: Notice | None = None) -> None:
        super().__init__(notice)
        self._write_some = write_some
        self._ends_torn_line = b""

    def write(self, line: bytes) -> None:
        """Write one line, given without its newline; never raises."""
        line += b"\n"
        if self._untold:
            line = self._ends_torn_line + line
        try:
            written = self._write_some(line)
            if written < len(line):
                self._write_rest(line, written)
        except Exception as error:  # noqa: BLE001 - a stream of somebody's own may raise anything
            self._lose(error)
            return
        if self._untold:
            self._tell()

    def _write_rest(self, line: bytes, written: int) -> None:
        while written < len(line):
            self._ends_torn_line = b"\n"
            line = line[written:]
            written = self._write_some(line)
        self._ends_torn_line = b""

    def _tell(self) -> None:
        with self._lock, suppress(Exception):
            line = self._notice_line()
            self._write_rest(line, self._write_some(line))
            self._told_in_log += self._untold
            self._untold = 0


def say(text: str) -> None:
    """Write a line to standard error, unless that would wait: it may have stalled as well."""
    if sys.stderr is not None:
        with suppress(Exception):
            if _takes_text(sys.stderr):
                sys.stderr.write(f"asgi_stack: {text}\n")


def _takes_text(stream: TextIO) -> bool:
    try:
        descriptor = stream.fileno()
    except Exception:  # noqa: BLE001 - it was replaced by an object of somebody's own
        return True
    return not may_stall(descriptor) or wait_until_writable(descriptor, 0)


def stream_writer(stream: LineStream) -> WriteSome:
    """Give the function that writes bytes to a stream."""

    def write_and_flush(line: bytes) -> int:
        stream.write(line)
        stream.flush()
        return len(line)

    return write_and_flush


def text_writer(stream: TextIO) -> WriteSome:
    """Give the function that writes bytes to a stream of text."""

    def write_text(line: bytes) -> int:
        stream.write(line.decode("utf-8", "backslashreplace"))
        return len(line)

    return write_text
