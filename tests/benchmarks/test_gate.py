"""When the gate fails, what it says, and what it takes over."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks import gate
from benchmarks.apps import SCENARIOS
from benchmarks.committed import Figures
from benchmarks.gate import FIGURES, check_instructions, check_memory, find_other_versions, main
from benchmarks.instructions import CountError
from benchmarks.memory import Growth
from benchmarks.stacks import STACKS

PYTHON = platform.python_version()
FLAT = Growth("success", 10_000, blocks=3, cyclic=0)


def committed(four_layers: int = 100_000, peers: int = 250_000) -> Figures:
    """Make committed figures for this Python."""
    counts = {"bare": 10_000, "peers": peers, "four_layers": four_layers}
    return Figures({name: {PYTHON: [count]} for name, count in counts.items()})


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Stand for valgrind: the bare app takes 10,000 instructions, the whole stack 110,000, peers 260,000."""
    counted = {"success:bare": 10_000.0, "success:ours": 110_000.0, "success:peers": 260_000.0}
    counted["stream:ours"] = 5_000_000.0

    def count(points: Sequence[str]) -> dict[str, float]:
        return {point: counted.get(point, 50_000.0) for point in points}

    monkeypatch.setattr(gate, "can_count", lambda: True)
    monkeypatch.setattr(gate, "valgrind_version", lambda: "valgrind-3.19.0")
    monkeypatch.setattr(gate, "count_instructions", count)
    return counted


