"""The application that servers find under `app.main:app`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import asgi_stack

STACK = ["LIFESPAN", "HEADERS", "CONTEXT", "HEALTH", "LOGGING", "ERRORS", "DATABASE", "app"]
CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("variables", "name"), [({}, "demo"), ({"ASGI_STACK_SERVICE__NAME": "shop"}, "shop")], ids=["default", "variable"]
)
def test_demo_is_wrapped_under_its_name(tmp_path: Path, variables: dict[str, str], name: str) -> None:
    """The demo stands in the whole stack, is production when nobody says else, and has a name that can be changed."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ASGI_STACK_")}
    search = {"PYTHONPATH": str(Path(asgi_stack.__file__).parents[1])}

    # In a process of its own: the import configures the logging of the process.
    drawn = subprocess.run(
        [sys.executable, "-m", "asgi_stack", "show", "app.main:app", "--app-dir", str(CHECKOUT)],
        cwd=tmp_path,
        env={**inherited, **search, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout

    assert [line.split()[0] for line in drawn.splitlines()] == STACK
    assert f"service_info=ServiceInfo(name={name!r}, " in drawn
    assert f"version={asgi_stack.__version__!r}" in drawn
    assert "environment='production'" in drawn
