"""The interpreter's instructions, function by function."""

from __future__ import annotations

import sys

import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks.bytecodes import count_bytecodes

SEND = "middleware/security_headers: SecurityHeadersMiddleware.__call__.<locals>.send_with_security_headers"


def test_functions_come_with_instructions_and_calls() -> None:
    """A request's two messages pass the outermost layer once each, and nobody traces afterwards."""
    before = sys.gettrace()

    costs = count_bytecodes()

    assert sys.gettrace() is before
    assert [cost.bytecodes for cost in costs] == sorted((cost.bytecodes for cost in costs), reverse=True)
    assert {cost.name: cost.calls for cost in costs}[SEND] == 2


def test_counts_are_the_same_in_each_run() -> None:
    """Nothing in them depends on time or on neighbours."""
    first, second = count_bytecodes("success", "headers"), count_bytecodes("success", "headers")

    assert first == second
    assert {cost.name.partition(":")[0] for cost in first} >= {"middleware/security_headers", "middleware/active"}


def test_dearer_scenario_takes_more() -> None:
    """An error is answered, logged and told apart on top of what each request takes."""
    plain, error = (sum(cost.bytecodes for cost in count_bytecodes(name)) for name in ("success", "error_without_text"))

    assert error > 1.5 * plain
