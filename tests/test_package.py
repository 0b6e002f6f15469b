"""The package as its users install and import it."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata, resources
from pathlib import Path

import pytest

import asgi_stack

CHECKOUT = Path(__file__).parents[1]

IMPORT_LIMIT_S = 0.4

TESTED_EXTRAS = ("database", "migrations", "postgres", "server", "sqlite")
"""Those of the package itself; the demos' are the frameworks' business."""

OPTIONAL_MODULES = {
    "aiosqlite",
    "alembic",
    "asyncpg",
    "django",
    "fastapi",
    "google",
    "granian",
    "grpc",
    "httptools",
    "httpx",
    "hypercorn",
    "litestar",
    "opentelemetry",
    "quart",
    "sentry_sdk",
    "sqlalchemy",
    "starlette",
    "uvicorn",
    "uvloop",
    "websockets",
}
"""What asgi_stack may use but must not import before it is asked to."""


def run_isolated(code: str) -> str:
    """Run code in a fresh interpreter that sees installed packages alone, unmeasured; give what it prints."""
    environment: Mapping[str, str] = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    command = [sys.executable, "-I", "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("statement", ["import asgi_stack", "from asgi_stack import *"])
def test_importing_the_package_imports_no_optional_module(statement: str) -> None:
    """Neither the package nor any of its public names needs an optional dependency, installed or not."""
    loaded = run_isolated(f"{statement}; import sys; print(*sys.modules)").split()

    assert "asgi_stack" in loaded
    assert OPTIONAL_MODULES.isdisjoint(loaded)


def test_importing_the_package_is_quick() -> None:
    """`import asgi_stack` takes at most 0.4 s; the best of five counts, since the machine may be busy."""
    code = "from time import perf_counter as t; start = t(); import asgi_stack; print(t() - start)"

    best_s = min(float(run_isolated(code)) for _ in range(5))

    assert best_s <= IMPORT_LIMIT_S


@pytest.mark.parametrize("name", asgi_stack.__all__)
def test_every_public_name_imports(name: str) -> None:
    """Each name of `__all__` can be had from the package, and `dir()` shows it."""
    assert hasattr(asgi_stack, name)
    assert name in dir(asgi_stack)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Asking the package for a name it does not have names both."""
    with pytest.raises(AttributeError, match=r"'asgi_stack'.*'no_such_name'"):
        asgi_stack.no_such_name  # noqa: B018 - the access is the test


def test_version_is_stated_once() -> None:
    """The distribution carries the version that the package names."""
    assert metadata.version("asgi-stack") == asgi_stack.__version__


def test_type_checkers_are_told_of_the_annotations() -> None:
    """The package ships `py.typed` (PEP 561)."""
    assert resources.files("asgi_stack").joinpath("py.typed").is_file()


def test_nothing_else_is_installed() -> None:
    """The demo, its migrations and the tests stay in the checkout."""
    installed = {path.parts[0] for path in metadata.files("asgi-stack") or ()}

    assert installed
    assert installed.isdisjoint({"app", "benchmarks", "docs", "migrations", "tests"})


def test_extras_are_those_of_the_readme() -> None:
    """The documented extras exist."""
    extras = metadata.metadata("asgi-stack").get_all("Provides-Extra", [])

    assert {"all", "demo", "dev", "server"} <= set(extras)


def test_console_script_starts() -> None:
    """`asgi-stack` is installed and leads to a function."""
    (script,) = metadata.entry_points(group="console_scripts", name="asgi-stack")

    assert callable(script.load())


def test_lower_bounds_are_the_tested_ones() -> None:
    """The `lowest` environment of tox installs exactly the lower bounds that pyproject.toml promises."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(CHECKOUT / "tox.ini")

    extras = project["optional-dependencies"]
    bounds = [*project["dependencies"], *(bound for extra in TESTED_EXTRAS for bound in extras[extra])]
    promised = [bound.replace(">=", "==") for bound in bounds if not bound.startswith("asgi-stack[")]

    assert sorted(tox["testenv:lowest"]["deps"].split()) == sorted(promised)
