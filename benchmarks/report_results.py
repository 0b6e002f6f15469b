"""All that one run measured, as plain data that is written to a file and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.bytecodes import FunctionCost
from benchmarks.in_process import InProcess
from benchmarks.memory import Growth
from benchmarks.report_imports import Imports
from benchmarks.report_machine import Machine, Speed
from benchmarks.wire_figures import WireResults

__all__ = ["Instructions", "Results", "load_results", "save_results"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What valgrind counted.

    Attributes:
        valgrind: Its version.
        counts: `SCENARIO:STACK` to the instructions of a request, the bare app's included.
    """

    valgrind: str
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run; a part that was not measured is None.

    Attributes:
        date: Of the run, `2026-07-31`, UTC.
        is_quick: Whether the samples were too few and too short for figures that can be quoted.
        machine: Where it was measured.
        speed: How fast the machine was before and after the part in process.
        in_process: Every stack and scenario without a server.
        wire: Behind uvicorn, with the requests of the part in process.
        wire_host_alone: Behind uvicorn, with requests that have a Host header alone.
        instructions: Counted by valgrind.
        profile: Where a request of a scenario spends the interpreter's instructions, function by function.
        memory: What requests left behind.
        imports: Of the package.
    """

    date: str
    is_quick: bool
    machine: Machine
    speed: Speed | None = None
    in_process: InProcess | None = None
    wire: WireResults | None = None
    wire_host_alone: WireResults | None = None
    instructions: Instructions | None = None
    profile: Mapping[str, tuple[FunctionCost, ...]] | None = None
    memory: tuple[Growth, ...] | None = None
    imports: Imports | None = None


def save_results(results: Results, path: Path) -> None:
    """Write a run to a file, as JSON; a ratio to nothing is written as `Infinity`."""
    path.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")


def load_results(path: Path) -> Results:
    """Read a run.

    Raises:
        OSError: There is no such file.
        pydantic.ValidationError: It has not what this version of the module writes.
        ValueError: It is no JSON.
    """
    # Not pydantic's own reader, which takes no infinity.
    return TypeAdapter(Results).validate_python(json.loads(path.read_text(encoding="utf-8")))
