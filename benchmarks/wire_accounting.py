"""The processor time of another process, as the kernel accounts for it; Linux only.

Source: https://docs.kernel.org/scheduler/sched-stats.html, proc_pid_stat(5).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Activity", "activity"]

_AT_WORK: Final = frozenset("RD")
_STATE, _USER_TICKS, _SYSTEM_TICKS = 0, 11, 12
_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Activity:
    """A look at a process.

    Attributes:
        cpu_ns: Processor time of all its threads so far: what they took before their last pause.
        queued_ns: How long they waited for a processor that others used; 0 where the kernel does not tell.
        at_work: Whether one of them runs, waits for a processor, or for a disk.
    """

    cpu_ns: int
    queued_ns: int
    at_work: bool


def activity(pid: int, proc: Path = _PROC) -> Activity:
    """Look at a process.

    Args:
        pid: The process.
        proc: Where the kernel's files are.

    Raises:
        OSError: It is gone, or was never there, or one of its threads ended while this looked.
    """
    threads = list((proc / str(pid) / "task").iterdir())
    # What comes after the name, which may have any character in it.
    stats = [(thread / "stat").read_text().rpartition(")")[2].split() for thread in threads]
    at_work = any(stat[_STATE] in _AT_WORK for stat in stats)
    booked = [_booked(thread) for thread in threads]
    cpu_ns = sum(cpu for cpu, _ in booked)
    if not cpu_ns:
        ticks = sum(int(stat[_USER_TICKS]) + int(stat[_SYSTEM_TICKS]) for stat in stats)
        cpu_ns = ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return Activity(cpu_ns, sum(queued for _, queued in booked), at_work)


def _booked(thread: Path) -> tuple[int, int]:
    """Give the nanoseconds on a processor and those in its queue; 0 where the kernel only counts ticks of some ms."""
    file = thread / "schedstat"
    cpu, queued = file.read_text().split()[:2] if file.exists() else (0, 0)
    return int(cpu), int(queued)
