"""The tables of a run, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks.bytecodes import FunctionCost
from benchmarks.committed import Figures
from benchmarks.in_process import InProcess
from benchmarks.report_tables import (
    instructions_table,
    label,
    layers_table,
    markdown_table,
    memory_table,
    profile_tables,
    scenario_table,
    stacks_table,
    wire_table,
)
from tests.benchmarks.made_results import empty, full, wire

RUN = full()


def cells(line: str) -> list[str]:
    """Split a row of a table."""
    return [cell.strip() for cell in line.strip("|\n").split("|")]


def rows_of(table: str) -> dict[str, list[str]]:
    """Give the rows of the first table in a text by their first cell, the head included."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return {cells(line)[0]: cells(line)[1:] for line in lines}


def in_process() -> InProcess:
    """Give the part in process of a full run."""
    assert RUN.in_process is not None
    return RUN.in_process


class TestMarkdownTable:
    """Any table."""

    def test_is_aligned(self) -> None:
        """Words are set from the left, figures from the right."""
        assert markdown_table(["stack", "µs"], [["a", "1.50"], ["longer one", "12.25"]]) == (
            "| stack      |    µs |\n"
            "| ---------- | ----: |\n"
            "| a          |  1.50 |\n"
            "| longer one | 12.25 |\n"
        )  # fmt: skip

    @pytest.mark.parametrize("rows", [[["a"]], [["a", "b", "c"]]], ids=["too short", "too long"])
    def test_rows_are_as_long_as_the_head(self, rows: Sequence[Sequence[str]]) -> None:
        """No cell gets lost."""
        with pytest.raises((ValueError, IndexError)):
            markdown_table(["stack", "µs"], rows)


class TestScenarioTable:
    """What stacks add to a kind of request."""

    def test_plain_request(self) -> None:
        """Each stack but the bare app has its row; ours is once ours."""
        text = scenario_table(in_process().scenarios["success"])

        rows = rows_of(text)
        assert text.startswith("The bare app takes 1.50 (1.50 to 1.50) µs.\n")
        assert rows["stack"] == ["added µs a request", "times ours"]
        assert rows["**ours**"] == ["10.00 (10.00 to 10.00)", "1"]
        assert rows["peers"] == ["30.00 (30.00 to 30.00)", "3.00 (2.70 to 3.30)"]
        assert "bare app" not in rows

    def test_stream_tells_of_a_chunk(self) -> None:
        """What is added is divided by the chunks."""
        rows = rows_of(scenario_table(in_process().scenarios["stream"]))

        assert rows["stack"][-1] == "added µs a chunk"
        assert rows["**ours**"][-1] == "0.310"

    def test_other_requests_tell_what_is_due_to_them(self) -> None:
        """What the plain request costs as well is taken off."""
        rows = rows_of(scenario_table(in_process().scenarios["query"]))

        assert rows["**ours**"] == ["10.60 (10.60 to 10.60)", "1", "0.60 (0.60 to 0.60)"]


class TestWireTable:
    """What stacks cost behind uvicorn."""

    def test_tells_how_busy_each_server_was(self) -> None:
        """Beside each figure stands whether it can be compared."""
        text = wire_table(wire(("bare", "ours"), 10))

        rows = rows_of(text)
        assert "6 rounds of 0.7 s for each stack, 64 connections, 10 request headers. Every server had requests" in text
        assert rows["stack"][-2:] == ["busy", "had requests"]
        assert rows["bare app"][-2:] == ["80%", "97%"]
        assert rows["**ours**"][:2] == ["50.0 (50.0 to 50.0)", "2.50 (2.50 to 2.50)"]

    def test_names_servers_that_waited(self) -> None:
        """A reader learns which ratios are too low."""
        text = wire_table(wire(("bare", "ours"), 1, occupied=0.85))

        assert (
            "1 request header. **Not saturated**, with requests to answer for less than 90% of the time: bare app"
            in text
        )
        assert rows_of(text)["bare app"][-1] == "85%"


class TestStacksTable:
    """What the labels mean."""

    def test_each_stack_has_its_title_and_equal_differences_are_told_once(self) -> None:
        """Stacks that differ alike share their list."""
        text = stacks_table(RUN)

        assert "- **ours**: ours, as `wrap` builds it\n" in text
        assert text.count("- error line: without fingerprint") == 1
        assert "- peers; peers with secure.py:\n  - error line: without fingerprint" in text

    def test_a_run_of_nothing_has_none(self) -> None:
        """There is nothing to explain."""
        assert "**ours**" not in stacks_table(empty())

    def test_a_stack_without_a_label_has_its_name(self) -> None:
        """A new stack is shown, if not in words."""
        assert (label("ours"), label("brand_new")) == ("**ours**", "brand_new")


class TestInstructionsTable:
    """Committed counts beside those of the run."""

    def test_versions_are_sorted_by_number(self) -> None:
        """Each has its last count, and what was not counted a dash."""
        figures = Figures({"four_layers": {"3.11.10": [5, 90_000], "3.11.9": [4], "3.9.1": [3]}})

        rows = rows_of(instructions_table(figures, RUN.instructions, "3.11.7"))

        assert rows["figure"] == ["3.9.1", "3.11.9", "3.11.10", "this run, 3.11.7"]
        assert rows["the whole stack"] == ["3", "4", "90,000", "80,000"]
        assert rows["a streamed chunk"] == ["-", "-", "-", "-"]

    def test_without_a_count(self) -> None:
        """The committed figures are shown without a run as well."""
        rows = rows_of(instructions_table(Figures({"bare": {"3.11.7": [9_000]}}), None, "3.11.7"))

        assert rows["bare app, for comparison"] == ["9,000", "-"]


def test_memory_table() -> None:
    """Growth over the limit is said in words, and what was not looked at is a dash."""
    assert RUN.memory is not None
    rows = rows_of(memory_table(RUN.memory))

    assert rows["success"] == ["10,000", "3", "0", "-", "ok"]
    assert rows["failures"][:-1] == ["50,000", "99", "-", "1"]
    assert rows["failures"][-1].startswith("failures: 99 allocated blocks more than before")


def test_profile_shows_the_dearest_and_sums_up_the_rest() -> None:
    """What no longer has a row of its own is still in the sums."""
    costs = [FunctionCost(f"f{number}", 100 - number, 1) for number in range(27)]

    table = profile_tables({"success": costs})
    rows = rows_of(table)

    assert f": {sum(cost.bytecodes for cost in costs)} instructions" in table
    assert rows["`f0`"] == ["100", "1"]
    assert rows["2 others"] == ["149", "2"]
    assert len(rows) == 25 + len(["head", "rule", "others"])


def test_layers_table() -> None:
    """Kinds that nobody measured in such a number have an empty cell."""
    rows = rows_of(layers_table(in_process()))

    assert rows["µs added by"] == ["1", "2", "4", "8", "16"]
    assert rows["a subclass of BaseHTTPMiddleware"][-2:] == ["8.00 (8.00 to 8.00)", ""]
