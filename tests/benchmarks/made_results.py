"""Results of a run that never was, with round figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from benchmarks.apps import SCENARIOS
from benchmarks.bytecodes import FunctionCost
from benchmarks.in_process import PLAN, InProcess, LayersResult, ScenarioResult, StackResult
from benchmarks.layers import KINDS
from benchmarks.load import Load
from benchmarks.memory import Growth
from benchmarks.report_imports import Imports
from benchmarks.report_machine import BUDGET_UUID4_US, Machine, Speed
from benchmarks.report_measure import WIRE_HOST_ALONE
from benchmarks.report_results import Instructions, Results
from benchmarks.rounds import Estimate
from benchmarks.stacks import STACKS
from benchmarks.wire import WIRE_STACKS
from benchmarks.wire_figures import WireResults, WireRound, figures_of, round_of

__all__ = ["empty", "exactly", "full", "in_process", "wire"]

ADDED_US: Final[Mapping[str, float]] = {
    "bare": 0,
    "ours": 10,
    "ours_without_log": 5,
    "peers": 30,
    "peers_tuned": 25,
    "peers_as_they_are": 20,
    "secure": 40,
    "basehttp_fast": 500,
}
CPU_US: Final[Mapping[str, float]] = {"bare": 20, "ours": 50, "access_log": 60, "peers": 80}


def exactly(value: float) -> Estimate:
    """Make an estimate without any doubt."""
    return Estimate(value, value, value)


def empty(*, is_quick: bool = False) -> Results:
    """Make a run of no part."""
    machine = Machine(
        processor="Model 1", cores=2, kernel="Linux 6", python="CPython", python_version="3.11.7", versions={"b": "2"}
    )
    return Results(date="2026-07-31", is_quick=is_quick, machine=machine)


def full(*, error_us: float = 40) -> Results:
    """Make a run of all parts on a machine half as fast as that of the budget; `error_us` is what ours adds then."""
    return Results(
        date="2026-07-31",
        is_quick=False,
        machine=empty().machine,
        speed=Speed(uuid4_us=exactly(2 * BUDGET_UUID4_US), bare_us=exactly(1.6), bare_call_us=exactly(1)),
        in_process=in_process(error_us),
        wire=wire(WIRE_STACKS, 10),
        wire_host_alone=wire(WIRE_HOST_ALONE, 1),
        instructions=Instructions(
            valgrind="valgrind-3.19.0",
            counts={"success:bare": 10_000, "success:ours": 90_000, "success:peers": 210_000},
        ),
        profile={"success": (FunctionCost("context: make", 30, 2), FunctionCost("exchange: send", 12.5, 1))},
        memory=(Growth("success", 10_000, blocks=3, cyclic=0), Growth("failures", 50_000, blocks=99, resident_kib=1)),
        imports=Imports(
            interpreters=3,
            alone_s=Estimate(0.35, 0.29, 0.36),
            everything_s=exactly(0.5),
            process_s=exactly(0.45),
            python_s=exactly(0.02),
        ),
    )


def in_process(error_us: float) -> InProcess:
    """Make the part in process."""
    scenarios = {
        name: ScenarioResult(
            name,
            SCENARIOS[name].title,
            SCENARIOS[name].chunks,
            {stack: _stack(name, stack, error_us) for stack in stacks},
        )
        for name, stacks in PLAN.items()
    }
    layers = {
        name: LayersResult(name, kind.title, {str(count): exactly(count) for count in kind.counts})
        for name, kind in KINDS.items()
    }
    differences = {"peers": ("error line: without fingerprint",), "secure": ("error line: without fingerprint",)}
    return InProcess(61, scenarios, layers, differences)


def wire(names: tuple[str, ...], request_headers: int, *, occupied: float = 0.97) -> WireResults:
    """Make a part behind uvicorn; a server of the bare app has requests for the given part of the time."""
    rounds = {name: [_round(CPU_US.get(name, 100), occupied if name == "bare" else 1.0)] * 6 for name in names}
    stacks = {
        name: figures_of(
            name=name,
            title=STACKS[name].title if name in STACKS else "the floor",
            response_bytes=300,
            lines_per_request=1,
            rounds=rounds[name],
            bare=rounds["bare"],
        )
        for name in names
    }
    return WireResults(stacks=stacks, seconds=0.7, connections=64, request_headers=request_headers, cores=(0, 1))


def _round(cpu_us: float, occupied: float) -> WireRound:
    cpu_s = 10 * cpu_us / 1e6
    elapsed_s = cpu_s / 0.8
    load = Load(latencies_us=[100.0] * 10, elapsed_s=elapsed_s, client_cpu_ns=1_000)
    return round_of(load, round(cpu_s * 1e9), round((occupied - 0.8) * elapsed_s * 1e9))


def _stack(scenario: str, name: str, error_us: float) -> StackResult:
    more = {"error": error_us, "error_without_text": error_us, "query": 0.6, "response_headers": 8, "stream": 300}
    extra = more.get(scenario, 0) if name != "bare" else 0
    ours = ADDED_US["ours"] + more.get(scenario, 0)
    added = ADDED_US.get(name, 100) + extra
    return StackResult(
        name=name,
        title=STACKS[name].title,
        us=exactly(1.5 + added),
        added_us=exactly(added),
        times_ours=Estimate(added / ours, added / ours * 0.9, added / ours * 1.1),
        more_than_success_us=exactly(extra),
        requests=100,
    )
