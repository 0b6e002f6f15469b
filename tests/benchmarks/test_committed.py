"""What a count is compared with, and how a rise must be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.committed import Figures, find_unexplained_rises, judge

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"


def figures(**histories: dict[str, list[int]]) -> Figures:
    """Make committed figures."""
    return Figures(histories)


class TestJudge:
    """One count against one figure."""

    @pytest.mark.parametrize(
        ("count", "text", "has_failed"),
        [
            pytest.param(103_100, "FAILED", True, id="3.1 % over"),
            pytest.param(102_900, "ok", False, id="2.9 % over"),
            pytest.param(100_000, "ok", False, id="the same"),
            pytest.param(97_100, "ok", False, id="2.9 % under"),
            pytest.param(95_000, "now 5.0% below: run `python -m benchmarks.gate --accept`", False, id="5 % under"),
        ],
    )
    def test_three_percent_decide(self, count: int, text: str, has_failed: bool) -> None:
        """A count fails when it is more than 3 % over the committed one; one far below is to be accepted."""
        verdict = judge(count, 100_000, 0.03)

        assert (verdict.text, verdict.has_failed) == (text, has_failed)

    def test_nothing_to_compare_with(self) -> None:
        """A figure that is not committed cannot fail."""
        verdict = judge(100_000, None, 0.03)

        assert (verdict.text, verdict.change_text, verdict.has_failed) == ("not committed", "-", False)

    def test_figure_that_is_shown_only(self) -> None:
        """The bare app's count never fails, since nothing of it is the stack's."""
        verdict = judge(120_000, 100_000, 0.03, is_gated=False)

        assert (verdict.text, verdict.change_text, verdict.has_failed) == ("differs", "+20.0%", False)


class TestComparison:
    """Which figures a version of Python is compared with."""

    def test_same_version(self) -> None:
        """Figures of the very version hold without a remark, within 3 %."""
        comparison = figures(bare={"3.11.7": [9_000], "3.11.6": [8_000]}).comparison("3.11.7", 9_050)

        assert (comparison.version, comparison.limit, comparison.remark) == ("3.11.7", 0.03, "")

    def test_nearest_patch(self) -> None:
        """Another patch of the same minor version stands in, within 10 %, and it is said."""
        known = figures(bare={"3.11.2": [9_000], "3.11.7": [9_000], "3.12.8": [9_000]})

        comparison = known.comparison("3.11.9", 9_000)

        assert (comparison.version, comparison.limit) == ("3.11.7", 0.10)
        assert comparison.remark == "no figures for Python 3.11.9: those of 3.11.7, the limit is 10%"

    def test_other_build(self) -> None:
        """Where the bare app's count is another, Python was built in another way: the limit is wide, and it is said."""
        comparison = figures(bare={"3.11.7": [9_000]}).comparison("3.11.7", 8_000)

        assert (comparison.version, comparison.limit) == ("3.11.7", 0.10)
        assert comparison.remark == (
            "another build of Python 3.11.7: bare app 8,000 instead of 9,000, the limit is 10%"
        )

    @pytest.mark.parametrize("version", ["3.13.0", "3.14.0rc2"])
    def test_no_neighbour(self, version: str) -> None:
        """Figures of other minor versions are never compared, and it is said."""
        comparison = figures(bare={"3.11.7": [9_000]}).comparison(version, 9_000)

        assert comparison.version is None
        assert comparison.remark == f"no figures for Python {version} nor its neighbours: nothing is compared"


