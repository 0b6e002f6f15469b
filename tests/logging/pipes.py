"""Real pipes whose reader is the test, and programs that write to one."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

TIMEOUT_S: Final = 20.0
NOTICE: Final = re.compile(rb"log_lines_dropped dropped=(\d+)")


class Reader:
    """The reading end of a pipe, read only when it is asked to.

    Attributes:
        reader: Its descriptor.
        writer: The descriptor of the other end.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self.reader = reader
        self.writer = writer
        self._read = b""

    @property
    def lines(self) -> list[bytes]:
        """The whole lines that were read so far."""
        return self._read.split(b"\n")[:-1]

    def until(self, condition: Callable[[list[bytes]], object]) -> list[bytes]:
        """Read until the lines fulfil a condition, and give them."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition(self.lines):
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"only {len(self.lines)} lines came, the last: {self.lines[-1:]}"
            if select.select([self.reader], [], [], left_s)[0]:
                self._read += os.read(self.reader, 1 << 20)
        return self.lines

    def take(self, count: int) -> list[bytes]:
        """Read so many lines, and give them."""
        return self.until(lambda lines: len(lines) >= count)

    def take_bytes(self, count: int) -> None:
        """Read so many bytes."""
        self._read += os.read(self.reader, count)

    def fill(self) -> None:
        """Write until the pipe takes no more."""
        os.set_blocking(self.writer, False)
        with suppress(BlockingIOError):
            while os.write(self.writer, b"x" * 4096):
                pass
        os.set_blocking(self.writer, True)

    def go_away(self) -> None:
        """Close the reading end, so that the pipe is broken."""
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, self.reader)
        os.close(nowhere)


@contextmanager
def pipe() -> Iterator[Reader]:
    """Open a pipe."""
    reader, writer = os.pipe()
    try:
        yield Reader(reader, writer)
    finally:
        os.close(reader)
        os.close(writer)


@contextmanager
def program(code: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program whose standard output and error are pipes that nobody reads yet; it is killed in the end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def result(process: subprocess.Popen[bytes]) -> tuple[list[bytes], bytes]:
    """Read all that a program writes until it ends: the lines of standard output, and standard error."""
    out, err = process.communicate(timeout=TIMEOUT_S)
    return out.splitlines(), err
