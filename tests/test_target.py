"""Targets: what `module:attribute` finds, and how it refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from asgi_stack.settings import SettingsError
from asgi_stack.target import TargetError, load_target
from tests.driver import exchange

ANSWER = """
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""
ASGI_3 = f"async def app(scope, receive, send):{ANSWER}"

WriteModule = Callable[[str], str]


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteModule]:
    """Write modules that can be imported during one test, and give their names."""
    numbers = count()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> str:
        name = f"{tmp_path.name.replace('-', '_')}_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    yield write
    for name in set(sys.modules) - before:
        if name.startswith(tmp_path.name.replace("-", "_")):
            del sys.modules[name]


def refusal(target: str, *, factory: bool = False) -> TargetError:
    """Load a target that is wrong, and give the error; its message is one line, always."""
    with pytest.raises(TargetError) as caught:
        load_target(target, factory=factory)
    assert "\n" not in str(caught.value)
    return caught.value


class TestApplications:
    """What can be served."""

    @pytest.mark.parametrize(
        "source",
        [
            pytest.param(ASGI_3, id="coroutine function"),
            pytest.param(f"async def inner(scope, receive, send):{ANSWER}\ndef app(*arguments):\n"
                         "    return inner(*arguments)", id="plain function that returns an awaitable"),
            pytest.param(f"class App:\n  async def __call__(self, scope, receive, send):{ANSWER}\napp = App()",
                         id="object"),
            pytest.param(f"class App:\n  def __init__(self, scope):\n    self.scope = scope\n"
                         f"  async def __call__(self, receive, send):{ANSWER}\napp = App", id="ASGI 2 class"),
            pytest.param(f"class App:\n  def __init__(self, scope, depth=1, name=''):\n    self.scope = scope\n"
                         f"  async def __call__(self, receive, send):{ANSWER}\napp = App",
                         id="ASGI 2 class with options"),
            pytest.param(f"def app(scope):\n  async def instance(receive, send):{ANSWER}\n  return instance",
                         id="ASGI 2 function"),
            pytest.param(f"class App:\n  def __init__(self, scope, receive, send):\n    self.send = send\n"
                         f"  def __await__(self):\n    return self.answer().__await__()\n"
                         f"  async def answer(self):\n    send = self.send{ANSWER}\napp = App",
                         id="class whose instances are awaited"),
        ],
    )  # fmt: skip
    async def test_every_kind_answers(self, write_module: WriteModule, source: str) -> None:
        """Whatever generation and form an application has, it can be called with three arguments."""
        app = load_target(f"{write_module(source)}:app")

        seen = await exchange(app)

        assert (seen.raised, seen.body) == (None, b"hello")

    def test_asgi_3_is_not_adapted(self, write_module: WriteModule) -> None:
        """What needs no adapter gets none."""
        name = write_module(ASGI_3)

        assert load_target(f"{name}:app") is sys.modules[name].app

    def test_application_without_a_signature_is_believed(self, write_module: WriteModule) -> None:
        """Where nothing tells how many arguments are taken, a callable is taken for ASGI 3."""
        name = write_module("class App:\n    __signature__ = 1\n    def __call__(self, *_): ...\napp = App()\n")

        assert load_target(f"{name}:app") is sys.modules[name].app

    def test_attribute_may_have_dots(self, write_module: WriteModule) -> None:
        """The attribute may be part of an object of the module."""
        source = "class Site:\n    @staticmethod\n    async def app(scope, receive, send): ...\n"
        name = write_module(source)

        assert load_target(f"{name}:Site.app") is sys.modules[name].Site.app

    async def test_factory_is_called(self, write_module: WriteModule) -> None:
        """A factory makes the application, once."""
        name = write_module(
            f"made = []\n{ASGI_3}\ndef create_app(debug=False):\n    made.append(debug)\n    return app"
        )

        app = load_target(f"{name}:create_app", factory=True)

        assert app is sys.modules[name].app
        assert sys.modules[name].made == [False]

    def test_built_stack_is_taken_as_it_is(self, write_module: WriteModule) -> None:
        """An application that a pipeline built is not looked into, whatever its outermost layer takes."""
        source = (
            "from asgi_stack.pipeline import Pipeline\nclass Layer:\n    def __init__(self, app): ...\n"
            "    def __call__(self): ...\n"
        )
        name = write_module(f"{source}{ASGI_3}\napp = Pipeline().use(Layer).build(app)")

        assert load_target(f"{name}:app") is sys.modules[name].app


