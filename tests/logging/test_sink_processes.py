"""Whole processes: an event loop whose reader stops, forks, and two workers on one pipe."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from asgi_stack.logging.sink_stalling import ATOMIC_BYTES
from tests.logging.pipes import program, result

STALL_S = 3.0
LATE_S = 0.1
ATTEMPTS = 6

HEARTBEAT = """
import asyncio, json, sys, time
from asgi_stack import configure_structlog, get_logger
from asgi_stack.logging.configuration import active_configuration
from asgi_stack.settings import LogSettings

configure_structlog(LogSettings(format="json"))
log = get_logger("load")
lines_at_once, length = int(sys.argv[1]), int(sys.argv[2])

async def beat():
    late_s, stop = 0.0, time.monotonic() + float(sys.argv[3])
    while time.monotonic() < stop:
        due = time.monotonic() + 0.01
        await asyncio.sleep(0.01)
        late_s = max(late_s, time.monotonic() - due)
    return late_s

async def main():
    produced, heart = 0, asyncio.create_task(beat())
    while not heart.done():
        for _ in range(lines_at_once):
            log.info("line", number=produced, text="x" * length)
            produced += 1
        await asyncio.sleep(0.01)
    return {"produced": produced, "dropped": active_configuration().sink.dropped, "late_s": heart.result()}

print(json.dumps(asyncio.run(main())), file=sys.stderr)
"""

WORKERS = """
import os, sys
from asgi_stack.logging.sink import open_sink
letter = b"A"
if os.fork() == 0:
    letter = b"B"
sink = open_sink()
for _ in range(2000):
    sink.write(letter * int(sys.argv[1]))
if letter == b"A":
    os.wait()
"""

FORK = """
import os, sys
from asgi_stack.logging.sink import open_sink
sink = open_sink()
for number in range(100):
    sink.write(b"parent %d " % number + b"x" * 3000)
child = os.fork()
who = b"parent" if child else b"child"
for number in range(100, 200):
    sink.write(b"%s %d " % (who, number) + b"x" * 3000)
if child:
    os.waitpid(child, 0)
print(sink.dropped, file=sys.stderr)
"""


CHILD_OF_MULTIPROCESSING = """
import multiprocessing, sys
from asgi_stack import configure_structlog, get_logger
from asgi_stack.settings import LogSettings

def work():
    if "child" in sys.argv:
        configure_structlog(LogSettings(format="json"))
    for number in range(200):
        get_logger("a").info("line", number=number, pad="x" * 900)

if __name__ == "__main__":
    if "parent" in sys.argv:
        configure_structlog(LogSettings(format="json"))
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work)
    process.start()
    process.join()
"""


class TestStalledReader:
    """Three seconds in which nobody reads standard output."""

    @pytest.mark.parametrize(
        ("lines_at_once", "length", "drops"),
        [(10, 200, False), (20, 9_000, True)],
        ids=["short-lines", "more-than-has-room"],
    )
    def test_event_loop_goes_on(self, lines_at_once: int, length: int, *, drops: bool) -> None:
        """The loop is never 100 ms late, and lines written and lines dropped are the lines that were logged."""
        # Another process may have the processor for that long: only what is late every time is late by itself.
        for _ in range(ATTEMPTS):
            with program(HEARTBEAT, lines_at_once, length, STALL_S + 1) as process:
                time.sleep(STALL_S)
                out, err = result(process)
            told = json.loads(err.splitlines()[-1])
            if told["late_s"] <= LATE_S:
                break

        lines = [json.loads(line) for line in out]
        numbers = [line["number"] for line in lines if line["event"] == "line"]
        notices = [line for line in lines if line["event"] == "log_lines_dropped"]
        assert told["late_s"] <= LATE_S
        assert len(numbers) + told["dropped"] == told["produced"]
        assert numbers == sorted(set(numbers))
        assert (told["dropped"] > 0) == drops
        assert sum(notice["dropped"] for notice in notices) == told["dropped"]
        assert {(notice["level"], notice["logger"]) for notice in notices} <= {("warning", "asgi_stack.logging")}


class TestForkedProcesses:
    """Several processes and one pipe."""

    @pytest.mark.parametrize("length", [100, ATOMIC_BYTES - 1], ids=["short", "longest"])
    def test_lines_of_two_workers_never_mix(self, length: int) -> None:
        """Up to PIPE_BUF bytes with the newline, a line is whole though another process writes to the full pipe."""
        with program(WORKERS, length) as process:
            time.sleep(0.3)
            lines, err = result(process)

        assert sorted(lines) == [b"A" * length] * 2000 + [b"B" * length] * 2000
        assert err == b""

    def test_fork_leaves_what_waits_to_the_parent(self) -> None:
        """Lines that waited at the fork are written once; the child has a thread and a counter of its own."""
        with program(FORK) as process:
            time.sleep(0.5)
            lines, err = result(process)

        begins = [b" ".join(line.split()[:2]) for line in lines]
        assert [name for name in begins if name.startswith(b"parent")] == [b"parent %d" % n for n in range(200)]
        assert [name for name in begins if name.startswith(b"child")] == [b"child %d" % n for n in range(100, 200)]
        assert [line for line in err.splitlines() if b"Deprecat" not in line and b"fork" not in line] == [b"0", b"0"]

    @pytest.mark.parametrize(
        ("method", "configures"),
        [("fork", "parent"), ("fork", "child"), ("forkserver", "child"), ("spawn", "child")],
    )
    def test_child_of_multiprocessing_writes_all_before_it_ends(
        self, tmp_path: Path, method: str, configures: str
    ) -> None:
        """A worker process whose reader is slow loses no line at its end, though nothing of atexit may run there."""
        script = tmp_path / "script.py"
        script.write_text(CHILD_OF_MULTIPROCESSING)
        code = f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"
        with program(code, method, configures) as process:
            time.sleep(1.0)
            lines, _ = result(process)

        assert [json.loads(line)["number"] for line in lines] == list(range(200))
