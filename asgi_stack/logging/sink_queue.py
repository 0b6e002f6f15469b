"""Lines that wait to be written, within a bound."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["LineQueue"]

MAX_WAITING_BYTES: Final = 8 * 1024 * 1024
"""About 25,000 request lines: at 1,000 requests a second, 25 s."""

LINE_OVERHEAD_BYTES: Final = 48
"""What Python takes for a short line beside its bytes."""


class LineQueue:
    """Lines in their order; the first may be the rest of a line that was partly written."""

    def __init__(self, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._max_bytes = max_bytes
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._is_full = False

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def first(self) -> bytes:
        """What is to be written next."""
        return self._lines[0]

    def put(self, line: bytes) -> bool:
        """Let a line wait, and tell whether there was room for it.

        An empty queue takes any line. Once it was full it takes none until it is empty, so that what is missing is
        one gap, not one line in two.
        """
        size = len(line) + LINE_OVERHEAD_BYTES
        if self._lines and (self._is_full or self._bytes + size > self._max_bytes):
            self._is_full = True
            return False
        self._is_full = False
        self._lines.append(line)
        self._bytes += size
        return True

    def take(self, count: int) -> bool:
        """Note that so many bytes of the first line are written, and tell whether that was all of it."""
        line = self._lines[0]
        if count < len(line):
            self._lines[0] = line[count:]
            self._bytes -= count
            return False
        self.remove_first()
        return True

    def remove_first(self) -> None:
        """Give the first line up."""
        size = len(self._lines.popleft()) + LINE_OVERHEAD_BYTES
        self._bytes -= size
