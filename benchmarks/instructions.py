"""Count the instructions of a request: the one measure of its cost that no neighbour on the machine can disturb.

valgrind's cachegrind counts what a process executes. A short run is subtracted from a longer one, so what both do once
cancels out. Two counts of the same code differ by 0.1 % at most, on a busy machine too.

A count depends on the build of Python and on the versions of what is installed, so only counts of one build with the
versions of benchmarks/constraints.txt can be compared closely.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

__all__ = ["CountError", "can_count", "count_instructions", "isolated_environment", "valgrind_version"]

_PASSES: Final = 2
_LENGTHS: Final = (200, 2_200)
_LENGTHS_OF: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    # One of these takes as long as many others.
    {"error": (50, 450), "stream": (10, 110)}
)
_total_in: Final = re.compile(r"I\s+refs:\s+([\d,]+)").search


class CountError(Exception):
    """The program under valgrind failed, or valgrind did not say what it counted; the message quotes their output."""


def can_count() -> bool:
    """Tell whether valgrind is installed."""
    return shutil.which("valgrind") is not None


def valgrind_version() -> str:
    """Give valgrind's version as it says it, `valgrind-3.19.0`."""
    return _run(["valgrind", "--version"]).strip()


def isolated_environment() -> dict[str, str]:
    """Give the environment for a child that imports what this process would, and is told nothing else.

    The order of sets is the same in each of them, and no variable of the machine configures the stack.
    """
    return {"PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)}


def count_instructions(points: Sequence[str], *, module: str = "benchmarks.count") -> dict[str, float]:
    """Give the instructions of one request for each point, the lower of two counts.

    Args:
        points: `SCENARIO:STACK`, as `benchmarks.count` knows them.
        module: What serves the runs, in the way `benchmarks.count` does.

    Raises:
        CountError: A run failed.
    """
    runs = [f"{point}:{length}" for point in points for length in _lengths(point)]
    # Once without valgrind: modules are compiled and stored now, and what is wrong says so at once.
    _run([sys.executable, "-P", "-m", module, *(f"{point}:1" for point in points)])
    command = [*_same_addresses(), "valgrind", "--tool=cachegrind", "--cache-sim=no"]
    program = [sys.executable, "-P", "-m", module, *runs]
    with ThreadPoolExecutor(_PASSES) as executor:
        passes = list(executor.map(lambda _: _count(command, program), range(_PASSES)))
    return {point: min(_per_request(point, totals) for totals in passes) for point in points}


def _lengths(point: str) -> tuple[int, int]:
    return _LENGTHS_OF.get(point.partition(":")[0], _LENGTHS)


def _per_request(point: str, totals: Mapping[str, int]) -> float:
    short, long = _lengths(point)
    return (totals[f"{point}:{long}"] - totals[f"{point}:{short}"]) / (long - short)


def _same_addresses() -> list[str]:
    """Give the command that switches off random addresses, by which Python orders sets; containers may forbid it."""
    command = ["setarch", "-R"]
    try:
        _run([*command, sys.executable, "-c", ""])
    except CountError:
        return []
    return command


def _count(command: Sequence[str], program: Sequence[str]) -> dict[str, int]:
    with TemporaryDirectory(prefix="count-") as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        # Each process writes a log of its own, named by its id.
        options = ["--cachegrind-out-file=/dev/null", f"--log-file={folder}/logs/%p"]
        told = _run([*command, *options, *program], {"PYTHONPATH": _linked_in(folder)})
        runs = (line.partition(" ") for line in told.splitlines())
        return {run: _total((folder / "logs" / process).read_text()) for process, _, run in runs}


def _linked_in(folder: Path) -> str:
    """Give what modules are imported from, under paths of the same length wherever the checkout is.

    The text of a traceback has the paths of its files in it: a checkout in another place costs up to 1 % more.
    """
    entries = [Path(entry).resolve() for entry in sys.path if Path(entry).is_dir()]
    for number, entry in enumerate(entries):
        (folder / f"path-{number:03}").symlink_to(entry)
    return os.pathsep.join(str(path) for path in sorted(folder.glob("path-*")))


def _total(log: str) -> int:
    found = _total_in(log)
    if found is None:
        raise CountError(f"valgrind did not tell what it counted:\n{log}")
    return int(found[1].replace(",", ""))


def _run(command: Sequence[str], more: Mapping[str, str] = MappingProxyType({})) -> str:
    environment = {**isolated_environment(), "PATH": os.environ.get("PATH", os.defpath), **more}
    try:
        done = subprocess.run(  # noqa: S603 - valgrind, and modules of our own
            command, env=environment, capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise CountError(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        raise CountError(f"{' '.join(command[:6])} ... failed:\n{error.stdout}{error.stderr}") from error
    return done.stdout
