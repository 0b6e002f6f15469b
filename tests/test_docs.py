"""The examples of the README and of docs/ run as they are printed."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.log_capture import logging_restored

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks() -> Iterator[object]:
    """Give each Python block with its place, line for line where it stands in its page."""
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start(2))
            yield pytest.param(page, line, textwrap.dedent(found[2]), id=f"{page.relative_to(ROOT)}:{line + 1}")


@pytest.mark.parametrize(("page", "line", "source"), list(blocks()))
def test_example_runs(page: Path, line: int, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block is a program of its own: it compiles, runs, and its assertions hold."""
    if "asgi_stack.database" in source:
        run_alone(page, line, source)
        return
    # Litestar reads the types of a handler in the module that it is from.
    module = ModuleType("example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    code = compile("\n" * line + source, str(page), "exec", dont_inherit=True)

    with logging_restored():
        exec(code, vars(module))  # noqa: S102 - the pages are ours


def run_alone(page: Path, line: int, source: str) -> None:
    """Run a block in a process of its own: the tables of its models would be there for all that come after."""
    code = f"exec(compile({chr(10) * line + source!r}, {str(page)!r}, 'exec'))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that exists."""
    targets = LINK.findall(page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []
