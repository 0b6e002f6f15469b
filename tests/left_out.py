"""What a run of the tests leaves out is said at its end, also where workers of pytest-xdist have left it out."""

from __future__ import annotations

from typing import Any

import pytest

LINES = pytest.StashKey[list[str]]()


class LeftOutPlugin:
    """Carry the lines from the workers to the process that prints, and print them there."""

    def __init__(self, config: pytest.Config) -> None:
        config.stash[LINES] = []

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's lines over."""
        output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["left_out"] = session.config.stash[LINES]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401 - xdist has no types
        """Take them over from the first worker that ends; all of them leave the same out."""
        del error
        lines = node.config.stash[LINES]
        lines[:] = lines or getattr(node, "workeroutput", {}).get("left_out", [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Name what was left out, so that nothing is lost without a word."""
        for line in config.stash[LINES]:
            terminalreporter.write_line(line)


def leave_out(config: pytest.Config, line: str) -> None:
    """Say at the end of the run what was left out, and why."""
    if line not in config.stash[LINES]:
        config.stash[LINES].append(line)
