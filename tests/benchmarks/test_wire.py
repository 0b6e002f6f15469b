"""The measurement behind uvicorn: a short one of real servers, and what it does when something is wrong."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out
import uvicorn  # noqa: F401 - as Secweb

from benchmarks import wire
from benchmarks.load import Load
from benchmarks.rounds import Estimate
from benchmarks.serve import FLOOR
from benchmarks.stacks import STACKS
from benchmarks.wire import WireError, measure_wire, render_table
from benchmarks.wire_figures import WireResults, WireRound, ratio, round_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it needs epoll and /proc")


@pytest.fixture(scope="module")
def results() -> WireResults:
    """Measure once for all tests of this module."""
    affinity = os.sched_getaffinity(0)

    found = measure_wire(["ours", FLOOR], rounds=1, seconds=0.05)

    assert os.sched_getaffinity(0) == affinity
    assert found.request_headers == 10
    return found


class TestMeasurement:
    """`measure_wire`."""

    def test_gives_positive_figures(self, results: WireResults) -> None:
        """Each stack has figures, those of the bare app too, which nobody asked for."""
        assert list(results.stacks) == ["bare", "ours", FLOOR]
        for stack in results.stacks.values():
            (only,) = stack.rounds
            assert only.requests >= results.connections
            for field in dataclasses.fields(only):
                assert getattr(only, field.name) > 0, field.name
            assert stack.p50_us.median <= stack.p99_us.median
            assert stack.cpu_us_per_request.median == only.cpu_us_per_request

    def test_compares_with_the_bare_app(self, results: WireResults) -> None:
        """Ratios are those of the same round."""
        bare, ours = results.stacks["bare"], results.stacks["ours"]

        assert bare.cpu_to_bare.median == bare.requests_to_bare.median == 1
        expected = ours.rounds[0].cpu_us_per_request / bare.rounds[0].cpu_us_per_request
        assert ours.cpu_to_bare.median == expected
        assert results.ratio("cpu_us_per_request", "ours", "bare").median == expected

    def test_lets_the_floor_send_what_ours_sends(self, results: WireResults) -> None:
        """The floor's responses are as long as ours, and nothing is logged for them."""
        floor, ours = results.stacks[FLOOR], results.stacks["ours"]

        assert floor.response_bytes == ours.response_bytes > results.stacks["bare"].response_bytes
        assert (floor.lines_per_request, ours.lines_per_request) == (0, 1)

    def test_can_be_dumped(self, results: WireResults) -> None:
        """The results are plain data."""
        dumped = json.loads(json.dumps(dataclasses.asdict(results)))

        assert dumped["stacks"]["ours"]["cpu_to_bare"]["median"] == results.stacks["ours"].cpu_to_bare.median

    def test_is_shown_as_a_table(self, results: WireResults) -> None:
        """The table has a head, and one row a stack with its title."""
        head, rule, *rows = render_table(results).splitlines()

        assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == [
            stack.title for stack in results.stacks.values()
        ]
        assert {row.count("|") for row in (head, rule, *rows)} == {head.count("|")}

    def test_refuses_a_stack_that_is_not_there(self) -> None:
        """A wrong name is told before anything is started."""
        with pytest.raises(ValueError, match="no stack nonsense; there are bare"):
            measure_wire(["ours", "nonsense"])

    def test_raises_where_lines_are_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A stack that should write a line for each request, and does not, is no result."""
        silent = dataclasses.replace(STACKS["bare"], logs_requests=True)
        monkeypatch.setattr(wire, "STACKS", {"bare": silent})

        with pytest.raises(WireError, match=r"bare wrote 0 lines for \d+ requests"):
            measure_wire(["bare"], rounds=1, seconds=0, host_alone=True)

    @pytest.mark.parametrize(
        ("busy", "expected"),
        [
            pytest.param(0.97, "", id="saturated"),
            pytest.param(
                0.6, "\nToo few requests came to them: ratios to or of these stacks do not hold: bare\n", id="waiting"
            ),
        ],
    )
    def test_tells_which_ratios_do_not_hold(
        self,
        results: WireResults,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        busy: float,
        expected: str,
    ) -> None:
        """A stack whose server waited for requests is named below the table."""
        bare = dataclasses.replace(results.stacks["bare"], server_occupied=Estimate(busy, busy, busy))
        found = dataclasses.replace(results, stacks={"bare": bare})
        monkeypatch.setattr(wire, "measure_wire", lambda *_, **__: found)

        wire.main([])

        assert capsys.readouterr().out == render_table(found) + expected

    def test_prints_a_table(
        self, results: WireResults, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The command hands its arguments on, and writes the table to standard output."""
        asked: list[object] = []

        def pretend(*arguments: object, host_alone: bool) -> WireResults:
            asked.extend([*arguments, host_alone])
            return results

        monkeypatch.setattr(wire, "measure_wire", pretend)
        wire.main(["ours", "--rounds", "2", "--seconds", "0.5", "--host-alone"])

        assert asked == [["ours"], 2, 0.5, True]
        assert capsys.readouterr().out.startswith(render_table(results))


class TestSaturation:
    """Rounds in which the server waited for requests."""

    @pytest.mark.parametrize(
        ("occupied", "counts"),
        [
            pytest.param([0.95, 0.99], 0.95, id="the first has enough"),
            pytest.param([0.5, 0.97, 0.99], 0.97, id="the second has enough"),
            pytest.param([0.5, 0.7, 0.6, 0.99], 0.6, id="none of three has enough"),
        ],
    )
    def test_are_measured_again(self, occupied: list[float], counts: float) -> None:
        """A round that says little is replaced, but not without end."""
        rounds = (dataclasses.replace(_round(1), server_occupied=each) for each in occupied)

        class Target:
            """Gives one round after the other."""

            def measure(self, seconds: float) -> WireRound:
                return next(rounds)

        assert wire._saturated(Target(), 0.1).server_occupied == counts  # type: ignore[arg-type]  # noqa: SLF001

    def test_waiting_for_the_processor_is_no_waiting_for_requests(self) -> None:
        """Half of the time on a processor, and almost all of the rest in its queue."""
        load = Load(latencies_us=[1.0], elapsed_s=1.0, client_cpu_ns=1)

        found = round_of(load, 500_000_000, 450_000_000)

        assert (found.server_busy, found.server_occupied) == (0.5, 0.95)


def test_compares_round_by_round() -> None:
    """A ratio is the median of the rounds' ratios, not the ratio of the medians."""
    ours = [_round(30), _round(200), _round(90)]
    bare = [_round(10), _round(100), _round(10)]

    assert ratio("cpu_us_per_request", ours, bare).median == 3


def _round(cpu_us: float) -> WireRound:
    return WireRound(
        requests=1,
        cpu_us_per_request=cpu_us,
        requests_per_second=1.0,
        p50_us=1.0,
        p99_us=1.0,
        server_busy=1.0,
        server_occupied=1.0,
        client_cpu_us_per_request=1.0,
    )