class TestRefusals:
    """One line that says what is wrong with a target."""

    @pytest.mark.parametrize(
        ("target", "example"),
        [
            ("web", "web:app"),
            ("web:", "web:app"),
            (":app", "module:app"),
            ("", "module:app"),
            ("shop/web.py", "shop.web:app"),
            ("shop/web.py:site", "shop.web:site"),
        ],
    )
    def test_other_form(self, target: str, example: str) -> None:
        """What is no module:attribute is refused with an example close to it."""
        assert str(refusal(target)) == f"{target!r} is no target: write module:attribute, such as {example}"

    def test_no_such_module(self) -> None:
        """A module that is not there is named, without a traceback."""
        error = refusal("nowhere_at_all:app")

        assert str(error).startswith("nowhere_at_all:app: there is no module 'nowhere_at_all' (looked in ")
        assert error.trace is None

    def test_no_such_package(self) -> None:
        """Of a path of packages the first that is missing is named."""
        assert "there is no module 'nowhere_at_all' (" in str(refusal("nowhere_at_all.web:app"))

    def test_missing_import_of_the_target(self, write_module: WriteModule) -> None:
        """A module that the target imports in vain is the target's own error, with its traceback."""
        name = write_module("import nowhere_at_all\n")

        error = refusal(f"{name}:app")

        assert f"importing {name!r} failed with ModuleNotFoundError: No module named 'nowhere_at_all'" in str(error)
        assert error.trace is not None
        assert "import nowhere_at_all" in error.trace

    def test_failing_import_shows_its_own_frames_alone(self, write_module: WriteModule) -> None:
        """The traceback begins in the target: neither import machinery nor asgi_stack is shown."""
        name = write_module("def work():\n    raise ValueError('first\\nsecond')\nwork()\n")

        error = refusal(f"{name}:app")

        assert str(error).endswith("failed with ValueError: first second")
        assert error.trace is not None
        assert error.trace.count('File "') == 2
        assert f"{name}.py" in error.trace
        assert "importlib" not in error.trace
        assert "asgi_stack" not in error.trace

    def test_syntax_error(self, write_module: WriteModule) -> None:
        """A module that Python cannot read is told with its line."""
        name = write_module("app = = 1\n")

        error = refusal(f"{name}:app")

        assert "SyntaxError" in str(error)
        assert error.trace is not None
        assert "app = = 1" in error.trace

    def test_wrong_setting_of_the_target(self, write_module: WriteModule) -> None:
        """A target that reads wrong settings is told as wrong settings are."""
        source = "from asgi_stack.settings import Settings\napp = Settings(log={'level': 'LOUD'})\n"

        with pytest.raises(SettingsError, match=r"log\.level"):
            load_target(f"{write_module(source)}:app")

    @pytest.mark.parametrize(
        ("attribute", "hint"),
        [("aplication", "; did you mean application?"), ("app", "; did you mean application?"), ("xyz", "")],
    )
    def test_no_such_attribute(self, write_module: WriteModule, attribute: str, hint: str) -> None:
        """A missing attribute is refused with the names that are near."""
        name = write_module("async def application(scope, receive, send): ...\nsettings = 1\n")

        assert str(refusal(f"{name}:{attribute}")) == (
            f"{name}:{attribute}: {name!r} has no attribute {attribute!r}{hint}"
        )

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("app = {}", "is of type dict, not an ASGI application"),
            ("def app(): ...", "takes no arguments: if it makes the application, add --factory"),
            ("def app(config=None): ...", "takes no arguments: if it makes the application, add --factory"),
            ("def app(environ, start_response): ...", "for WSGI see asgiref.wsgi.WsgiToAsgi"),
            ("def app(a, b, c, d): ...", "does not take (scope, receive, send), so it is no ASGI application"),
        ],
    )
    def test_no_application(self, write_module: WriteModule, source: str, message: str) -> None:
        """What is no ASGI application is refused with what it is."""
        name = write_module(source)

        error = str(refusal(f"{name}:app"))

        assert error.startswith(f"{name}:app ")
        assert error.endswith(message)

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            (ASGI_3, "cannot be called without arguments, so it is no factory: leave out --factory"),
            ("app = 1", "cannot be called without arguments, so it is no factory: leave out --factory"),
            ("def app():\n    return 1", "is of type int, not an ASGI application"),
            ("async def app():\n    return 1", "is of type coroutine, not an ASGI application"),
        ],
    )
    def test_no_factory(self, write_module: WriteModule, source: str, message: str) -> None:
        """A factory that is none, or that gives no application, is refused."""
        assert str(refusal(f"{write_module(source)}:app", factory=True)).endswith(message)

    def test_failing_factory_shows_its_own_frames_alone(self, write_module: WriteModule) -> None:
        """A factory's error comes with its traceback."""
        name = write_module("def make():\n    raise OSError")

        error = refusal(f"{name}:make", factory=True)

        assert str(error).endswith("the factory failed with OSError")
        assert error.trace is not None
        assert error.trace.count('File "') == 1

    def test_failing_factory_that_reads_settings(self, write_module: WriteModule) -> None:
        """A factory that reads wrong settings is told as wrong settings are."""
        source = "def make():\n    from asgi_stack.settings import Settings\n    return Settings(lgo=1)\n"

        with pytest.raises(SettingsError, match="lgo"):
            load_target(f"{write_module(source)}:make", factory=True)
