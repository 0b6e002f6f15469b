"""What every test shares: the rules of property tests, and the run without extras."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.left_out import LeftOutPlugin, leave_out
from tests.log_capture import log_lines
from tests.postgres_count import PostgresCountPlugin

# Same examples on every machine, and no clock: a busy machine must not fail a property.
hypothesis.settings.register_profile("asgi_stack", derandomize=True, deadline=None)
hypothesis.settings.load_profile("asgi_stack")

__all__ = ["log_lines"]

# Its fixtures need what the core has not.
pytest_plugins = ["asgi_stack.testing.pytest_plugin"] if find_spec("sqlalchemy") and find_spec("asyncpg") else []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that single environments of tox use."""
    parser.addoption("--core", action="store_true", help="leave out test files that import what is not installed")
    parser.addoption("--browser", action="store_true", help="run tests/browser in a real browser")
    parser.addoption("--postgres", action="store_true", help="fail where fewer tests ask PostgreSQL than are committed")
    parser.addoption("--load", action="store_true", help="run tests/load, which takes minutes, and show its figures")
    parser.addoption("--faults", action="store_true", help="run tests/faults against real servers, and show its table")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the lists of what is left out, and of what has a database."""
    config.pluginmanager.register(LeftOutPlugin(config))
    config.pluginmanager.register(PostgresCountPlugin(config))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that --core is about; None leaves the others to pytest."""
    if not config.getoption("--core") or not collection_path.match("test_*.py"):
        return None
    if can_be_imported(collection_path.read_text()):
        return None
    _leave_out(config, collection_path)
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the examples that --core is about, as whole files are."""
    if not config.getoption("--core"):
        return
    left_out = [item for item in items if not can_be_imported(example_of(item).get("source", ""))]
    for item in left_out:
        _leave_out(config, example_of(item)["page"])
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _leave_out(config: pytest.Config, path: Path) -> None:
    leave_out(config, f"left out, needs more than the core: {path.relative_to(config.rootpath)}")


def example_of(item: pytest.Item) -> dict[str, Any]:
    """Give the page and the source of a test that runs an example; nothing for any other test."""
    params: dict[str, Any] = (
        item.callspec.params if item.path.name == "test_docs.py" and hasattr(item, "callspec") else {}
    )
    return params


def can_be_imported(source: str) -> bool:
    """Tell whether all top-level packages that a program imports at its beginning are installed."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return all(find_spec(name) for name in names)
