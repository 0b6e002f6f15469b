"""Where a request's time goes: the instructions of the interpreter, function by function.

They are counted one by one, so the figures are the same in each run. One takes 50 to 100 of the processor's
instructions, what it calls in C included; see `benchmarks.instructions` for those.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import asgi_stack
from benchmarks.apps import SCENARIOS
from benchmarks.in_process import candidate
from benchmarks.rounds import Candidate
from benchmarks.stacks import STACKS, lines_to

__all__ = ["FunctionCost", "count_bytecodes"]

REQUESTS: Final = 10
_WARM_UP: Final = 100
_PACKAGE: Final = str(Path(asgi_stack.__file__).parent)
_Trace = Callable[[FrameType, str, Any], Any]


@dataclass(frozen=True, slots=True)
class FunctionCost:
    """What one function takes of a request.

    Attributes:
        name: Its module within the package and its qualified name.
        bytecodes: Instructions of the interpreter in it, without those of the functions that it calls.
        calls: How often it is called.
    """

    name: str
    bytecodes: float
    calls: float


def count_bytecodes(scenario: str = "success", stack: str = "ours") -> tuple[FunctionCost, ...]:
    """Count what each function of the package takes of a request, most expensive first.

    Args:
        scenario: A name of `SCENARIOS`.
        stack: A name of `STACKS`.
    """
    bytecodes: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    trace = _counting(bytecodes, calls)

    async def count(request: Candidate) -> None:
        # Caches are filled, and the interpreter has taken to the types that it meets.
        await request(_WARM_UP)
        before = sys.gettrace()
        frame = inspect.currentframe()
        if frame is not None:
            frame.f_trace_opcodes = True  # 3.12 has to know beforehand that somebody wants them
        sys.settrace(trace)
        try:
            await request(REQUESTS)
        finally:
            sys.settrace(before)

    with lines_to(Path(os.devnull)):
        # Built where its lines go already: what it writes through depends on that.
        asyncio.run(count(candidate(STACKS[stack].build(SCENARIOS[scenario]), SCENARIOS[scenario])))
    return tuple(
        FunctionCost(name, found / REQUESTS, calls[name] / REQUESTS) for name, found in bytecodes.most_common()
    )


def _counting(bytecodes: Counter[str], calls: Counter[str]) -> _Trace:
    def trace(frame: FrameType, event: str, _argument: object) -> _Trace | None:
        code = frame.f_code
        if not code.co_filename.startswith(_PACKAGE):
            return None
        name = f"{Path(code.co_filename).relative_to(_PACKAGE).with_suffix('')}: {code.co_qualname}"
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            calls[name] += 1
        elif event == "opcode":
            bytecodes[name] += 1
        return trace

    return trace
