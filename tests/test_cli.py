"""The command line: what it prints, where, and with which exit code. Serving is tested over sockets, in test_run.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import asgi_stack
from asgi_stack.cli import main

CHECKOUT = Path(__file__).parents[1]
WEB = "async def app(scope, receive, send): ...\n"


def command(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process in a folder."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASGI_STACK_")}
    search = {"PYTHONPATH": str(Path(asgi_stack.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", "asgi_stack", *arguments],
        cwd=folder,
        env={**inherited, **search, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give an empty folder as the current one, whose module `web` is gone after the test."""
    for name in list(os.environ):
        if name.startswith("ASGI_STACK_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("web", None)


def test_version_is_the_package_s(tmp_path: Path) -> None:
    """`--version` prints name and version."""
    done = command("--version", folder=tmp_path)

    assert (done.returncode, done.stdout) == (0, f"asgi-stack {asgi_stack.__version__}\n")


class TestShow:
    """Drawing the stack."""

    def test_default_stack_around_an_app(self, tmp_path: Path) -> None:
        """The current folder's module is found, and the stack drawn outermost first, the app last."""
        (tmp_path / "web.py").write_text(WEB)

        done = command("show", "web:app", folder=tmp_path)

        assert (done.returncode, done.stderr) == (0, "")
        assert [line.split()[0] for line in done.stdout.splitlines()] == [
            "LIFESPAN",
            "HEADERS",
            "CONTEXT",
            "HEALTH",
            "LOGGING",
            "ERRORS",
            "app",
        ]
        assert done.stdout.splitlines()[-1].split() == ["app", "web:app"]

    def test_settings_are_drawn(self, tmp_path: Path) -> None:
        """What is drawn is what would run: with the environment's settings."""
        (tmp_path / "web.py").write_text(WEB)

        done = command("show", "web:app", folder=tmp_path, ASGI_STACK_SECURITY__PRESET="owasp")

        assert "preset='owasp'" in done.stdout

    def test_own_stack_is_drawn_as_it_is(self, tmp_path: Path) -> None:
        """An application with a pipeline of its own is drawn with that one alone."""
        (tmp_path / "web.py").write_text(
            f"from asgi_stack import Pipeline, RequestContextMiddleware\n{WEB}"
            "site = Pipeline().use(RequestContextMiddleware, trust_inbound=False).build(app)\n"
        )

        done = command("show", "web:site", folder=tmp_path)

        assert done.stdout == "CONTEXT  RequestContextMiddleware(trust_inbound=False)\napp      web:site\n"

    def test_module_elsewhere(self, tmp_path: Path) -> None:
        """`--app-dir` says where to look."""
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "web.py").write_text(f"def make():\n    {WEB}    return app\n")

        done = command("show", "web:make", "--app-dir", "src", "--factory", folder=tmp_path)

        assert (done.returncode, done.stderr) == (0, "")

    def test_documented_drawing_is_the_real_one(self, tmp_path: Path) -> None:
        """docs/command-line.md shows what `show` prints for its example."""
        page = (CHECKOUT / "docs" / "command-line.md").read_text()
        example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
        drawing = re.search(r"\$ asgi-stack show web:app\n(.*?)```", page, re.DOTALL)
        assert example
        assert drawing
        (tmp_path / "web.py").write_text(example[1])

        assert command("show", "web:app", folder=tmp_path).stdout == drawing[1]


class TestErrors:
    """One line on standard error, and exit code 2."""

    @pytest.mark.parametrize("verb", ["run", "show"])
    @pytest.mark.parametrize(
        ("target", "line"),
        [
            ("web", "'web' is no target: write module:attribute, such as web:app"),
            ("nowhere:app", "nowhere:app: there is no module 'nowhere' (looked in {folder} first)"),
            ("web:aplication", "web:aplication: 'web' has no attribute 'aplication'; did you mean application?"),
            ("web:number", "web:number is of type int, not an ASGI application"),
            ("web:make", "web:make takes no arguments: if it makes the application, add --factory"),
        ],
    )
    def test_wrong_target(
        self, folder: Path, capsys: pytest.CaptureFixture[str], verb: str, target: str, line: str
    ) -> None:
        """A target that is none is told in one line, by both commands."""
        (folder / "web.py").write_text(
            "async def application(scope, receive, send): ...\nnumber = 1\ndef make(): ...\n"
        )

        code = main([verb, target])

        printed = capsys.readouterr()
        assert (code, printed.out) == (2, "")
        assert printed.err == f"asgi-stack: {line.format(folder=folder)}\n"

    def test_failing_import_shows_its_traceback_first(self, tmp_path: Path) -> None:
        """A target whose code fails is told with its own traceback, and the one line last."""
        (tmp_path / "web.py").write_text("app = 1 / 0\n")

        done = command("run", "web:app", folder=tmp_path)

        assert done.returncode == 2
        assert done.stderr.startswith("Traceback (most recent call last):\n")
        assert done.stderr.count('File "') == 1
        assert done.stderr.splitlines()[-1] == (
            "asgi-stack: web:app: importing 'web' failed with ZeroDivisionError: division by zero"
        )

    @pytest.mark.parametrize("verb", ["run", "show"])
    def test_wrong_variable(self, tmp_path: Path, verb: str) -> None:
        """A wrong variable is one line, without pydantic's words around it."""
        (tmp_path / "web.py").write_text(WEB)

        done = command(verb, "web:app", folder=tmp_path, ASGI_STACK_LOG__LEVEL="LOUD")

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "asgi-stack: ASGI_STACK_LOG__LEVEL should be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL', "
            "got 'LOUD'\n"
        )

    def test_wrong_flag_is_named_as_a_flag(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """What a flag set wrongly is not blamed on a variable."""
        (folder / "web.py").write_text(WEB)

        assert main(["run", "web:app", "--port", "70000"]) == 2
        assert capsys.readouterr().err == "asgi-stack: --port should be less than or equal to 65535, got 70000\n"

    @pytest.mark.parametrize("arguments", [[], ["run"], ["bake", "web:app"], ["run", "web:app", "--port", "many"]])
    def test_wrong_usage(self, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
        """Flags and commands that there are not are told with the usage."""
        with pytest.raises(SystemExit) as caught:
            main(arguments)

        assert caught.value.code == 2
        assert capsys.readouterr().err.startswith("usage: asgi-stack")

    def test_without_uvicorn(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Without a server installed, `run` says what to install."""
        (folder / "web.py").write_text(WEB)
        monkeypatch.setitem(sys.modules, "uvicorn", None)

        assert main(["run", "web:app"]) == 2
        assert capsys.readouterr().err == 'asgi-stack: serving needs uvicorn: pip install "asgi-stack[server]"\n'
