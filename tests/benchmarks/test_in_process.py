"""The run of all scenarios through all stacks, with samples too short to say anything."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from asgi_stack.types import Receive, Scope, Send
from benchmarks.apps import SCENARIOS
from benchmarks.in_process import PLAN, InProcess, candidate, run_in_process
from benchmarks.layers import KINDS
from benchmarks.stacks import STACKS
from tests.log_capture import logging_restored

SMALL = {"success": ("bare", "ours", "peers"), "error": ("bare", "ours", "peers_traceback")}


@pytest.fixture(scope="module")
def result() -> Iterator[InProcess]:
    """Give the result of a short run."""
    with logging_restored():
        yield run_in_process(SMALL, kinds=["plain_send"], rounds=3, sample_s=0)


class TestPlan:
    """Which stacks each scenario is run through."""

    def test_names_are_known_and_each_scenario_has_something_to_compare_with(self) -> None:
        """Every scenario is in the plan, with the bare app and ours."""
        assert set(PLAN) == set(SCENARIOS)
        assert all(set(stacks) <= set(STACKS) for stacks in PLAN.values())
        assert all({"bare", "ours", "peers"} <= set(stacks) for stacks in PLAN.values())
        assert all(len(set(stacks)) == len(stacks) for stacks in PLAN.values())

    def test_every_stack_is_measured_somewhere_unless_it_is_a_servers(self) -> None:
        """A stack that is offered has its figure."""
        measured = {name for stacks in PLAN.values() for name in stacks}

        assert measured == {name for name, stack in STACKS.items() if not stack.needs_server}

    @pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.raises])
    def test_errors_are_measured_where_they_are_answered(self, name: str) -> None:
        """A stack without an error layer has no figure for errors."""
        assert all(STACKS[stack].handles_errors for stack in PLAN[name] if stack != "bare")


class TestCandidate:
    """The loop that is timed."""

    async def test_each_request_has_a_scope_of_its_own(self) -> None:
        """So many requests are made as were asked for."""
        scopes: list[Scope] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scopes.append(scope)

        await candidate(app, SCENARIOS["success"])(3)

        assert len({id(scope) for scope in scopes}) == 3

    async def test_what_goes_on_to_the_server_is_dropped(self) -> None:
        """The exception of the scenario is, as a server would survive it."""
        await candidate(SCENARIOS["error"].app, SCENARIOS["error"])(2)

    async def test_other_exceptions_stop_the_run(self) -> None:
        """They are defects of a stack or of the benchmark."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await candidate(app, SCENARIOS["success"])(2)


class TestResult:
    """What a run gives."""

    def test_it_has_a_figure_for_each_stack_of_the_plan(self, result: InProcess) -> None:
        """Scenarios, stacks and layers are found by their names."""
        assert {name: tuple(found.stacks) for name, found in result.scenarios.items()} == SMALL
        assert {name: list(found.added_us) for name, found in result.layers.items()} == {
            "plain_send": [str(count) for count in KINDS["plain_send"].counts]
        }

    def test_the_bare_app_adds_nothing_to_itself_and_ours_is_once_ours(self, result: InProcess) -> None:
        """Figures that hold whatever the clock says."""
        bare, ours = (result.scenarios["success"].stacks[name] for name in ("bare", "ours"))

        assert (bare.added_us.low, bare.added_us.high) == (0, 0)
        assert (bare.times_ours.low, bare.times_ours.high) == (0, 0)
        assert (ours.times_ours.low, ours.times_ours.high) == (1, 1)
        assert ours.added_us.median <= ours.us.median

    def test_the_plain_scenario_adds_about_nothing_to_itself(self, result: InProcess) -> None:
        """It is the same sample; of all others it is told what they add."""
        plain = result.scenarios["success"].stacks["ours"].more_than_success_us

        assert (plain.low, plain.median, plain.high) == (0, 0, 0)
        assert {"bare", "ours", "peers_traceback"} == set(result.scenarios["error"].stacks)

    def test_differences_stand_beside_the_figures(self, result: InProcess) -> None:
        """Each stack of peers has its own, no other has any."""
        assert set(result.differences) == {"peers", "peers_traceback"}

    def test_it_can_be_written_as_json(self, result: InProcess) -> None:
        """What is read back has the same figures."""
        read = json.loads(result.to_json())

        ours = result.scenarios["success"].stacks["ours"]
        assert read["scenarios"]["success"]["stacks"]["ours"]["us"]["median"] == ours.us.median
        assert read["rounds"] == 3