class TestInstructions:
    """The table of instructions."""

    def test_more_than_the_limit_fails(self, counts: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
        """The whole stack at 3.1 % over its figure fails, and the line says what to do."""
        counts["success:ours"] = 113_100

        failures = check_instructions(committed(), accept=False)

        (failure,) = failures
        assert failure.startswith("the whole stack: 103,100 instructions, +3.1% (limit +3%); ")
        assert failure.endswith("run with --accept and name `103,100 instructions` in CHANGELOG.md")
        assert "the whole stack                        100,000     103,100     +3.1%  FAILED" in capsys.readouterr().out

    def test_less_than_the_limit_passes(self, counts: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
        """The whole stack at 2.9 % over its figure passes."""
        counts["success:ours"] = 112_900

        assert check_instructions(committed(), accept=False) == []
        assert "the whole stack                        100,000     102,900     +2.9%  ok" in capsys.readouterr().out

    def test_figure_far_below_is_to_be_accepted(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A stack that has become cheaper is told how to keep it so."""
        failures = check_instructions(committed(four_layers=125_000), accept=False)

        assert failures == []
        assert "now 20.0% below: run `python -m benchmarks.gate --accept`" in capsys.readouterr().out

    def test_ratio_to_the_peers_has_a_floor(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A stack that is not as far below the peers as was committed fails on every Python."""
        other = Figures({"peers": {"2.7.18": [300_000]}, "four_layers": {"2.7.18": [100_000]}})

        failures = check_instructions(other, accept=False)

        assert failures == ["peers cost 2.50 times the whole stack, at least 2.70 is due"]
        assert "\npeers / the whole stack: 2.50, at least 2.70: FAILED" in capsys.readouterr().out

    def test_version_without_figures_is_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Where nothing is committed for this Python, a line says so, and nothing fails."""
        assert check_instructions(Figures({}), accept=False) == []
        told = capsys.readouterr().out
        assert f"remark: no figures for Python {PYTHON} nor its neighbours: nothing is compared" in told
        assert "peers / the whole stack: 2.50, not committed" in told

    def test_skip_is_said(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Without valgrind a line tells what is skipped, and nothing fails."""
        monkeypatch.setattr(gate, "can_count", lambda: False)

        assert check_instructions(committed(), accept=False) == []
        assert capsys.readouterr().out.startswith("skipped: the instructions of a request, since valgrind is not")

    def test_failing_count_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where valgrind is there but fails, the gate does, with what was said."""

        def fail(points: Sequence[str]) -> dict[str, float]:
            raise CountError(f"no such stack among {len(points)} points")

        monkeypatch.setattr(gate, "count_instructions", fail)

        (failure,) = check_instructions(committed(), accept=False)
        assert failure.startswith("the instructions of a request could not be counted: no such stack")

    def test_nothing_is_accepted_without_valgrind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who wants to accept what cannot be counted learns that nothing was."""
        monkeypatch.setattr(gate, "can_count", lambda: False)

        assert check_instructions(committed(), accept=True) == ["there is nothing to accept without valgrind"]

    def test_counts_are_accepted(
        self, counts: dict[str, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Accepting appends to the file what rose, does not fail for it, and says what the changelog has to name."""
        counts |= {"success:ours": 115_000, "success:peers": 270_000}
        path = tmp_path / "figures.json"

        failures = check_instructions(committed(), accept=True, path=path)

        assert failures == []
        assert Figures.read(path).instructions["four_layers"] == {PYTHON: [100_000, 105_000]}
        told = capsys.readouterr().out.splitlines()
        assert "accepted: the whole stack: 100,000 -> 105,000; CHANGELOG.md must name `105,000 instructions`" in told
        assert "accepted: peers, for comparison: 250,000 -> 260,000" in told

    def test_accepting_sets_a_new_ratio_to_the_peers(self, counts: dict[str, float], tmp_path: Path) -> None:
        """A rise that somebody decided on does not fail by its ratio the next time."""
        counts["success:ours"] = 160_000

        assert check_instructions(committed(), accept=True, path=tmp_path / "figures.json") == []
        assert check_instructions(Figures.read(tmp_path / "figures.json"), accept=False) == []

    def test_each_figure_can_be_counted(self) -> None:
        """All figures are of scenarios and stacks that there are."""
        points = [point.split(":") for figure in FIGURES for point in (figure.point, figure.bare) if point]

        assert all(scenario in SCENARIOS and stack in STACKS for scenario, stack in points)

    def test_figure_of_a_chunk_is_a_share_of_a_stream(self) -> None:
        """What a stream adds is divided by the number of its chunks."""
        chunk = next(figure for figure in FIGURES if figure.name == "chunk")

        assert chunk.of({"stream:ours": 5_000_000, "stream:bare": 2_000_000}) == 3_000
        assert chunk.per == SCENARIOS["stream"].chunks


class TestMemory:
    """The table of memory."""

    def test_flat_memory_passes(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Some blocks are noise."""
        assert check_memory([FLAT]) == []
        assert capsys.readouterr().out.splitlines()[-2].endswith("-  ok")

    def test_growth_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A block with each request is a leak."""
        failures = check_memory([Growth("success", 10_000, blocks=10_000, cyclic=0)])

        assert failures == ["success: 10,000 allocated blocks more than before after 10,000 requests (limit 50)"]
        assert capsys.readouterr().out.splitlines()[-2].endswith("FAILED")


class TestMain:
    """The whole gate."""

    @pytest.mark.parametrize(
        ("growth", "code", "last"),
        [
            pytest.param(FLAT, 0, "", id="all is well"),
            pytest.param(Growth("success", 10_000, blocks=51), 1, "FAILED: success: 51 allocated", id="memory grows"),
        ],
    )
    def test_exit_code(
        self,
        growth: Growth,
        code: int,
        last: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """The exit code tells whether a check failed, and failures are the last lines; memory needs no valgrind."""
        monkeypatch.setattr(gate, "can_count", lambda: False)
        monkeypatch.setattr(gate, "measure_memory", lambda: [growth])

        assert main([]) == code
        assert capsys.readouterr().out.splitlines()[-1].startswith(last)

    def test_nothing_is_accepted_with_other_versions(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Counts that the next run with the right versions would not come to are not written, nor made."""
        monkeypatch.setattr(gate, "find_other_versions", lambda _: ["structlog 1 instead of 2"])
        monkeypatch.setattr(gate, "check_instructions", None)

        assert main(["--accept"]) == 1
        assert capsys.readouterr().out.splitlines()[-1].startswith("FAILED: nothing is accepted that was counted with")


class TestOtherVersions:
    """Packages that are not the committed ones."""

    def test_other_version_is_named(self) -> None:
        """Counts with another release of a package are no surprise then."""
        found = find_other_versions("# why\nstructlog==1.2.3\nno-such-package==1.0\n")

        installed = version("structlog")
        assert found == [
            f"structlog {installed} instead of 1.2.3: counts may differ (benchmarks/constraints.txt)",
            "no-such-package none instead of 1.0: counts may differ (benchmarks/constraints.txt)",
        ]

    def test_same_version_is_not(self) -> None:
        """Nothing is said where all is as it was."""
        assert find_other_versions(f"structlog=={version('structlog')}\n") == []
