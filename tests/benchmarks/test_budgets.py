"""The budget: what each row takes from a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks.budgets import BUDGETS
from benchmarks.report_verdicts import Row, Verdict, judge_all
from benchmarks.wire_figures import WireResults
from tests.benchmarks.made_results import empty, full, wire

ROWS = {row.budget.figure: row for row in judge_all(full(), BUDGETS)}


def row(beginning: str) -> Row:
    """Find the one row of a full run that begins so."""
    (found,) = (each for figure, each in ROWS.items() if figure.startswith(beginning))
    return found


class TestRows:
    """The rows as such."""

    def test_figures_are_unique(self) -> None:
        """Nobody has to guess which of two rows is meant."""
        assert len({budget.figure for budget in BUDGETS}) == len(BUDGETS)

    def test_limits_come_in_pairs(self) -> None:
        """A row has what it must reach and a goal, or neither; the goal is the harder one."""
        for budget in BUDGETS:
            assert (budget.must is None) == (budget.goal is None)
            assert budget.must is None or budget.must != budget.goal

    def test_a_full_run_has_every_figure(self) -> None:
        """No row is without its part of the run."""
        assert all(each.measured is not None for each in ROWS.values())

    def test_a_run_of_nothing_has_none(self) -> None:
        """Without measurements there are no figures, and nothing counts as met."""
        rows = judge_all(empty(), BUDGETS)

        assert all(each.measured is None for each in rows)
        assert {each.verdict for each in rows} == {Verdict.NOT_MEASURED, Verdict.NO_BUDGET}


class TestFigures:
    """Where each figure comes from."""

    @pytest.mark.parametrize(
        ("beginning", "measured"),
        [
            pytest.param("the four concerns, added: peers / ours, the same", 3, id="peers"),
            pytest.param("the four concerns, added: peers with 8 log", 2, id="peers as they are"),
            pytest.param("the four concerns, added: peers with secure.py", 4, id="secure"),
            pytest.param("the four concerns, added: four BaseHTTP", 50, id="BaseHTTPMiddleware"),
            pytest.param("the four concerns, added: peers tuned", 2.5, id="peers tuned by hand"),
            pytest.param("without the request line, added / a bare app call", 5 / 2 / 0.6, id="over the budget's bare"),
            pytest.param("without the request line, added / the bare app call of", 5 / 1.5, id="over this run's bare"),
            pytest.param("behind uvicorn, the server's processor time: ours / bare app ¹", 2.5, id="processor time"),
            pytest.param("behind uvicorn, requests/s: ours / bare app with uvicorn's access log ¹", 1.2, id="log"),
            pytest.param("behind uvicorn, requests/s: ours / peers ¹", 1.6, id="requests/s of peers"),
            pytest.param("a streamed chunk", 0.31, id="chunk"),
            pytest.param("an error response without traceback text, added: peers / ours", 70 / 50, id="error"),
            pytest.param("a query", 0.6, id="query"),
            pytest.param("20 response headers", 8, id="response headers"),
            pytest.param("instructions a request, all layers", 80_000, id="instructions"),
            pytest.param("instructions a request, added: peers / ours", 2.5, id="instructions of peers"),
            pytest.param("`import asgi_stack`", 0.35, id="import"),
            pytest.param("`python -c 'import asgi_stack'`", 0.45, id="process"),
            pytest.param("`from asgi_stack import *`", 0.5, id="everything"),
        ],
    )
    def test_is_what_was_measured(self, beginning: str, measured: float) -> None:
        """A ratio, a difference or a time of the right stacks and scenario."""
        found = row(beginning).measured

        assert found is not None
        assert found.median == pytest.approx(measured)

    @pytest.mark.parametrize(
        ("beginning", "judged"),
        [
            pytest.param("a streamed chunk", 0.155, id="chunk"),
            pytest.param("a query", 0.3, id="query"),
            pytest.param("20 response headers", 4, id="response headers"),
            pytest.param("`import asgi_stack`", 0.35, id="import, in seconds as they are"),
        ],
    )
    def test_microseconds_are_judged_as_those_of_the_budgets_machine(self, beginning: str, judged: float) -> None:
        """This machine is half as fast, so half of its time counts."""
        found = row(beginning).judged

        assert found is not None
        assert found.median == pytest.approx(judged)


class TestVerdicts:
    """What a full run comes to."""

    def test_rows_with_limits(self) -> None:
        """Higher is better where the goal is above, lower where it is below."""
        limited = {figure: each.verdict for figure, each in ROWS.items() if each.budget.must is not None}

        assert Counter(limited.values()) == {Verdict.MISSED: 2, Verdict.MUST_MET: 9, Verdict.GOAL_MET: 3}
        missed = [figure for figure, verdict in limited.items() if verdict is Verdict.MISSED]
        assert missed == [
            "an error response without traceback text, added: peers / ours",
            "20 response headers, more than with 2 ³",
        ]

    def test_one_figure_of_each_kind_has_limits(self) -> None:
        """What is there twice is judged once: the other row is for comparison."""
        comparisons = [figure for figure, each in ROWS.items() if each.verdict is Verdict.NO_BUDGET]

        assert sum("requests with ten headers" in figure for figure in comparisons) == 3
        assert not any("requests with ten headers" in figure for figure in ROWS if figure not in comparisons)
        assert sum("import" in figure for figure in comparisons) == 2


class TestSaturation:
    """Servers that had to wait for requests."""

    @pytest.mark.parametrize(
        ("occupied", "doubts"), [(0.97, 0), (0.85, 1)], ids=["enough requests", "too few requests"]
    )
    def test_a_comparison_with_a_server_that_waited_is_doubtful(self, occupied: float, doubts: int) -> None:
        """The row that compares with the bare app says so; those that compare with others do not."""
        found: WireResults = wire(("bare", "ours", "peers", "peers_tuned", "access_log"), 1, occupied=occupied)

        rows = judge_all(replace(full(), wire_host_alone=found), BUDGETS)

        doubtful = [each.budget.figure for each in rows if each.doubt]
        assert doubtful == ["behind uvicorn, the server's processor time: ours / bare app ¹"] * doubts
