"""How long importing the package takes, each time in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from benchmarks.instructions import isolated_environment
from benchmarks.rounds import Estimate, estimate

__all__ = ["Imports", "measure_imports"]

_ALONE: Final = "import asgi_stack"
_EVERYTHING: Final = "from asgi_stack import *"
_TIMED: Final = "from time import perf_counter as now; start = now(); {}; print(now() - start)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """Seconds by the clock, with all modules compiled before.

    Attributes:
        interpreters: How many were started for each figure.
        alone_s: `import asgi_stack`, within an interpreter.
        everything_s: `from asgi_stack import *`, within an interpreter: the package loads most of itself on first use,
            and this is all of it.
        process_s: `python -c "import asgi_stack"`, from the start of the process to its end.
        python_s: `python -c pass`: what of it is the interpreter's own.
    """

    interpreters: int
    alone_s: Estimate
    everything_s: Estimate
    process_s: Estimate
    python_s: Estimate


def measure_imports(interpreters: int = 21) -> Imports:
    """Start so many fresh interpreters for each figure, and take the medians."""
    _run(_EVERYTHING)  # compiles what is not compiled yet
    # By turns, so that all of them see the same moods of the machine.
    looks = [
        (_inside(_ALONE), _inside(_EVERYTHING), _whole(_ALONE), _whole("pass")) for _ in range(max(1, interpreters))
    ]
    alone, everything, process, python = (estimate(seconds) for seconds in zip(*looks, strict=True))
    return Imports(interpreters=len(looks), alone_s=alone, everything_s=everything, process_s=process, python_s=python)


def _inside(statement: str) -> float:
    return float(_run(_TIMED.format(statement)))


def _whole(statement: str) -> float:
    started_at = perf_counter()
    _run(statement)
    return perf_counter() - started_at


def _run(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(  # noqa: S603 - statements of our own
        command, env=isolated_environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
