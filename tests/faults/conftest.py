"""One server of each kind for the whole fault table, and the table itself at the end of the run."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

import pytest

from tests.faults.ledger import Ledger, row_number
from tests.faults.rows import ROWS
from tests.integration.servers import KINDS, Server, ServerKind, serving
from tests.left_out import leave_out

FAULT_KINDS: Final = tuple(
    replace(kind, name=kind.name.removesuffix("-asyncio"))
    for kind in KINDS
    if kind.name in ("uvicorn-h11-asyncio", "uvicorn-httptools-asyncio", "hypercorn")
)
LEDGER: Final = pytest.StashKey[Ledger]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin the table."""
    config.stash[LEDGER] = Ledger()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a kind of server, or for a server, with each of them."""
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", FAULT_KINDS, ids=lambda kind: kind.name, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a server unless --faults is given, and expect the tests of open rows to fail."""
    needs_server = [item for item in items if _is_fault_test(item) and _kind_of(item)]
    if not config.getoption("--faults") and needs_server:
        leave_out(config, f"left out without --faults: {len(needs_server)} tests of tests/faults that need a server")
        config.hook.pytest_deselected(items=needs_server)
        items[:] = [item for item in items if item not in set(needs_server)]
    reasons = {row.number: row.open for row in ROWS}
    for item in filter(_is_fault_test, items):
        number = row_number(item.name)
        if number is not None and reasons[number]:
            item.add_marker(pytest.mark.xfail(reason=f"row {number} {reasons[number]}", strict=False))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note in the table what each test came to."""
    report = yield
    number = row_number(item.name)
    if number is not None and (report.when == "call" or report.outcome != "passed"):
        is_expected = report.skipped and hasattr(report, "wasxfail")
        outcome = "expected" if is_expected else "passed" if report.passed else "failed"
        item.config.stash[LEDGER].note(number, _kind_of(item), outcome)  # type: ignore[arg-type]  # one of the three
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """Show the table below all else."""
    yield
    if config.getoption("--faults"):
        terminalreporter.section("fault table")
        for line in config.stash[LEDGER].lines():
            terminalreporter.write_line(line)


def _is_fault_test(item: pytest.Item) -> bool:
    return item.path.is_relative_to(__file__.rpartition("/")[0])


def _kind_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    kind = callspec.params.get("kind") if callspec else None
    return kind.name if isinstance(kind, ServerKind) else ""


@pytest.fixture(scope="session")
def shared_server(kind: ServerKind) -> Iterator[Server]:
    """Serve the app with all faults."""
    with serving(kind, "tests.faults.apps:app") as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """Give the server of all faults, and see that it wrote nothing but the stack's and the app's lines."""
    yield shared_server
    assert shared_server.take_noise() == []


@pytest.fixture(scope="session")
def bare(kind: ServerKind) -> Iterator[Server]:
    """Serve the same app without the stack."""
    with serving(kind, "tests.faults.apps:bare") as server:
        yield server
