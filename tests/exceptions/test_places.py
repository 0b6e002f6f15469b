"""Places and fingerprints: the same fault is known again, and another one is not taken for it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel

import asgi_stack
from asgi_stack.exceptions import AppError, NotFoundError
from asgi_stack.exceptions.places import format_places, traceback_places
from asgi_stack.tracebacks import fingerprint_of
from asgi_stack.validation import validate

SHOP = """
    from asgi_stack.exceptions import ConflictError, NotFoundError

    def find(item_id):
        if item_id < 0:
            raise NotFoundError("negative")
        raise NotFoundError(f"There is no item {item_id}")

    def sell(item_id):
        raise ConflictError("taken")

    def must_be_free(item_id):
        raise ConflictError("not free")

    def rent(item_id):
        must_be_free(item_id)

    def lend(item_id):
        print("lending")
        must_be_free(item_id)
"""


def load(path: Path, source: str, *, name: str = "shop") -> ModuleType:
    """Write a module and import it."""
    path.write_text(textwrap.dedent(source))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def failure(call: Callable[[], object]) -> BaseException:
    """Give what a call raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError("nothing was raised")


def fingerprint(call: Callable[[], object]) -> str:
    """Give the fingerprint of what a call raises."""
    return fingerprint_of(failure(call))


@pytest.fixture
def shop(tmp_path: Path) -> ModuleType:
    """A user's module that fails in several places."""
    return load(tmp_path / "shop.py", SHOP)


class TestFingerprint:
    """When two errors are the same."""

    def test_is_sixteen_hexadecimal_digits(self, shop: ModuleType) -> None:
        """A fingerprint fits into a tag and is written in small letters."""
        assert len(fingerprint(lambda: shop.find(1))) == 16
        assert int(fingerprint(lambda: shop.find(1)), base=16)

    def test_does_not_depend_on_values_or_callers(self, shop: ModuleType) -> None:
        """The same raise gives the same fingerprint, whatever the message says and wherever the call comes from."""
        here = fingerprint(lambda: shop.find(1))
        there = fingerprint(lambda: [shop.find(number) for number in (2, 3)])

        assert here == there

    def test_two_raises_in_one_function_differ(self, shop: ModuleType) -> None:
        """Two faults of one function are two fingerprints."""
        assert fingerprint(lambda: shop.find(1)) != fingerprint(lambda: shop.find(-1))

    def test_two_functions_differ(self, shop: ModuleType) -> None:
        """The same class, raised on the same line of two functions, is two fingerprints."""
        assert fingerprint(lambda: shop.sell(1)) != fingerprint(lambda: shop.must_be_free(1))

    def test_call_sites_of_a_helper_are_equal(self, shop: ModuleType) -> None:
        """The helper that raises is what counts, not who called it."""
        assert fingerprint(lambda: shop.rent(1)) == fingerprint(lambda: shop.lend(1))

    def test_is_the_same_when_the_function_moves(self, shop: ModuleType, tmp_path: Path) -> None:
        """Code added above a function does not change what its faults are called."""
        moved = load(tmp_path / "moved.py", "import os\n\n\ndef new():\n    return os.name\n" + textwrap.dedent(SHOP))

        assert fingerprint(lambda: moved.find(1)) == fingerprint(lambda: shop.find(1))

    def test_module_class_and_code_count(self, shop: ModuleType, tmp_path: Path) -> None:
        """The same line in another module, of another class or with another code is another fault."""
        other_module = load(tmp_path / "other.py", SHOP, name="other")
        other_class = load(tmp_path / "classes.py", SHOP.replace("NotFoundError", "ForbiddenError"))
        other_code = failure(lambda: shop.find(1))
        assert isinstance(other_code, AppError)
        other_code.error_code = "ANOTHER"

        found = [fingerprint(partial(module.find, 1)) for module in (shop, other_module, other_class)]

        assert len({*found, other_code.fingerprint}) == 4

    def test_is_the_same_in_every_process(self, shop: ModuleType, tmp_path: Path) -> None:
        """A restart does not change it, and neither does the seed of hashes."""
        code = "import shop\ntry: shop.find(7)\nexcept Exception as error: print(error.fingerprint)"
        root = str(Path(asgi_stack.__file__).parents[1])

        def run(seed: str) -> str:
            environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": root}
            command = [sys.executable, "-c", code]
            return subprocess.check_output(command, cwd=tmp_path, env=environment, text=True).strip()

        assert run("1") == run("2") == fingerprint(lambda: shop.find(8))

    def test_is_known_before_the_raise(self) -> None:
        """An error that is made where it is raised has one fingerprint, read before as after."""
        seen: list[str] = []

        def noted(error: AppError) -> AppError:
            seen.append(error.fingerprint)
            return error

        def fail() -> None:
            raise noted(NotFoundError())

        assert fingerprint(fail) == seen[0]


