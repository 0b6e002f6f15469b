"""Where log lines go: standard output, or a stream, without a request ever waiting for whoever reads them."""

from __future__ import annotations

import atexit
import os
import sys
import time
from functools import partial
from typing import Final, TextIO
from weakref import WeakSet, WeakValueDictionary

from asgi_stack.logging.sink_children import flush_at_end_of_child, flush_at_end_of_forked_child
from asgi_stack.logging.sink_descriptors import may_stall, nonblocking_channel
from asgi_stack.logging.sink_plain import LineStream, Notice, PlainSink, Sink, stream_writer, text_writer
from asgi_stack.logging.sink_stalling import NonblockingSink, StallingSink, ThreadedSink

__all__ = ["FLUSH_S", "LineStream", "Sink", "flush_logs", "open_sink"]

FLUSH_S: Final = 2.0
"""How long the end of a process waits for a reader that has stopped."""

_stalling: Final[WeakValueDictionary[tuple[int, int, int], StallingSink]] = WeakValueDictionary()
"""One sink for each pipe, socket or terminal, however often logging is configured: two would mix their lines."""

_open: Final[WeakSet[Sink]] = WeakSet()
"""All sinks: those that cannot stall have nothing to write at the end, but may have a loss to tell of."""


def open_sink(stream: LineStream | None = None, *, notice: Notice | None = None) -> Sink:
    """Make the sink for standard output, or for a binary stream.

    Args:
        stream: None for standard output. The buffers of standard output and standard error never stall a caller
            either; a write to any other stream takes as long as it takes.
        notice: Renders the warning that lines were dropped.

    A line goes out with one `write(2)`, so it is there when the process dies, and on a pipe lines up to PIPE_BUF
    (4,096 bytes on Linux) of several workers never mix.
    """
    sink = _sink_for(stream, notice)
    _open.add(sink)
    flush_at_end_of_child(_flush_in_the_end)
    return sink


def _sink_for(stream: LineStream | None, notice: Notice | None) -> Sink:
    standard = _standard_stream(stream)
    if standard is None:
        return PlainSink(len if stream is None else stream_writer(stream), notice)
    try:
        descriptor: int = standard.fileno()
    except Exception:  # noqa: BLE001 - it was replaced by an object of somebody's own, as test runners do
        buffer = stream or getattr(standard, "buffer", None)
        return PlainSink(text_writer(standard) if buffer is None else stream_writer(buffer), notice)
    return _descriptor_sink(descriptor, notice)


def flush_logs(timeout_s: float = FLUSH_S) -> bool:
    """Wait until all lines that wait are written, and tell whether they are.

    Args:
        timeout_s: The longest wait. Lines that come later, but within this time, are waited for as well:
            the server's last words do. So call it where the process ends: until then, a call that logs may wait too.

    Lines wait only where the reader of standard output has stopped, or is slower than the service. How many still wait,
    and how many are lost without the log telling of it, is said on standard error. It is called at exit, and by
    `LifespanMiddleware` at shutdown: uvicorn ends by the signal it got, and nothing runs at exit then.
    """
    deadline = time.monotonic() + timeout_s
    written = [sink.flush(max(0.0, deadline - time.monotonic())) for sink in list(_open)]
    return all(written)


def _flush_in_the_end() -> None:
    """Flush once more, without waiting again for a reader that the shutdown has waited for in vain."""
    deadline = time.monotonic() + FLUSH_S
    for sink in list(_open):
        sink.flush(0 if sink.has_given_up else max(0.0, deadline - time.monotonic()))


def _standard_stream(stream: LineStream | None) -> TextIO | None:
    if stream is None:
        return sys.stdout
    return next((each for each in (sys.stdout, sys.stderr) if getattr(each, "buffer", None) is stream), None)


def _descriptor_sink(descriptor: int, notice: Notice | None) -> Sink:
    try:
        status = os.fstat(descriptor)
        if not may_stall(descriptor):
            return PlainSink(partial(os.write, descriptor), notice)
    except OSError:
        return PlainSink(partial(os.write, descriptor), notice)
    key = (descriptor, status.st_dev, status.st_ino)
    sink = _stalling.get(key)
    if sink is None:
        channel = nonblocking_channel(descriptor)
        sink = ThreadedSink(descriptor, notice) if channel is None else NonblockingSink(channel, notice)
        _stalling[key] = sink
    elif notice is not None:
        sink.notice = notice
    return sink


def _renew_all() -> None:
    for sink in list(_open):
        sink.renew()
    flush_at_end_of_forked_child(_flush_in_the_end)


atexit.register(_flush_in_the_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
