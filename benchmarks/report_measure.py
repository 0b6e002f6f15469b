"""Run everything, or parts of it, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from benchmarks.bytecodes import count_bytecodes
from benchmarks.gate import FIGURES, measure_memory
from benchmarks.in_process import run_in_process
from benchmarks.instructions import can_count, count_instructions, valgrind_version
from benchmarks.report_imports import measure_imports
from benchmarks.report_machine import Speed, measure_speed, this_machine
from benchmarks.report_results import Instructions, Results
from benchmarks.serve import ACCESS_LOG, FLOOR
from benchmarks.wire import WIRE_STACKS, measure_wire

__all__ = ["PARTS", "PROFILED", "WIRE_HOST_ALONE", "Part", "measure_all"]

Part: TypeAlias = Literal["import", "wire", "in_process", "instructions", "profile", "memory"]
"""What can be measured alone."""

PARTS: Final[tuple[Part, ...]] = get_args(Part)

WIRE_HOST_ALONE: Final = ("bare", FLOOR, "ours", "peers", "peers_tuned", ACCESS_LOG)
PROFILED: Final = ("success", "error_without_text")
_QUICK_POINTS: Final = ("success:bare", "success:ours", "success:peers")
_POINTS: Final = tuple(
    dict.fromkeys((*_QUICK_POINTS, *(point for figure in FIGURES for point in (figure.bare, figure.point) if point)))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Effort:
    """How much is done for the figures."""

    rounds: int
    sample_s: float
    wire_rounds: int
    wire_s: float
    interpreters: int
    points: tuple[str, ...]
    is_quick: bool = False


_FULL: Final = _Effort(rounds=61, sample_s=0.005, wire_rounds=12, wire_s=0.7, interpreters=21, points=_POINTS)
_QUICK: Final = _Effort(
    rounds=7, sample_s=0.001, wire_rounds=2, wire_s=0.2, interpreters=7, points=_QUICK_POINTS, is_quick=True
)


def measure_all(parts: Collection[Part] = PARTS, *, is_quick: bool = False) -> Results:
    """Measure, and say on standard error which part it is at.

    Args:
        parts: What to measure; instructions are left out where valgrind is not installed.
        is_quick: Make do with fewer and shorter samples, and leave out what takes long in any case.
    """
    effort = _QUICK if is_quick else _FULL
    results = Results(date=f"{datetime.now(UTC):%Y-%m-%d}", is_quick=is_quick, machine=this_machine())
    for part, measured in _MEASURED.items():
        if part in parts:
            print(f"measuring: {part}", file=sys.stderr, flush=True)
            results = measured(results, effort)
    return results


def _with_imports(results: Results, effort: _Effort) -> Results:
    return replace(results, imports=measure_imports(effort.interpreters))


def _with_wire(results: Results, effort: _Effort) -> Results:
    rounds, seconds = effort.wire_rounds, effort.wire_s
    return replace(
        results,
        wire=measure_wire(WIRE_STACKS, rounds, seconds),
        wire_host_alone=measure_wire(WIRE_HOST_ALONE, rounds, seconds, host_alone=True),
    )


def _with_in_process(results: Results, effort: _Effort) -> Results:
    before = measure_speed()
    in_process = run_in_process(rounds=effort.rounds, sample_s=effort.sample_s)
    return replace(results, speed=Speed.of(before, measure_speed()), in_process=in_process)


def _with_instructions(results: Results, effort: _Effort) -> Results:
    if not can_count():
        print("skipped: instructions, since valgrind is not installed", file=sys.stderr)
        return results
    counted = Instructions(valgrind=valgrind_version(), counts=count_instructions(effort.points))
    return replace(results, instructions=counted)


def _with_profile(results: Results, effort: _Effort) -> Results:
    del effort  # it is counted, and takes a moment
    return replace(results, profile={name: count_bytecodes(name) for name in PROFILED})


def _with_memory(results: Results, effort: _Effort) -> Results:
    if effort.is_quick:
        print("skipped: memory, which takes long in any case", file=sys.stderr)
        return results
    return replace(results, memory=tuple(measure_memory()))


_MEASURED: Final[Mapping[Part, Callable[[Results, _Effort], Results]]] = MappingProxyType(
    {
        "import": _with_imports,
        "wire": _with_wire,
        "in_process": _with_in_process,
        "instructions": _with_instructions,
        "profile": _with_profile,
        "memory": _with_memory,
    }
)
