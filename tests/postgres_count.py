"""Tell at the end of a run which PostgreSQL it had, and how many tests asked it; too few of them fail the run.

Tests that are left out by mistake, by a fixture or a condition that is wrong, would otherwise be missed by nobody.
"""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec
from typing import Any, Final

import pytest

__all__ = ["AT_LEAST", "PostgresCountPlugin"]

AT_LEAST: Final = 150
"""How many tests of a whole run ask PostgreSQL. More are welcome; who takes one away lowers it here.

A few more count in one run than in the next: the first test of a process connects to make the tables, whatever it is
about.
"""

_PROPERTY: Final = "postgresql"


class PostgresCountPlugin:
    """Count the tests that connected to a PostgreSQL, in this process or in one of pytest-xdist's.

    Args:
        config: Of this run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._connected_to: set[str] = set()
        self._versions: dict[str, str] = {}
        # Of a part of the tests nobody can say how many there should be.
        is_whole = config.args_source is not pytest.Config.ArgsSource.ARGS
        self._is_judge = config.getoption("--postgres") and is_whole and not hasattr(config, "workerinput")
        if find_spec("sqlalchemy"):
            self._listen()

    def _listen(self) -> None:
        from sqlalchemy import Pool, event  # noqa: PLC0415 - the core's tests run without it

        event.listen(Pool, "connect", self._note)

    def _note(self, connection: Any, _record: object) -> None:  # noqa: ANN401 - each driver's own
        driver: Any = getattr(connection, "driver_connection", None)
        if type(driver).__module__.startswith("asyncpg."):
            self._connected_to.add(driver.get_settings().server_version.partition(" ")[0])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin a test: its fixtures may connect already."""
        self._connected_to.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Hand on what the test was connected to, across processes."""
        result = yield
        item.user_properties += [(_PROPERTY, version) for version in self._connected_to]
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test once it has passed."""
        if report.when == "call" and report.passed:
            versions = (str(value) for name, value in report.user_properties if name == _PROPERTY)
            self._versions |= dict.fromkeys([report.nodeid], version) if (version := next(versions, "")) else {}

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a whole run in which too few tests were connected."""
        if self._is_missing() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say how many, and which version."""
        if self._versions:
            versions = ", ".join(sorted(set(self._versions.values())))
            terminalreporter.write_line(f"{len(self._versions)} tests asked PostgreSQL {versions}")
        if self._is_missing():
            terminalreporter.write_line(f"ERROR: at least {AT_LEAST} should: tests/postgres_count.py", red=True)

    def _is_missing(self) -> bool:
        return bool(self._is_judge) and len(self._versions) < AT_LEAST
