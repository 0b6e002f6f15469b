"""Find Alembic's configuration, and say clearly what is missing."""

from __future__ import annotations

import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["MigrationsError", "alembic_config", "check_config"]

DEFAULT: Final = Path("pyproject.toml")


class MigrationsError(RuntimeError):
    """Migrations cannot be run or are not up to date; the message says what to do."""


def check_config(path: Path | str | None) -> Path:
    """Give the file of the configuration, absolute; None is the pyproject.toml in the current folder.

    Raises:
        ImportError: Alembic is not installed.
        MigrationsError: There is no such file, or a pyproject.toml says nothing of Alembic.
    """
    if find_spec("alembic") is None or find_spec("filelock") is None:
        raise ImportError("migrations need Alembic: pip install 'asgi-stack[migrations]'")
    found = Path(path or DEFAULT).absolute()
    if not found.is_file():
        raise MigrationsError(f"there is no {found}: give the pyproject.toml or alembic.ini of the migrations")
    if found.suffix == ".toml":
        _check_table(found)
    return found


def alembic_config(path: Path) -> Config:
    """Read a configuration that `check_config` found."""
    from alembic.config import Config  # noqa: PLC0415 - takes most of a second, and few processes migrate

    # Its own default is what standard output was when Alembic was imported.
    if path.suffix == ".toml":
        return Config(toml_file=path, stdout=sys.stdout)
    return Config(path, stdout=sys.stdout)


def _check_table(path: Path) -> None:
    try:
        tool: object = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("alembic", {}).get("script_location")
    except tomllib.TOMLDecodeError as error:
        raise MigrationsError(f"{path} cannot be read: {error}") from None
    if not tool:
        raise MigrationsError(f'{path} has no script_location in [tool.alembic], such as "%(here)s/migrations"')
