"""The fault table tells of each row no more than what ran."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.faults.ledger import Ledger, Result, row_number, state_of
from tests.faults.rows import ROWS, Row

ROW = Row(7, "title", in_process="a reason")
OPEN = Row(34, "title", open="needs a thing")
PASSED, FAILED, EXPECTED = (Result("", "passed"), Result("", "failed"), Result("", "expected"))


def over(kind: str) -> Result:
    """Give a test that passed over a socket."""
    return Result(kind, "passed")


def functions() -> set[str]:
    """Name all test functions of this folder but those of this file."""
    paths = [path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in nodes if isinstance(node, kinds) and node.name.startswith("test_")}


@pytest.mark.parametrize(
    ("row", "results", "state"),
    [
        (ROW, [over("a"), over("b"), over("a")], "holds over a socket: a, b"),
        (ROW, [over("a"), PASSED], "holds over a socket: a; some in process, because a reason"),
        (ROW, [PASSED], "holds in process, because a reason"),
        (Row(8, "title"), [PASSED], "holds in process, because its tests over a socket did not run"),
        (Row(8, "title", missing="a part"), [over("a")], "holds over a socket: a; open: a part"),
        (ROW, [over("a"), FAILED, Result("b", "failed")], "FAILS: in process, b"),
        (ROW, [], "open: not run"),
        (OPEN, [], "open: needs a thing"),
        (OPEN, [over("a"), EXPECTED], "open: needs a thing"),
        (OPEN, [over("a")], "holds over a socket: a; rows.py still calls it open"),
        (OPEN, [over("a"), FAILED], "FAILS: in process"),
    ],
    ids=range(11),
)
def test_state_comes_from_what_ran(row: Row, results: list[Result], state: str) -> None:
    """One failure makes a row fail, one expected failure leaves it open, and nothing holds that did not run."""
    assert state_of(row, results) == state


def test_table_has_every_row_once() -> None:
    """The list has 50 rows in order, each on a line of its own, whatever ran."""
    ledger = Ledger()
    ledger.note(3, "uvicorn", "passed")

    lines = list(ledger.lines())

    assert [int(line[:2]) for line in lines] == [row.number for row in ROWS] == list(range(1, 51))
    assert lines[2].endswith("holds over a socket: uvicorn")


def test_every_test_belongs_to_a_row() -> None:
    """Each test of the folder names a row of the table, and each row that is not open has tests."""
    numbers = {name: row_number(name) for name in functions()}

    assert [name for name, number in numbers.items() if number is None] == []
    assert {row.number for row in ROWS if not row.open} <= set(numbers.values())
