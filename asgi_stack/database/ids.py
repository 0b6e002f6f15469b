"""UUIDs of version 7: unique, and in the order in which they were made.

Source: RFC 9562, sections 5.7 and 6.2 (method 2, a counter in the random bits). Python has them from 3.14 on.
"""

from __future__ import annotations

import sys
import time
from os import urandom
from threading import Lock
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["generate_uuid7"]

_COUNTER_END: Final = 1 << 74
_START_BYTES: Final = 9
"""A counter starts below 2**72, so that a millisecond has room for 2**41 steps at the least."""

_STEP_BYTES: Final = 4
"""It goes on by random steps: the next id of the same millisecond is not to be guessed."""

_VERSION_AND_VARIANT: Final = 0x7 << 76 | 0b10 << 62
_LOW_BITS: Final = 62


class _Clock:
    """The time of the last id and its counter, shared by all threads of the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last_ms = 0
        self._counter = 0

    def next(self) -> tuple[int, int]:
        """Give the time in ms and the counter: each pair is above the one before, also when the clock goes back."""
        now_ms = time.time_ns() // 1_000_000
        with self._lock:
            if now_ms > self._last_ms:
                self._last_ms = now_ms
                self._counter = int.from_bytes(urandom(_START_BYTES))
            else:
                self._counter += 1 + int.from_bytes(urandom(_STEP_BYTES))
                if self._counter >= _COUNTER_END:
                    self._last_ms += 1
                    self._counter = int.from_bytes(urandom(_START_BYTES))
            return self._last_ms, self._counter


_CLOCK: Final = _Clock()


def _generate() -> UUID:
    time_ms, counter = _CLOCK.next()
    high, low = counter >> _LOW_BITS, counter & ((1 << _LOW_BITS) - 1)
    return UUID(int=time_ms << 80 | _VERSION_AND_VARIANT | high << 64 | low)


if sys.version_info >= (3, 14):
    from uuid import uuid7 as _generate_in_python

    generate_uuid7: Callable[[], UUID] = _generate_in_python
else:
    generate_uuid7 = _generate
