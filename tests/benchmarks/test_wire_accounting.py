"""The processor time of a process, read from files like the kernel's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.wire_accounting import Activity, activity

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the length of a clock tick is POSIX's to say")

TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK") if sys.platform != "win32" else 0


def write_thread(
    proc: Path, thread: int, *, state: str = "S", ticks: tuple[int, int] = (0, 0), booked: str = ""
) -> None:
    """Write the files of a thread of process 7, whose name looks like the end of another."""
    folder = proc / "7" / "task" / str(thread)
    folder.mkdir(parents=True)
    user, system = ticks
    (folder / "stat").write_text(
        f"{thread} (a) R (b) {state} 1 7 7 0 -1 4194304 2 0 0 0 {user} {system} 0 0 20 0 1 0\n"
    )
    if booked:
        (folder / "schedstat").write_text(booked)


def test_adds_up_the_nanoseconds_of_all_threads(tmp_path: Path) -> None:
    """Where the kernel counts nanoseconds, clock ticks do not matter; time in the queue is not processor time."""
    write_thread(tmp_path, 7, ticks=(5, 5), booked="1500 20 3\n")
    write_thread(tmp_path, 8, booked="700 1 1\n")

    assert activity(7, tmp_path) == Activity(cpu_ns=2200, queued_ns=21, at_work=False)


@pytest.mark.parametrize("booked", ["", "0 0 0\n"], ids=["no-file", "file-of-zeros"])
def test_falls_back_to_clock_ticks(tmp_path: Path, booked: str) -> None:
    """Where the kernel counts no nanoseconds, time in user and in system mode is added up."""
    write_thread(tmp_path, 7, ticks=(30, 12), booked=booked)
    write_thread(tmp_path, 8, ticks=(1, 0), booked=booked)

    assert activity(7, tmp_path).cpu_ns == 43 * TICK_NS


@pytest.mark.parametrize(("state", "expected"), [("R", True), ("D", True), ("S", False), ("Z", False)])
def test_sees_who_is_at_work(tmp_path: Path, state: str, expected: bool) -> None:
    """One thread that runs, or waits for a processor or a disk, is enough."""
    write_thread(tmp_path, 7)
    write_thread(tmp_path, 8, state=state)

    assert activity(7, tmp_path).at_work is expected


def test_raises_where_there_is_no_process(tmp_path: Path) -> None:
    """A process that is gone has no time at all."""
    with pytest.raises(OSError, match="7"):
        activity(7, tmp_path)
