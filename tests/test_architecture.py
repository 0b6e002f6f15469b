"""The rules of the house that no linter knows, read off the syntax trees."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import asgi_stack

PACKAGE = Path(asgi_stack.__file__).parent
CHECKOUT = Path(__file__).parents[1]

MAX_LINES = 300
READING_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}
READS_ENVIRONMENT = {"serving.py", "settings.py"}
"""serving.py tells its worker processes by the environment what to load."""

NAMES_ANY = {"types.py"}


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a file once."""
    return ast.parse(path.read_text(), str(path))


def sources(folder: Path) -> list[Path]:
    """Give every Python file below a folder, in order."""
    return sorted(folder.rglob("*.py"))


def module_name(path: Path) -> str:
    """Name the module that a file of the package is."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sources(PACKAGE)}


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree, leaving out what only type checkers see."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from running(child)


def imports(path: Path) -> set[str]:
    """Name what a file imports, at its top or later: modules, and the names taken from them."""
    found: set[str] = set()
    for node in running(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def own_imports(name: str) -> set[str]:
    """Name the modules of the package that one of them imports."""
    return (imports(MODULES[name]) & MODULES.keys()) - {name, "asgi_stack"}


def has_public_names(path: Path) -> bool:
    """Tell whether a file defines anything that another may import."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
    return any(isinstance(node, kinds) for node in tree_of(path).body)


def defines_middleware(path: Path) -> bool:
    """Tell whether a file holds a middleware's class."""
    return any(isinstance(node, ast.ClassDef) and node.name.endswith("Middleware") for node in tree_of(path).body)


def functions_of_tests(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every test function of a file, those of classes included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node


def test_no_middleware_imports_another() -> None:
    """Each middleware stands alone: none imports the module of another."""
    middlewares = {name for name, path in MODULES.items() if defines_middleware(path)}

    assert middlewares
    assert {name: found for name in middlewares if (found := own_imports(name) & middlewares)} == {}


def test_exceptions_import_nothing_of_the_package() -> None:
    """Any code may raise an AppError without loading anything else of the package."""
    exceptions = {name for name in MODULES if name.startswith("asgi_stack.exceptions")}

    assert exceptions
    assert {name: found for name in exceptions if (found := own_imports(name) - exceptions)} == {}


def test_imports_are_free_of_cycles() -> None:
    """The modules can be put in an order in which each imports only earlier ones, lazy imports included."""
    graph = {name: own_imports(name) for name in MODULES}

    order = list(graphlib.TopologicalSorter(graph).static_order())

    assert len(order) == len(MODULES)


def test_modules_say_what_is_public() -> None:
    """Every module of the package that defines anything has an `__all__`."""
    silent = [name for name, path in MODULES.items() if has_public_names(path) and "__all__" not in path.read_text()]

    assert silent == []


def test_files_are_short() -> None:
    """No file is longer than 300 lines."""
    paths = [path for folder in ("app", "asgi_stack", "tests") for path in sources(CHECKOUT / folder)]
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_text().splitlines()) for path in paths}

    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_any_stays_in_one_file() -> None:
    """Annotations of the package use `Any` in types.py alone."""
    users = {path.relative_to(PACKAGE).as_posix() for path in MODULES.values() if "typing.Any" in imports(path)}

    assert users <= NAMES_ANY


def test_the_environment_is_read_in_one_place() -> None:
    """Environment variables are known to the settings, and to the listed files alone."""
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES.values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.alias)
        if READING_ENVIRONMENT & {getattr(node, "attr", ""), getattr(node, "name", "")}
    }

    assert readers <= READS_ENVIRONMENT


def test_every_test_says_what_it_shows() -> None:
    """Every test function has a docstring of its own."""
    silent = [
        f"{path.relative_to(CHECKOUT)}:{test.lineno} {test.name}"
        for path in sources(CHECKOUT / "tests")
        for test in functions_of_tests(path)
        if not ast.get_docstring(test)
    ]

    assert silent == []
