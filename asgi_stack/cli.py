"""The command line: serve any application inside the default stack, draw the stack, or migrate its database.

Exit codes: 0 done; 2 a wrong target, variable or flag; 1 the address cannot be listened on, or the database refused; 3
the application's startup failed. Errors are one line on standard error, after the target's own traceback where its
code failed.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from asgi_stack import __version__
from asgi_stack.cli_db import DatabaseCommandError, add_database_commands
from asgi_stack.pipeline import Pipeline, pipeline_of
from asgi_stack.serving import ServingError, prepare, serve
from asgi_stack.settings import Settings, SettingsError
from asgi_stack.target import TargetError, load_target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: What stands after the program's name; None takes the process's own.

    Returns:
        The exit code.

    Raises:
        SystemExit: For `--help`, `--version`, wrong flags, and when uvicorn gives up.
    """
    options = _parser().parse_args(arguments)
    sys.path.insert(0, str(Path(options.app_dir).resolve()))
    try:
        options.command(options)
    except TargetError as error:
        return _fail(error.trace or "", str(error), 2)
    except SettingsError as error:
        return _fail("", "; ".join(_flag_named(problem) for problem in error.problems), 2)
    except (DatabaseCommandError, ServingError) as error:
        return _fail("", str(error), error.exit_code)
    return 0


def _run(options: argparse.Namespace) -> None:
    given = {name: getattr(options, name) for name in ("host", "port", "workers")}
    server = {name: value for name, value in given.items() if value is not None}
    serve(options.target, Settings(server=server), factory=options.factory)


def _show(options: argparse.Namespace) -> None:
    app = prepare(load_target(options.target, factory=options.factory), Settings())
    print((pipeline_of(app) or Pipeline()).draw(options.target))  # noqa: T201 - what the command is for


def _flag_named(problem: str) -> str:
    """Name the flag that a wrong value came from: the keywords of the server's group come from flags alone."""
    return re.sub(r"^server\.", "--", problem)


def _fail(trace: str, line: str, code: int) -> int:
    sys.stderr.write(f"{trace}asgi-stack: {line}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asgi-stack", description="Ids, structured logs, security headers and one error contract for any ASGI app."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    served = "serve an application inside the default stack, with uvicorn"
    run = _with_target(commands.add_parser("run", help=served, description=served), _run)
    run.add_argument("--host", help="address to listen on; default: ASGI_STACK_SERVER__HOST, else 127.0.0.1")
    run.add_argument("--port", type=int, help="port to listen on; default: ASGI_STACK_SERVER__PORT, else 8000")
    run.add_argument("--workers", type=int, help="processes; default: ASGI_STACK_SERVER__WORKERS, else 1")
    drawn = "draw the stack around an application, outermost first"
    _with_target(commands.add_parser("show", help=drawn, description=drawn), _show)
    migrated = "run the database's migrations, of the [tool.alembic] in the pyproject.toml here"
    add_database_commands(commands.add_parser("db", help=migrated, description=migrated))
    return parser


def _with_target(
    parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], None]
) -> argparse.ArgumentParser:
    parser.set_defaults(command=command)
    parser.add_argument("target", metavar="TARGET", help="module:attribute, such as mypackage.web:app")
    parser.add_argument("--factory", action="store_true", help="the attribute is a function that makes the application")
    parser.add_argument("--app-dir", default=".", metavar="DIR", help="where to look for the module; default: here")
    return parser
