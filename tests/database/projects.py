"""Projects with migrations as users have them, made in a folder, and processes that migrate."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

__all__ = ["ROOT", "migrating", "project_in", "run_process"]

ROOT = Path(__file__).parents[2]

_PYPROJECT = """
    [tool.alembic]
    script_location = "%(here)s/migrations"
    prepend_sys_path = ["%(here)s"]
"""

_MODELS = """
    from sqlalchemy.orm import Mapped

    from asgi_stack.database import BaseModel


    class Thing(BaseModel):
        __tablename__ = "things"
        name: Mapped[str]
"""

_ENV = """
    from sqlalchemy import MetaData

    from asgi_stack.database import NAMING_CONVENTION
    from asgi_stack.database.migrations import run_migrations
    from models import Thing

    # A project's own tables alone: the process of the tests has others.
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    Thing.__table__.to_metadata(metadata)
    run_migrations(metadata)
"""

_REVISION = """
    import os
    import time

    import sqlalchemy as sa
    from alembic import op

    revision = "0001"
    down_revision = None


    def upgrade():
        op.create_table(
            "things",
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("name", sa.String(), nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_things")),
        )
        print("DDL of", os.getpid(), flush=True)
        time.sleep(float(os.environ.get("DDL_TAKES_S", "0")))


    def downgrade():
        op.drop_table("things")
"""


def project_in(folder: Path) -> Path:
    """Make a project with one model and one revision, and give its pyproject.toml."""
    (folder / "migrations" / "versions").mkdir(parents=True)
    for name, content in {
        "pyproject.toml": _PYPROJECT,
        "models.py": _MODELS,
        "migrations/env.py": _ENV,
        "migrations/versions/0001_things.py": _REVISION,
    }.items():
        (folder / name).write_text(dedent(content))
    (folder / "migrations" / "script.py.mako").write_text((ROOT / "migrations" / "script.py.mako").read_text())
    return folder / "pyproject.toml"


def migrating(folder: Path, url: str, *command: str, **variables: str) -> subprocess.Popen[str]:
    """Start a process in a project: `alembic upgrade head`, unless told otherwise."""
    return subprocess.Popen(
        [sys.executable, "-m", *(command or ("alembic", "upgrade", "head"))],
        cwd=folder,
        env={**os.environ, "ASGI_STACK_DATABASE__URL": url, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_process(folder: Path, url: str, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run such a process to its end."""
    process = migrating(folder, url, *command, **variables)
    out, err = process.communicate(timeout=40)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
