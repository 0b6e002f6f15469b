"""`asgi-stack db`: exit codes, and errors of one line."""

from __future__ import annotations

from pathlib import Path

import alembic
import pytest
import sqlalchemy

from asgi_stack.cli import main
from tests.database.projects import project_in
from tests.log_capture import logging_restored

# What these tests need and the core has not.
NEEDED = (alembic, sqlalchemy)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in the folder of a project with one migration and a SQLite file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASGI_STACK_DATABASE__URL", f"sqlite:///{tmp_path}/things.sqlite3")
    return project_in(tmp_path)


def run(*arguments: str) -> int:
    """Run one command, and leave the process's logging as it was."""
    with logging_restored():
        return main(["db", *arguments])


def test_up_check_current_and_down(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each does its work and says so."""
    codes = [run(*arguments) for arguments in (["upgrade"], ["check"], ["current"], ["downgrade", "base"])]
    out, err = capfd.readouterr()

    assert codes == [0, 0, 0, 0], err
    assert "0001 (head)" in out
    assert "migrations_done" in out


def test_check_of_a_database_that_is_behind(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and one line."""
    code = run("check")
    _, err = capfd.readouterr()

    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("asgi-stack: Target database is not up to date")


def test_check_of_models_that_have_changed(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A column without a migration is found."""
    run("upgrade")
    env = project.parent / "migrations/env.py"
    env.write_text(
        "from sqlalchemy import MetaData, Table, Column, Integer\n"
        "from asgi_stack.database.migrations import run_migrations\n"
        "metadata = MetaData()\nTable('things', metadata, Column('id', Integer, primary_key=True))\n"
        "run_migrations(metadata)\n"
    )
    capfd.readouterr()
    code = run("check")

    assert code == 1
    assert "New upgrade operations detected" in capfd.readouterr().err


def test_unknown_revision(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The line names it."""
    code = run("upgrade", "0815")

    assert code == 1
    assert "0815" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["upgrade"], ["upgrade", "--config", "nowhere.toml"]], ids=["here", "given"])
def test_missing_configuration(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and the file that was looked for."""
    monkeypatch.chdir(tmp_path)
    code = run(*arguments)

    assert code == 2
    assert str(tmp_path) in capfd.readouterr().err


def test_no_database_is_set(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The line names the variable."""
    monkeypatch.delenv("ASGI_STACK_DATABASE__URL")
    code = run("upgrade")

    assert code == 2
    assert "ASGI_STACK_DATABASE__URL" in capfd.readouterr().err


def test_database_that_is_not_there(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, one line with the reason, and no password."""
    monkeypatch.setenv("ASGI_STACK_DATABASE__URL", "postgresql://user:hunter2@127.0.0.1:1/shop")
    code = run("upgrade")
    out, err = capfd.readouterr()

    assert code == 1
    assert err == (
        "asgi-stack: The database is unavailable for the moment (database_error: cannot connect: "
        "ConnectionRefusedError)\n"
    )
    assert "hunter2" not in out


def test_alembic_is_not_installed(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The line names the extra."""
    monkeypatch.setattr("asgi_stack.database.migration_config.find_spec", lambda _name: None)
    code = run("upgrade")

    assert code == 2
    assert "asgi-stack[migrations]" in capfd.readouterr().err