class TestSkippedFrames:
    """Whose line it is."""

    def test_the_standard_library_is_skipped(self) -> None:
        """Two faults inside json that one line of the user caused are one; another line is another."""

        def parse(text: str) -> object:
            return json.loads(text)

        def parse_twice(text: str) -> object:
            return json.loads(text)

        assert fingerprint(lambda: parse("{")) == fingerprint(lambda: parse(""))
        assert fingerprint(lambda: parse("{")) != fingerprint(lambda: parse_twice("{"))

    def test_the_frames_of_asgi_stack_are_skipped(self) -> None:
        """What `validate` raises is told apart by the lines that call it."""

        class Item(BaseModel):
            name: str

        def first() -> Item:
            return validate(Item, {})

        def second() -> Item:
            return validate(Item, {})

        assert fingerprint(first) == fingerprint(first)
        assert fingerprint(first) != fingerprint(second)

    def test_frameworks_are_skipped(self, tmp_path: Path) -> None:
        """A fault inside a known framework belongs to the line that called it."""
        source = "def work(fail):\n    if fail == 1:\n        raise KeyError(1)\n    raise KeyError(2)\n"
        framework = load(tmp_path / "routing.py", source, name="starlette.routing")
        library = load(tmp_path / "library.py", source, name="acme.routing")

        def call(module: ModuleType, fail: int) -> str:
            return fingerprint(lambda: module.work(fail))

        assert call(framework, 1) == call(framework, 2)
        assert call(library, 1) != call(library, 2)

    def test_with_none_left_the_innermost_counts(self, tmp_path: Path) -> None:
        """A fault that no frame of the user's has seen is known by its innermost frame."""
        source = """
            def outer(work):
                try:
                    work()
                except KeyError as error:
                    return error

            def one():
                raise KeyError(1)

            def two():
                raise KeyError(2)
        """
        framework = load(tmp_path / "routing.py", source, name="starlette.routing")

        one, again, two = (
            fingerprint_of(framework.outer(work)) for work in (framework.one, framework.one, framework.two)
        )

        assert one == again != two

    def test_an_exception_that_was_never_raised_has_one(self) -> None:
        """Without a place the class is all there is."""
        assert fingerprint_of(KeyError(1)) == fingerprint_of(KeyError(2)) != fingerprint_of(ValueError(1))


class TestFormatPlaces:
    """Stacks as text."""

    def test_reads_as_the_interpreter_writes(self, shop: ModuleType) -> None:
        """Each frame is two lines, file and line number with the function, then the source; the innermost is last."""
        error = failure(lambda: shop.rent(1))

        text = format_places(traceback_places(error.__traceback__))

        assert text.startswith("Traceback (most recent call last):\n  File ")
        assert text.endswith(
            f'  File "{shop.__file__}", line 13, in must_be_free\n    raise ConflictError("not free")\n'
        )

    def test_the_middle_of_a_deep_stack_is_left_out(self) -> None:
        """Of a runaway recursion the first and last fifty frames are told, and how many are missing."""

        def ping(left: int) -> None:
            if left == 0:
                raise KeyError(left)
            pong(left - 1)

        def pong(left: int) -> None:
            ping(left - 1)

        error = failure(lambda: ping(400))
        text = format_places(traceback_places(error.__traceback__))

        assert "... 303 frames left out ..." in text
        assert text.count("  File ") == 100

    def test_repetition_is_told_once(self) -> None:
        """A function that calls itself is shown three times, and then counted."""

        def fall(left: int) -> None:
            assert left
            fall(left - 1)

        text = format_places(traceback_places(failure(lambda: fall(40)).__traceback__))

        assert text.count("fall(left - 1)\n") == 3
        assert "... the same place 37 more times ..." in text

    def test_source_that_cannot_be_read_is_left_out(self) -> None:
        """Code without a file is told by its name and line."""
        namespace: dict[str, Callable[[], object]] = {}
        exec(compile("def boom():\n    1 / 0", "<made up>", "exec"), namespace)  # noqa: S102 - code without a file

        text = format_places(traceback_places(failure(namespace["boom"]).__traceback__))

        assert text.endswith('  File "<made up>", line 2, in boom\n')

    def test_an_instruction_without_a_line_is_on_the_first(self, shop: ModuleType) -> None:
        """A place that the compiler gave no line is told by the line of its function."""
        text = format_places([(shop.sell.__code__, 1_000_000, "shop")])

        assert text.endswith(", line 9, in sell\n    def sell(item_id):\n")

    def test_nothing_gives_nothing(self) -> None:
        """An exception that was never raised has no stack to show."""
        assert format_places([]) == ""
