"""Where figures come from: the machine, the versions, and how fast the machine was meanwhile."""

from __future__ import annotations

import asyncio
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

from benchmarks.apps import SCENARIOS, receive, send
from benchmarks.in_process import candidate
from benchmarks.rounds import Candidate, Estimate, Samples, estimate, measure

__all__ = [
    "BUDGET_BARE_US",
    "BUDGET_UUID4_US",
    "Machine",
    "Speed",
    "SpeedSamples",
    "measure_speed",
    "scaled",
    "this_machine",
]

BUDGET_UUID4_US: Final = 1.68
"""What `uuid4().hex` took on the machine that the budget was set on: the same code on each machine."""

BUDGET_BARE_US: Final = 0.6
"""What a call of a bare app took there."""

_CONSTRAINTS: Final = Path(__file__).with_name("constraints.txt")
_CPU_INFO: Final = Path("/proc/cpuinfo")
_SERVERS: Final = ("uvicorn", "httptools", "uvloop")
_PLAIN: Final = SCENARIOS["success"]

SpeedSamples: TypeAlias = Mapping[str, Samples]
"""What `measure_speed` took, by the names of the attributes of `Speed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What figures depend on.

    Attributes:
        processor: Its model.
        cores: How many of them the process may use.
        kernel: The operating system and its release.
        python: Implementation, version and compiler.
        python_version: As the committed figures name it, `3.11.7`.
        versions: Name of a package to its version.
    """

    processor: str
    cores: int
    kernel: str
    python: str
    python_version: str
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How fast the machine was, in microseconds.

    Attributes:
        uuid4_us: `uuid4().hex`.
        bare_us: A call of the bare app, with the scope that is made for it: what `bare` is everywhere else.
        bare_call_us: A call of the bare app with a scope that is there already.
    """

    uuid4_us: Estimate
    bare_us: Estimate
    bare_call_us: Estimate

    @classmethod
    def of(cls, *looks: SpeedSamples) -> Speed:
        """Join what was measured at several times."""
        return cls(**{name: estimate([us for look in looks for us in look[name].us]) for name in looks[0]})

    @property
    def factor(self) -> float:
        """Microseconds where the budget was set, for each microsecond here."""
        return BUDGET_UUID4_US / self.uuid4_us.median

    def to_budgets_machine(self, us: Estimate) -> Estimate:
        """Give the microseconds that it would roughly be on the machine that the budget was set on."""
        return scaled(us, self.factor)


def scaled(value: Estimate, factor: float) -> Estimate:
    """Multiply an estimate."""
    return Estimate(value.median * factor, value.low * factor, value.high * factor)


def measure_speed(rounds: int = 21, *, sample_s: float = 0.005) -> SpeedSamples:
    """Time what the budget's author timed as well; before and after other measurements, see `Speed.of`."""
    bare_app, scope = _PLAIN.bare_app, _PLAIN.make_scope()

    async def make_ids(count: int) -> None:
        for _ in range(count):
            uuid4().hex  # noqa: B018 - what it takes is all that is wanted of it

    async def call(count: int) -> None:
        for _ in range(count):
            await bare_app(scope, receive, send)

    candidates: dict[str, Candidate] = {
        "uuid4_us": make_ids,
        "bare_us": candidate(bare_app, _PLAIN),
        "bare_call_us": call,
    }
    return asyncio.run(measure(candidates, rounds, sample_s=sample_s))


def this_machine() -> Machine:
    """Look at the machine and at what is installed: our own package, and all that the figures depend on."""
    names = re.findall(r"^([\w.-]+)==", _CONSTRAINTS.read_text(), re.MULTILINE)
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()} ({platform.python_compiler()})",
        python_version=platform.python_version(),
        versions={name: _version(name) for name in dict.fromkeys(("asgi-stack", *names, *_SERVERS))},
    )


def _processor() -> str:
    told = _CPU_INFO.read_text() if _CPU_INFO.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", told, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
