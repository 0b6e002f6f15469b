"""The page on performance: what of it is written anew, and what stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks import __main__ as command
from benchmarks.report import BLOCKS, PageError, render_budget, render_page, render_text
from benchmarks.report_results import load_results, save_results
from benchmarks.report_verdicts import Verdict
from tests.benchmarks.made_results import empty, full, wire

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
RUN = full()


def page_of(*names: str) -> str:
    """Make a page with blocks of these names, and a line of prose between them."""
    blocks = (f"<!-- generated: {name} -->\nof yesterday\n<!-- end -->\n" for name in names)
    return "# Title\n\n" + "\nBy hand.\n\n".join(blocks)


class TestPage:
    """`render_page`."""

    def test_blocks_are_written_anew_and_the_rest_stays(self) -> None:
        """Prose is as it was, and nothing of the last run is left."""
        page = render_page(page_of(*BLOCKS), RUN)

        assert "of yesterday" not in page
        assert page.startswith("# Title\n\n<!-- generated: summary -->\n- Of the ")
        assert page.count("\nBy hand.\n") == len(BLOCKS) - 1
        assert all(f"<!-- generated: {name} -->\n{BLOCKS[name](RUN)}<!-- end -->\n" in page for name in BLOCKS)

    def test_writing_twice_changes_nothing(self) -> None:
        """The page that was written can be written again."""
        once = render_page(page_of(*BLOCKS), RUN)

        assert render_page(once, RUN) == once

    def test_empty_blocks_are_filled(self) -> None:
        """A new page needs no text within its markers."""
        page = page_of(*BLOCKS).replace("of yesterday\n", "")

        assert render_page(page, RUN) == render_page(page_of(*BLOCKS), RUN)

    @pytest.mark.parametrize(
        ("page", "message"),
        [
            pytest.param(page_of(*list(BLOCKS)[1:]), "should have summary, ", id="a block is missing"),
            pytest.param(page_of(*BLOCKS, "summary"), "summary, summary", id="a block is there twice"),
            pytest.param(page_of(*BLOCKS, "nonsense"), "nonsense", id="an unknown block"),
            pytest.param(page_of(*BLOCKS) + "<!-- end -->\n", "no beginning", id="an end too many"),
            pytest.param(page_of(*BLOCKS).removesuffix("<!-- end -->\n"), "has no end", id="no end"),
        ],
    )
    def test_other_blocks_are_refused(self, page: str, message: str) -> None:
        """Nothing is written into a page that is not understood."""
        with pytest.raises(PageError, match=message):
            render_page(page, RUN)

    def test_the_page_of_the_project_can_be_written(self) -> None:
        """It has all blocks; the summary and the budget come before everything else."""
        page = render_page(PAGE.read_text(encoding="utf-8"), RUN)

        assert page.index("generated: summary") < page.index("generated: budget") < page.index("## How it is measured")


class TestSummary:
    """The sentences at the top."""

    def test_missed_figures_are_said_first(self) -> None:
        """Three lines: the budget, in process, behind uvicorn."""
        lines = BLOCKS["summary"](RUN).splitlines()

        assert lines[0] == "- Of the 14 figures of the budget: 2 missed, 9 must met, 3 goal met."
        assert lines[1].startswith("- In process all layers together add 10.00 (10.00 to 10.00) µs to a request; ")
        assert lines[2].startswith("- Behind uvicorn a request takes 50 µs of the server's processor time, without any")
        assert len(lines) == 3

    def test_a_quick_run_says_so(self) -> None:
        """Figures that are only roughly right cannot be taken for others."""
        text = BLOCKS["summary"](empty(is_quick=True))

        assert text.startswith("**A quick run: ")
        assert text.splitlines()[-1] == "- Of the 14 figures of the budget: 14 not measured."


class TestBudgetTable:
    """`render_budget`."""

    def test_rows_are_in_the_order_of_their_verdicts(self) -> None:
        """The missed ones come first, in bold, and those without limits last."""
        verdicts = [
            line.strip("| ").split("|")[-1].strip().split(",")[0].split(";")[0].strip("*")
            for line in render_budget(RUN).splitlines()[2:]
            if line.startswith("|")
        ]

        order = [verdict.value for verdict in Verdict]
        assert verdicts == sorted(verdicts, key=order.index)
        assert verdicts[0] == "missed"
        assert "**missed**" in render_budget(RUN)

    def test_row_of_a_time(self) -> None:
        """It has the time here, what it would be there, and the verdict of that."""
        (line,) = (line for line in render_budget(RUN).splitlines() if "20 response headers" in line)

        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1:] == ["8.00 µs, there 4.00 µs", "≤ 3 µs", "≤ 1.5 µs", "**missed**"]

    def test_row_that_is_not_sure(self) -> None:
        """The interval is shown, and that its ends come to something else."""
        (line,) = (line for line in render_budget(RUN).splitlines() if line.startswith("| `import asgi_stack` "))

        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1:] == ["0.350 s (0.290 s to 0.360 s)", "≤ 0.4 s", "≤ 0.3 s", "must met, not surely"]

    def test_row_of_a_server_that_waited(self) -> None:
        """A ratio that does not hold is marked as such."""
        names = ("bare", "ours", "peers", "peers_tuned", "access_log")
        table = render_budget(replace(RUN, wire_host_alone=wire(names, 1, occupied=0.5)))

        (line,) = (line for line in table.splitlines() if "not saturated" in line and line.startswith("|"))
        assert line.startswith("| behind uvicorn, the server's processor time: ours / bare app ¹ ")
        assert line.endswith(" must met; server not saturated |")

    def test_footnotes_tell_how_times_are_compared(self) -> None:
        """The factor between the machines is part of the page."""
        text = render_budget(RUN)

        assert "here 3.36 (3.36 to 3.36) µs, so a microsecond here counts as 0.50 µs there" in text
        assert "This machine's call is 0.80 µs there with the scope" in text
        assert "it was not measured here" in render_budget(empty())


def test_text_leaves_out_what_was_not_measured() -> None:
    """A run of some parts prints only them."""
    text = render_text(replace(empty(), imports=RUN.imports))

    assert "# budget\n" in text
    assert "Not measured in this run." not in text
    assert "# wire\n" not in text


def test_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A page can be made again from the file of a run."""
    save_results(RUN, tmp_path / "run.json")

    read = load_results(tmp_path / "run.json")
    assert (read.in_process, read.speed, read.memory) == (RUN.in_process, RUN.speed, RUN.memory)
    assert render_page(page_of(*BLOCKS), read) == render_page(page_of(*BLOCKS), RUN)


class TestCommand:
    """`python -m benchmarks`."""

    def test_writes_a_page_from_a_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Nothing is measured; the tables are printed and written."""
        save_results(RUN, tmp_path / "run.json")
        page = tmp_path / "page.md"
        page.write_text(page_of(*BLOCKS), encoding="utf-8")

        command.main(["--from", str(tmp_path / "run.json"), "--page", str(page)])

        assert page.read_text(encoding="utf-8") == render_page(page_of(*BLOCKS), RUN)
        assert capsys.readouterr().out == render_text(RUN)

    @pytest.mark.parametrize(
        "arguments",
        [["--quick"], ["--only", "import"], ["--quick", "--only", "memory"]],
        ids=["quick", "a part", "both"],
    )
    def test_a_quick_run_and_one_of_a_part_only_print(
        self, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The project's page is for full runs, unless somebody names it."""
        before = PAGE.read_bytes()
        monkeypatch.setattr(command, "measure_all", lambda _, is_quick: replace(empty(), is_quick=is_quick))

        command.main(arguments)

        assert PAGE.read_bytes() == before
        assert "# summary" in capsys.readouterr().out
