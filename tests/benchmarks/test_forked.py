"""Pieces of work in child processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, sys
from benchmarks.forked import run_in_children

def note(name):
    open(os.path.join(sys.argv[1], name), "w").write(str(os.getpid()))

def fail():
    raise LookupError("nothing there")

works = {"one": lambda: note("one"), "two": lambda: note("two")}
run_in_children(works | ({"three": fail} if len(sys.argv) > 2 else {}), sys.stdout)
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program by itself: a process of pytest's has threads, which do not go with fork."""
    command = [sys.executable, "-c", _PROGRAM, *map(str, arguments)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_each_work_runs_in_the_process_that_is_told(tmp_path: Path) -> None:
    """Every work has a process of its own, whose id stands before its name."""
    done = run(tmp_path)

    told = {name: process for process, name in (line.split(" ") for line in done.stdout.splitlines())}
    assert told == {name: (tmp_path / name).read_text() for name in ("one", "two")}
    assert told["one"] != told["two"]


def test_failed_work_ends_the_run(tmp_path: Path) -> None:
    """A work that raises shows its traceback, and the run fails by its name."""
    done = run(tmp_path, "fail")

    assert done.returncode == 1
    assert "LookupError: nothing there" in done.stderr
    assert "ChildProcessError: three: failed with exit code 1" in done.stderr
