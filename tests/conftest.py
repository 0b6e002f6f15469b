"""What every test shares: the rules of property tests, and the run without extras."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

from tests.log_capture import log_lines

# Same examples on every machine, and no clock: a busy machine must not fail a property.
hypothesis.settings.register_profile("asgi_stack", derandomize=True, deadline=None)
hypothesis.settings.load_profile("asgi_stack")

__all__ = ["log_lines"]

LEFT_OUT = pytest.StashKey[list[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that single environments of tox use."""
    parser.addoption("--core", action="store_true", help="leave out test files that import what is not installed")
    parser.addoption("--faults", action="store_true", help="run tests/faults against real servers, and show its table")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the list of what --core leaves out."""
    config.stash[LEFT_OUT] = []


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that --core is about; None leaves the others to pytest."""
    if not config.getoption("--core") or not collection_path.match("test_*.py"):
        return None
    if all(find_spec(name) for name in imported_packages(collection_path)):
        return None
    config.stash[LEFT_OUT].append(collection_path)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out, so that nothing is lost without a word."""
    for path in config.stash[LEFT_OUT]:
        terminalreporter.write_line(f"left out, needs more than the core: {path.relative_to(config.rootpath)}")


def imported_packages(path: Path) -> set[str]:
    """Name the top-level packages that a file imports when it is loaded."""
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
