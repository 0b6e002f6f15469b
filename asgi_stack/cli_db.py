"""The commands `asgi-stack db ...`: migrations, as Alembic's own command line runs them, with errors of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asgi_stack.logging.configuration import configure_structlog
from asgi_stack.settings import Settings

if TYPE_CHECKING:
    import argparse

__all__ = ["DatabaseCommandError", "add_database_commands"]


class DatabaseCommandError(Exception):
    """A command of `asgi-stack db` failed; its message is one line for a person.

    Attributes:
        exit_code: 1 when the database refused or is not up to date, 2 when the command cannot be run at all.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code


def add_database_commands(parser: argparse.ArgumentParser) -> None:
    """Add upgrade, downgrade, current and check to a parser."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, told in (
        ("upgrade", "bring the tables up to a revision"),
        ("downgrade", "take the tables back to a revision"),
        ("current", "print the revision of the database"),
        ("check", "fail unless the database is up to date and the models are as the migrations"),
    ):
        command = commands.add_parser(name, help=told, description=told)
        command.set_defaults(command=_run, app_dir=".", name=name)
        command.add_argument(
            "--config", metavar="FILE", help="pyproject.toml or alembic.ini; default: the pyproject.toml here"
        )
        if name == "upgrade":
            command.add_argument("revision", nargs="?", default="head", help="up to which; default: head")
        elif name == "downgrade":
            command.add_argument("revision", help="back to which; base: none, -1: one back")


def _run(options: argparse.Namespace) -> None:
    configure_structlog(Settings().resolved_log())
    try:
        _call_alembic(options)
    except ImportError as error:
        raise DatabaseCommandError(str(error), 2) from error


def _call_alembic(options: argparse.Namespace) -> None:
    from asgi_stack.database.migration_config import MigrationsError, alembic_config, check_config  # noqa: PLC0415 - extra
    from asgi_stack.exceptions import AppError  # noqa: PLC0415 - as above

    try:
        config = alembic_config(check_config(options.config))
    except MigrationsError as error:
        raise DatabaseCommandError(str(error), 2) from error
    from alembic import command  # noqa: PLC0415 - of the extra `migrations`
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    revision = (options.revision,) if "revision" in options else ()
    try:
        getattr(command, options.name)(config, *revision)
    except AppError as error:
        facts = ", ".join(f"{name}: {value}" for name, value in error.context.items())
        raise DatabaseCommandError(f"{error.message} ({facts})", 1) from error
    except CommandError as error:
        raise DatabaseCommandError(str(error), 1) from error
    except ValueError as error:
        raise DatabaseCommandError(str(error), 2) from error
