"""Time every scenario through every stack in one process, without a server, sockets or waiting."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from asgi_stack.types import ASGIApp
from benchmarks.apps import SCENARIOS, Scenario, receive, send
from benchmarks.layers import KINDS, LayerKind
from benchmarks.peer_differences import differences
from benchmarks.rounds import Candidate, Estimate, Samples, estimate, measure
from benchmarks.stacks import STACKS, lines_to

__all__ = ["PLAN", "InProcess", "LayersResult", "ScenarioResult", "StackResult", "candidate", "run_in_process"]

_PLAIN: Final = SCENARIOS["success"]

_ALL: Final = tuple(name for name, stack in STACKS.items() if not stack.needs_server and name != "peers_traceback")
_ANSWERING: Final = tuple(name for name, stack in STACKS.items() if stack.handles_errors)
_HEADS: Final = ("bare", "ours", "ours_without_log", "peers", "peers_tuned", "secure", "basehttp_fast")
_EXPECTED: Final = ("bare", "ours", "errors", "peers", "peers_tuned", "peers_usual", "secure", "basehttp_fast")

PLAN: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "success": _ALL,
        "error": ("bare", *_ANSWERING),
        "error_without_text": _EXPECTED,
        "not_found": _EXPECTED,
        "stream": (
            "bare",
            "ours",
            "ours_without_log",
            "headers",
            "context",
            "logging",
            "errors",
            "peers",
            "peers_tuned",
            "basehttp_fast",
        ),
        "request_headers": _HEADS,
        "query": _HEADS,
        "response_headers": _HEADS,
    }
)
"""The stacks that each scenario is run through."""


@dataclass(frozen=True, slots=True)
class StackResult:
    """What a stack costs in one scenario.

    Attributes:
        name: The stack's.
        title: The stack's.
        us: Microseconds a request.
        added_us: Microseconds a request on top of the bare app.
        times_ours: How many times what ours adds this one adds.
        more_than_success_us: Microseconds that this kind of request adds to the stack's own figure for `success`.
        requests: Requests behind each sample.
    """

    name: str
    title: str
    us: Estimate
    added_us: Estimate
    times_ours: Estimate
    more_than_success_us: Estimate
    requests: int


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What one kind of request costs in each stack.

    Attributes:
        name: The scenario's.
        title: The scenario's.
        chunks: Messages that its body comes in; divide by it for the cost of a chunk.
        stacks: Results by the stacks' names.
    """

    name: str
    title: str
    chunks: int
    stacks: Mapping[str, StackResult]


@dataclass(frozen=True, slots=True)
class LayersResult:
    """What trivial layers of one kind cost.

    Attributes:
        name: The kind's.
        title: The kind's.
        added_us: Number of layers, as a text, to the microseconds a request that they add to the bare app.
    """

    name: str
    title: str
    added_us: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class InProcess:
    """Everything that was timed in process.

    Attributes:
        rounds: Samples behind each figure.
        scenarios: Results by the scenarios' names.
        layers: Results by the names of the kinds.
        differences: By the stacks' names, in what they differ from ours; see `benchmarks.peer_differences`.
    """

    rounds: int
    scenarios: Mapping[str, ScenarioResult]
    layers: Mapping[str, LayersResult]
    differences: Mapping[str, tuple[str, ...]]

    def to_json(self) -> str:
        """Write it as JSON, for a file."""
        return json.dumps(asdict(self), indent=2)


def candidate(app: ASGIApp, scenario: Scenario) -> Candidate:
    """Make what requests a built app over and over, as a server that takes each answer at once and drops errors."""
    make_scope = scenario.make_scope

    async def request(count: int) -> None:
        for _ in range(count):
            # Entering a try block costs nothing; that peers raise on is their own doing, and a server would log it.
            try:  # noqa: SIM105 - suppress() would cost more than the bare app
                await app(make_scope(), receive, send)
            except ValueError:
                pass

    return request


def run_in_process(
    plan: Mapping[str, Sequence[str]] = PLAN,
    *,
    kinds: Sequence[str] = tuple(KINDS),
    rounds: int = 61,
    sample_s: float = 0.005,
) -> InProcess:
    """Measure, with all lines going to the null device.

    Args:
        plan: Scenarios, and the stacks to run each through, with `bare` and `ours` in each.
        kinds: Kinds of trivial layers to measure.
        rounds: Samples of each figure.
        sample_s: Seconds of one sample. The shorter, the closer in time are the figures that are compared.
    """
    return asyncio.run(_run(plan, kinds, rounds, sample_s))


async def _run(plan: Mapping[str, Sequence[str]], kinds: Sequence[str], rounds: int, sample_s: float) -> InProcess:
    names = dict.fromkeys(name for stacks in plan.values() for name in stacks)
    differ = {name: await differences(STACKS[name]) for name in names}
    scenarios: dict[str, ScenarioResult] = {}
    layers: dict[str, LayersResult] = {}
    with lines_to(Path(os.devnull)):
        # One scenario at a time, beside what it is compared with: a round of everything would take seconds.
        for name, stacks in plan.items():
            samples = await measure(_of_stacks(SCENARIOS[name], stacks), rounds, sample_s=sample_s)
            scenarios[name] = _scenario_result(SCENARIOS[name], stacks, samples)
        for name in kinds:
            by_count = await measure(_of_layers(KINDS[name]), rounds, sample_s=sample_s)
            layers[name] = _layers_result(KINDS[name], by_count)
    return InProcess(rounds, scenarios, layers, {name: found for name, found in differ.items() if found})


def _of_stacks(scenario: Scenario, stacks: Sequence[str]) -> dict[tuple[str, str], Candidate]:
    """Make the candidates of a scenario and, for what it takes more, of the plain one."""
    return {
        (each.name, name): candidate(STACKS[name].build(each), each) for each in (scenario, _PLAIN) for name in stacks
    }


def _of_layers(kind: LayerKind) -> dict[int, Candidate]:
    return {count: candidate(kind.around(_PLAIN.app, count), _PLAIN) for count in (0, *kind.counts)}


def _scenario_result(
    scenario: Scenario, stacks: Sequence[str], samples: Mapping[tuple[str, str], Samples]
) -> ScenarioResult:
    results = {name: _stack_result(scenario, name, samples) for name in stacks}
    return ScenarioResult(scenario.name, scenario.title, scenario.chunks, results)


def _stack_result(scenario: Scenario, name: str, samples: Mapping[tuple[str, str], Samples]) -> StackResult:
    own, bare, ours = (samples[scenario.name, each] for each in (name, "bare", "ours"))
    plain = samples[_PLAIN.name, name].added_to(samples[_PLAIN.name, "bare"])
    added = own.added_to(bare)
    return StackResult(
        name=name,
        title=STACKS[name].title,
        us=estimate(own.us),
        added_us=estimate(added.us),
        times_ours=own.ratio_to(ours, bare),
        more_than_success_us=estimate(added.added_to(plain).us),
        requests=own.requests,
    )


def _layers_result(kind: LayerKind, samples: Mapping[int, Samples]) -> LayersResult:
    added = {str(count): estimate(samples[count].added_to(samples[0]).us) for count in kind.counts}
    return LayersResult(kind.name, kind.title, added)
