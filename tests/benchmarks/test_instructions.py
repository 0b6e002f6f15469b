"""Counts of instructions, with valgrind where it is installed and with a stand-in for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.committed import judge
from benchmarks.instructions import CountError, can_count, count_instructions, isolated_environment

needs_valgrind = pytest.mark.skipif(not can_count(), reason="skipped: valgrind is not installed")

_LAYERS = """
import sys
from functools import partial
from benchmarks.forked import run_in_children

def serve(run):
    _, stack, requests = run.split(":")
    for _ in range(int(requests)):
        sum(range(220 if stack == "slower" else 200))

run_in_children({run: partial(serve, run) for run in sys.argv[1:]}, sys.stdout)
"""

# It stands for valgrind: each run has a process number of its own, and a log of what it counted.
_VALGRIND = """#!{python}
import sys
from pathlib import Path
log = next(each for each in sys.argv if each.startswith("--log-file=")).partition("=")[2]
runs = [each for each in sys.argv if each.count(":") == 2]
for process, run in enumerate(runs):
    total = 1_000_000 + int(run.split(":")[2]) * len(run.split(":")[1])
    Path(log.replace("%p", str(process))).write_text(f"==7== {text}")
    print(process, run)
"""


@pytest.fixture
def layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the name of a module with two layers, of which the slower one does 8 % more."""
    (tmp_path / "two_layers.py").write_text(_LAYERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "two_layers"


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a program in valgrind's place that writes a text into each log."""
    program = folder / "valgrind"
    program.write_text(_VALGRIND.replace("{python}", sys.executable).replace("{text}", text))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@needs_valgrind
def test_slower_layer_is_caught(layers: str) -> None:
    """A layer that does 8 % more fails against the count of another, and one that does the same has the same count."""
    counts = count_instructions(["success:layer", "success:same", "success:slower"], module=layers)

    committed, same, slower = (round(count) for count in counts.values())
    assert judge(slower, committed, 0.03).has_failed
    assert abs(same / committed - 1) < 0.005


def test_what_both_runs_share_is_taken_off(layers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a short and a long run only the difference counts, divided by the requests that it is made of."""
    stand_in(tmp_path, monkeypatch, "I   refs:      {total:,}\\n")

    counts = count_instructions(["success:four", "stream:fifteen_letters"], module=layers)

    assert counts == {"success:four": 4, "stream:fifteen_letters": 15}


def test_log_without_a_count_is_an_error(layers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What valgrind says in place of a count is quoted."""
    stand_in(tmp_path, monkeypatch, "out of {total}\\n")

    with pytest.raises(CountError, match="did not tell what it counted:\n==7== out of"):
        count_instructions(["success:four"], module=layers)


def test_failing_program_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the program under valgrind says is in the error, before any time is spent on counting."""
    (tmp_path / "broken_layers.py").write_text("raise SystemExit('no such stack')")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(CountError, match="no such stack"):
        count_instructions(["success:four"], module="broken_layers")


def test_missing_valgrind_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without valgrind on the path nothing can be counted."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not can_count()


def test_child_is_told_nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable that configures the stack reaches what is counted."""
    monkeypatch.setenv("ASGI_STACK_LOG__LEVEL", "DEBUG")

    assert set(isolated_environment()) == {"PYTHONHASHSEED", "PYTHONPATH"}