class TestRatioToPeers:
    """What holds on any Python."""

    def test_least_ratio_of_all_versions_less_a_tenth(self) -> None:
        """Of two versions the one where ours gains least decides, with room for builds that nobody has counted."""
        known = figures(
            peers={"3.11.7": [300_000], "3.12.1": [250_000, 240_000]},
            four_layers={"3.11.7": [100_000], "3.12.1": [90_000, 80_000], "3.13.0": [70_000]},
        )

        assert known.peers_ratio_floor == pytest.approx(2.7)

    @pytest.mark.parametrize("known", [{}, {"peers": {"3.11.7": [1]}}], ids=["nothing", "peers alone"])
    def test_nothing_to_compare_with(self, known: dict[str, dict[str, list[int]]]) -> None:
        """Before anything is accepted there is no floor."""
        assert figures(**known).peers_ratio_floor is None


class TestAccepted:
    """What is taken over."""

    def test_what_differs_is_appended(self) -> None:
        """What rose by more than the limit, and what fell, is the last of its history then."""
        before = figures(up={"3.11.7": [100_000]}, down={"3.11.7": [120_000, 100_000]})

        after = before.accepted("3.11.7", {"up": 103_100, "down": 99_000})

        assert after.instructions == {
            "up": {"3.11.7": [100_000, 103_100]},
            "down": {"3.11.7": [120_000, 100_000, 99_000]},
        }
        assert before.current("up", "3.11.7") == 100_000

    def test_small_rises_do_not_add_up(self) -> None:
        """A rise within the limit, and noise, leave the committed figure as it is."""
        before = figures(up={"3.11.7": [100_000]}, down={"3.11.7": [100_000]})

        after = before.accepted("3.11.7", {"up": 102_900, "down": 99_900})

        assert after.instructions == before.instructions

    def test_what_is_not_ours_is_taken_as_it_is(self) -> None:
        """The bare app and peers have no limit: what else is compared with them must be of the same day."""
        before = figures(bare={"3.11.7": [9_000]}, peers={"3.11.7": [200_000]})

        after = before.accepted("3.11.7", {"bare": 9_100, "peers": 200_100})

        assert after.instructions == {"bare": {"3.11.7": [9_000, 9_100]}, "peers": {"3.11.7": [200_000]}}

    def test_new_version_begins_a_history(self) -> None:
        """A version that had no figures has its own from then on."""
        after = figures(up={"3.11.7": [100_000]}).accepted("3.12.1", {"up": 90_000, "new": 7})

        assert after.instructions == {"up": {"3.11.7": [100_000], "3.12.1": [90_000]}, "new": {"3.12.1": [7]}}


class TestFile:
    """The committed file."""

    def test_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        """A file keeps every history, each on one line."""
        path = tmp_path / "figures.json"
        written = figures(up={"3.11.7": [100_000, 103_100], "3.12.1": [90_000]})

        written.write(path)

        assert Figures.read(path) == written
        assert '    "3.11.7": [100000, 103100],\n' in path.read_text()

    def test_committed_rises_are_in_the_changelog(self) -> None:
        """Whoever lets a request cost more has told the users."""
        assert find_unexplained_rises(Figures.read(), CHANGELOG.read_text()) == []


class TestUnexplainedRises:
    """Rises that nobody was told of."""

    @pytest.mark.parametrize(
        ("changelog", "is_explained"),
        [
            pytest.param("- `context`: a request takes 62,500 instructions, since ids are checked.", True, id="named"),
            pytest.param("- a request takes 62,500\n  instructions", True, id="over two lines"),
            pytest.param("- a request takes 1,062,500 instructions", False, id="the end of another number"),
            pytest.param("- a request takes more instructions", False, id="without the number"),
        ],
    )
    def test_rise_needs_its_number(self, changelog: str, is_explained: bool) -> None:
        """A count above the one before must stand in the changelog."""
        risen = figures(four_layers={"3.11.7": [70_000, 60_000, 62_500]})

        found = find_unexplained_rises(risen, changelog)

        assert found == ([] if is_explained else ["four_layers, Python 3.11.7: 62,500 instructions"])

    def test_fall_needs_nothing(self) -> None:
        """A count below the one before needs no words."""
        assert find_unexplained_rises(figures(four_layers={"3.11.7": [70_000, 60_000]}), "") == []
