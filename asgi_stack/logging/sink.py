"""Where log lines go: one write of one whole line, and a failure costs a counter, never a request."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LineStream", "Sink"]

WARN_AT_MOST_EVERY_S: Final = 60.0


class LineStream(Protocol):
    """What a sink needs of a stream: bytes in, and a flush."""

    def write(self, data: bytes, /) -> object: ...  # noqa: D102 - as in io.BufferedIOBase
    def flush(self) -> object: ...  # noqa: D102


class Sink:
    """Write log lines to standard output, or to a binary stream.

    A line goes to a file descriptor with one `write(2)`, so it is there when the process dies, and on a pipe lines up
    to PIPE_BUF (4,096 bytes on Linux) of several workers never mix.

    Attributes:
        dropped: How many lines could not be written or rendered, since the sink was made.
    """

    def __init__(self, stream: LineStream | None = None) -> None:
        self.dropped = 0
        self._warned_at = float("-inf")
        self._write_some = _writer(stream)

    def write(self, line: bytes) -> None:
        """Write one line, given without its newline; never raises."""
        line += b"\n"
        try:
            written = self._write_some(line)
            while written < len(line):
                line = line[written:]
                written = self._write_some(line)
        except (OSError, ValueError) as error:
            self.drop(error)

    def drop(self, error: Exception) -> None:
        """Count a line that is lost, and say so on standard error once a minute at most."""
        self.dropped += 1
        now = time.monotonic()
        if now - self._warned_at >= WARN_AT_MOST_EVERY_S and sys.stderr is not None:
            self._warned_at = now
            with suppress(OSError, ValueError):
                sys.stderr.write(f"asgi_stack: {self.dropped} log line(s) dropped, last: {type(error).__name__}\n")


def _writer(stream: LineStream | None) -> Callable[[bytes], int]:
    """Give the function that writes bytes and says how many it took."""
    if stream is not None:
        return _stream_writer(stream)
    if sys.stdout is None:
        return len
    try:
        return partial(os.write, sys.stdout.fileno())
    except (OSError, ValueError):
        # Standard output was replaced by an object in memory, as test runners do.
        buffer = getattr(sys.stdout, "buffer", None)
        return _text_writer(sys.stdout) if buffer is None else _stream_writer(buffer)


def _stream_writer(stream: LineStream) -> Callable[[bytes], int]:
    def write_and_flush(line: bytes) -> int:
        stream.write(line)
        stream.flush()
        return len(line)

    return write_and_flush


def _text_writer(stream: TextIO) -> Callable[[bytes], int]:
    def write_text(line: bytes) -> int:
        stream.write(line.decode("utf-8", "backslashreplace"))
        return len(line)

    return write_text
