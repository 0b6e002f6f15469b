"""Descriptors, and how to write to them without waiting."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from asgi_stack.logging import sink_descriptors
from asgi_stack.logging.sink_descriptors import Channel, may_stall, nonblocking_channel, wait_until_writable

FILLINGS = 20
STALLING = ["pipe", "socket", "terminal"]


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Open a descriptor to write to, and one that reads what it takes."""
    with ExitStack() as stack:
        if kind == "socket":
            writing, reading = (stack.enter_context(each) for each in socket.socketpair())
            yield writing.fileno(), reading.fileno()
            return
        if kind == "pipe":
            reader, writer = os.pipe()
        elif kind == "terminal":
            reader, writer = os.openpty()
        else:
            path = Path(os.devnull) if kind == "null" else folder / "log"
            writer = os.open(path, os.O_WRONLY | os.O_CREAT)
            reader = os.open(path, os.O_RDONLY)
        stack.callback(os.close, reader)
        stack.callback(os.close, writer)
        yield writer, reader


def filled(channel: Channel) -> int:
    """Write until nothing is taken any more, and give the number of bytes."""
    total = 0
    # A terminal moves what it took from one buffer to another a little later, and has room again.
    for _ in range(FILLINGS):
        with suppress(BlockingIOError):
            while True:
                total += channel.write_some(b"x" * 1000)
        if not wait_until_writable(channel.descriptor, 0.05):
            break
    return total


@pytest.mark.parametrize(("kind", "expected"), [*((kind, True) for kind in STALLING), ("file", False), ("null", False)])
def test_what_must_be_read_may_stall(kind: str, *, expected: bool, tmp_path: Path) -> None:
    """Pipes, sockets and terminals have a reader who may stop; files and the null device have none."""
    with opened(kind, tmp_path) as (writer, _):
        stalls = may_stall(writer)

    assert stalls is expected


class TestNonblockingChannel:
    """Writes that never wait."""

    @pytest.mark.parametrize("kind", STALLING)
    def test_full_descriptor_refuses(self, kind: str, tmp_path: Path) -> None:
        """What the other end does not take is refused, not waited for, and goes on once it reads."""
        with opened(kind, tmp_path) as (writer, reader):
            channel = nonblocking_channel(writer)
            assert channel is not None

            total = filled(channel)
            was_writable = wait_until_writable(channel.descriptor, 0)
            taken = len(os.read(reader, total))

            assert total > 1000
            assert not was_writable
            assert wait_until_writable(channel.descriptor, 1) or taken < 4096

    @pytest.mark.parametrize("kind", STALLING)
    def test_descriptor_itself_is_left_alone(self, kind: str, tmp_path: Path) -> None:
        """The open file that other processes share still waits, and is open when the channel is gone."""
        with opened(kind, tmp_path) as (writer, reader):
            channel = nonblocking_channel(writer)
            waits = os.get_blocking(writer)
            del channel
            gc.collect()

            assert waits
            assert os.write(writer, b"x") == 1
            assert os.read(reader, 10) == b"x"

    def test_what_was_opened_is_closed_again(self) -> None:
        """A channel that nobody uses any more keeps no pipe open."""
        reader, writer = os.pipe()
        channel = nonblocking_channel(writer)
        os.close(writer)

        del channel
        gc.collect()

        assert os.read(reader, 1) == b""
        os.close(reader)

    def test_named_pipe_without_a_reader_has_none(self, tmp_path: Path) -> None:
        """Such a pipe cannot be opened without waiting for a reader."""
        path = tmp_path / "fifo"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(path, os.O_WRONLY)
        os.close(reader)

        channel = nonblocking_channel(writer)
        os.close(writer)

        assert channel is None

    def test_duplicate_is_no_way_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where opening again gives a duplicate, as on macOS, there is no channel, and nothing stays open."""
        reader, writer = os.pipe()
        made: list[int] = []

        def duplicate(path: str, flags: int) -> int:
            made.append(os.dup(writer))
            return made[-1]

        with monkeypatch.context() as patch:
            patch.setattr(os, "open", duplicate)
            channel = nonblocking_channel(writer)
        os.close(writer)

        assert channel is None
        assert made
        assert os.read(reader, 1) == b""
        os.close(reader)

    def test_default_timeout_of_sockets_is_respected(self, tmp_path: Path) -> None:
        """Python would change the shared socket, so there is no channel."""
        socket.setdefaulttimeout(5)
        try:
            with opened("socket", tmp_path) as (writer, _):
                channel = nonblocking_channel(writer)
        finally:
            socket.setdefaulttimeout(None)

        assert channel is None

    def test_system_without_such_folders_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a folder of the process's descriptors a pipe cannot be opened again."""
        monkeypatch.setattr(sink_descriptors, "_FOLDERS", ("/no/such/folder",))
        reader, writer = os.pipe()

        channel = nonblocking_channel(writer)
        os.close(reader)
        os.close(writer)

        assert channel is None
