"""What a descriptor is, and how to write to it without waiting for whoever reads at the other end."""

from __future__ import annotations

import os
import select
import socket
import stat
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeAlias

__all__ = ["Channel", "WriteSome", "may_stall", "nonblocking_channel", "wait_until_writable"]

WriteSome: TypeAlias = Callable[[bytes], int]
"""Takes bytes, and says how many of them were written."""

_FOLDERS: Final = ("/proc/self/fd", "/dev/fd")
_MSG_DONTWAIT: Final[int | None] = getattr(socket, "MSG_DONTWAIT", None)


class Channel:
    """A way to a descriptor on which no write waits.

    Attributes:
        write_some: Writes what fits, and raises BlockingIOError where nothing does.
        descriptor: What to poll.
    """

    def __init__(self, write_some: WriteSome, descriptor: int) -> None:
        self.write_some = write_some
        self.descriptor = descriptor


class _BorrowedSocket(socket.socket):
    """A socket whose descriptor belongs to somebody else: it is never closed here, nor missed."""

    def __del__(self) -> None:
        self.detach()


def may_stall(descriptor: int) -> bool:
    """Tell whether somebody must read what is written, as with pipes, sockets and terminals."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)


def nonblocking_channel(descriptor: int) -> Channel | None:
    """Make a way to a descriptor on which no write waits, or give None where there is none.

    O_NONBLOCK is never set on the descriptor itself: the flag belongs to the open file, which other processes share.
    A pipe or terminal is opened once more, a socket is told call by call.
    """
    with suppress(OSError):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return _socket_channel(descriptor)
    for folder in _FOLDERS:
        with suppress(OSError):
            return _reopened(f"{folder}/{descriptor}")
    return None


def wait_until_writable(descriptor: int, timeout_s: float) -> bool:
    """Wait until a write of at least 512 bytes (POSIX's least PIPE_BUF) would not wait, or would fail at once."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(timeout_s * 1000))


def _socket_channel(descriptor: int) -> Channel | None:
    # With a default timeout Python would set O_NONBLOCK on the descriptor itself.
    if _MSG_DONTWAIT is None or socket.getdefaulttimeout() is not None:
        return None
    borrowed, flags = _BorrowedSocket(fileno=descriptor), _MSG_DONTWAIT
    return Channel(lambda data: borrowed.send(data, flags), descriptor)


def _reopened(path: str) -> Channel:
    flags = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    descriptor = os.open(path, flags)
    if os.get_blocking(descriptor):
        # macOS and the BSDs give a duplicate, which shares the flags of the first.
        os.close(descriptor)
        raise BlockingIOError(path)
    channel = Channel(partial(os.write, descriptor), descriptor)
    weakref.finalize(channel, os.close, descriptor).atexit = False
    return channel
