"""Sinks for what may stall, such as a pipe whose reader has stopped: lines wait in memory, the caller never does."""

from __future__ import annotations

import os
import select
import time
from abc import abstractmethod
from functools import partial
from threading import Condition, Thread
from typing import Final

from asgi_stack.logging.sink_descriptors import Channel, WriteSome, wait_until_writable
from asgi_stack.logging.sink_plain import Notice, Sink, say
from asgi_stack.logging.sink_queue import LineQueue

__all__ = ["NonblockingSink", "StallingSink", "ThreadedSink"]

ATOMIC_BYTES: Final[int] = getattr(select, "PIPE_BUF", 512)
"""What a pipe takes whole or not at all, as POSIX has it; a socket or terminal as a rule does."""

LINES_AT_ONCE: Final = 64
"""How many waiting lines one call writes at most: 0.1 ms."""

POLL_S: Final = 1.0
RETRY_S: Final = 0.01
"""For a descriptor that says it is writable and then takes nothing."""

LINGER_S: Final = 5.0
"""How long the thread waits for more: starting one takes 0.1 ms of a request."""


class StallingSink(Sink):
    """Lines that could not be written at once, in order, and the thread that writes them.

    `_lock` guards all of it. Lines written, lines waiting and lines dropped are together the lines that came in.
    """

    def __init__(self, write_some: WriteSome, descriptor: int, notice: Notice | None) -> None:
        super().__init__(notice)
        self._write_some = write_some
        self._descriptor = descriptor

    def renew(self) -> None:
        """Begin anew in a forked process: what waits is the parent's to write, and its threads are not here."""
        super().renew()
        self._changed = Condition(self._lock)
        self._queue = LineQueue()
        self._thread: Thread | None = None
        self._wait_until = 0.0
        self._told_to_wait = 0
        self._telling = 0
        self._is_clear = True
        self._is_writing = False

    def flush(self, timeout_s: float) -> bool:
        """Wait until all lines are written, and tell whether they are.

        Lines that come later, but within this time, are waited for as well.
        """
        with self._lock:
            self._wait_until = time.monotonic() + timeout_s
            self._wait()
            self.has_given_up = bool(self._queue)
            if self._queue and len(self._queue) != self._told_to_wait:
                self._told_to_wait = len(self._queue)
                say(f"{len(self._queue)} log line(s) not written yet: their reader has stopped")
            self._say_what_is_untold()
            return not self._queue

    def _lose(self, error: Exception) -> None:
        self._is_clear = False
        super()._lose(error)

    def _put(self, line: bytes) -> None:
        if not self._queue.put(line):
            self._lose(BlockingIOError())

    def _leave_to_thread(self) -> None:
        if self._thread_runs():
            self._changed.notify_all()
        if self._wait_until:
            self._wait()

    def _wait(self) -> None:
        while self._queue:
            left_s = self._wait_until - time.monotonic()
            if left_s <= 0:
                break
            if self._thread_runs():
                self._changed.wait(left_s)
            else:
                self._write_waiting(left_s)

    def _thread_runs(self) -> bool:
        """Start the thread unless it is there, and tell whether it is; a process that ends can start none."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="asgi_stack log writer", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                self._thread = None
        return self._thread is not None

    def _run(self) -> None:
        while self._has_work():
            self._write_waiting(POLL_S)

    def _has_work(self) -> bool:
        with self._lock:
            if not self._changed.wait_for(lambda: self._queue, LINGER_S):
                self._thread = None
            return bool(self._queue)

    @abstractmethod
    def _write_waiting(self, timeout_s: float) -> None:
        """Write some of what waits, once that is possible."""

    def _note_written(self, count: int) -> None:
        """Account for bytes of the first line."""
        self.has_given_up = False
        if self._queue.take(count):
            self._told_in_log += self._telling
            self._telling = 0
            if not self._queue and self._untold:
                self._queue.put(self._notice_line())
                self._telling, self._untold = self._untold, 0
        self._note_progress()

    def _note_failure(self, error: Exception) -> None:
        """Give the first line up; the notice is no line that anybody wrote, and will be made again."""
        self._queue.remove_first()
        if self._telling:
            self._untold, self._telling = self._untold + self._telling, 0
        else:
            self._lose(error)
        self._note_progress()

    def _note_progress(self) -> None:
        if not self._queue:
            self._is_clear = not self._untold
            self._changed.notify_all()


class NonblockingSink(StallingSink):
    """Write whole lines at once while the other end takes them; what it does not take waits."""

    def __init__(self, channel: Channel, notice: Notice | None = None) -> None:
        super().__init__(channel.write_some, channel.descriptor, notice)
        self._channel = channel

    def write(self, line: bytes) -> None:
        """Write one line, given without its newline; neither raises nor waits."""
        line += b"\n"
        # Without the lock, which would cost 0.3 us: a line of this length is taken whole or not at all.
        if self._is_clear and len(line) <= ATOMIC_BYTES:
            try:
                written = self._write_some(line)
                if written == len(line):
                    return
                line = line[written:]
            except BlockingIOError:
                pass
            except OSError as error:
                self._lose(error)
                return
        with self._lock:
            self._is_clear = False
            self._put(line)
            self._write_now()
            if self._queue:
                self._leave_to_thread()

    def _write_now(self) -> bool:
        """Write waiting lines while that does not wait, and tell whether anything was done."""
        if self._is_writing:
            # A signal handler or a finalizer logs in the middle of this: its line comes in its turn.
            return False
        self._is_writing = True
        try:
            return self._write_until_refused()
        finally:
            self._is_writing = False

    def _write_until_refused(self) -> bool:
        for done in range(LINES_AT_ONCE):
            if not self._queue:
                break
            try:
                self._note_written(self._write_some(self._queue.first))
            except BlockingIOError:
                return done > 0
            except OSError as error:
                self._note_failure(error)
        return True

    def _write_waiting(self, timeout_s: float) -> None:
        wait_until_writable(self._descriptor, timeout_s)
        with self._lock:
            is_done = self._write_now()
        if not is_done:
            time.sleep(min(RETRY_S, timeout_s))


class ThreadedSink(StallingSink):
    """Write all lines in the thread, where a descriptor cannot be written to without waiting."""

    def __init__(self, descriptor: int, notice: Notice | None = None) -> None:
        super().__init__(partial(os.write, descriptor), descriptor, notice)

    def write(self, line: bytes) -> None:
        """Write one line, given without its newline; neither raises nor waits."""
        with self._lock:
            self._put(line + b"\n")
            self._leave_to_thread()

    def _write_waiting(self, timeout_s: float) -> None:
        # The caller is the thread, which may wait in the write as well, or the end of a process that has no threads.
        if not wait_until_writable(self._descriptor, timeout_s):
            return
        with self._lock:
            line = self._queue.first
        try:
            count = self._write_some(line)
        except BlockingIOError:
            # Another process has set O_NONBLOCK on the open file that it shares with this one.
            time.sleep(RETRY_S)
            return
        except OSError as error:
            with self._lock:
                self._note_failure(error)
            return
        with self._lock:
            self._note_written(count)
