"""Serve requests where something counts the instructions: what `benchmarks.instructions` runs under valgrind.

`python -m benchmarks.count success:ours:200 success:ours:2200` serves each number of requests, of that scenario through
that stack, in a child process of its own, and prints the id of that process and the argument.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.apps import SCENARIOS
from benchmarks.forked import run_in_children
from benchmarks.in_process import candidate
from benchmarks.stacks import STACKS, lines_to

__all__ = ["main", "serve"]


def serve(run: str) -> None:
    """Serve the requests of one run, on asyncio's own event loop; nothing waits, so another would add the same.

    Args:
        run: `SCENARIO:STACK:REQUESTS`.
    """
    scenario_name, stack_name, requests = run.split(":")
    scenario = SCENARIOS[scenario_name]
    request = candidate(STACKS[stack_name].build(scenario), scenario)

    async def serve_all() -> None:
        await request(int(requests))

    asyncio.run(serve_all())


def main(runs: Sequence[str]) -> None:
    """Serve all runs, with their log lines going to the null device."""
    with lines_to(Path(os.devnull)) as told:
        run_in_children({run: partial(serve, run) for run in runs}, told)


if __name__ == "__main__":
    main(sys.argv[1:])
