"""Where a line was logged."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import threading
from pathlib import Path

import pytest
import structlog

from asgi_stack import RequestContext, get_logger, log_exception
from asgi_stack.logging.call_site import add_call_site, call_site
from asgi_stack.logging.emit import emit
from tests.logging.memory import configured, lines

FILE = "tests/logging/test_call_site.py"


def here(function: str, *, above: int = 1) -> dict[str, object]:
    """Give the place some lines above the caller's, as the field has it."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return {"file": FILE, "line": frame.f_back.f_lineno - above, "function": function}


class Plain:
    """A wrapper of structlog's that a user might write."""

    def __init__(self) -> None:
        self.logger = get_logger("plain")

    def tell(self) -> None:
        """Log."""
        self.logger.warning("told")


class TestPlaces:
    """The field `call_site`."""

    @pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical", "exception", "msg"])
    def test_structlog_line_says_where(self, method: str) -> None:
        """Under each level the place is that of the call, not one inside structlog."""
        stream = configured(level="DEBUG")

        getattr(get_logger("a"), method)("x")
        expected = here("test_structlog_line_says_where")

        assert lines(stream)[0]["call_site"] == expected

    def test_bound_logger_and_numbered_level_say_where(self) -> None:
        """A logger with fields of its own, and `log(level, ...)`, tell their callers as well."""
        stream = configured()

        get_logger("a").bind(order=7).info("x")
        bound = here("test_bound_logger_and_numbered_level_say_where")
        get_logger("a").log(logging.WARNING, "x")
        numbered = here("test_bound_logger_and_numbered_level_say_where")

        assert [line["call_site"] for line in lines(stream)] == [bound, numbered]

    def test_standard_library_line_says_where(self) -> None:
        """A record of the standard library has the place that the library found, `stacklevel` included."""
        stream = configured()

        def wrapper() -> None:
            logging.getLogger("b").warning("y", stacklevel=2)

        logging.getLogger("b").warning("x")
        direct = here("test_standard_library_line_says_where")
        wrapper()
        wrapped = here("test_standard_library_line_says_where")

        assert [line["call_site"] for line in lines(stream)] == [direct, wrapped]

    async def test_line_of_an_awaited_call_says_where(self) -> None:
        """`ainfo` writes from another thread, and still tells who awaited it."""
        stream = configured()

        await get_logger("a").ainfo("x")
        expected = here("test_line_of_an_awaited_call_says_where")

        assert lines(stream)[0]["call_site"] == expected

    def test_thread_says_where(self) -> None:
        """A line of a thread of one's own, or of an executor, has its place there."""
        stream = configured()

        def work() -> None:
            get_logger("a").info("x")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        asyncio.run(asyncio.to_thread(work))

        assert [line["call_site"]["function"] for line in lines(stream)] == ["work", "work"]  # type: ignore[index]

    def test_method_is_named_plainly(self) -> None:
        """Of a method its plain name is told, as the standard library does; outside of any it is `<module>`."""
        stream = configured()

        Plain().tell()
        for name in ("shop", ["no name"]):
            exec("logger.info('x')", {"logger": get_logger("a"), "__name__": name})  # noqa: S102

        method, *modules = (line["call_site"] for line in lines(stream))
        assert method["function"] == "tell"  # type: ignore[index]
        assert modules == [{"file": "<string>", "line": 1, "function": "<module>"}] * 2

    def test_lines_of_the_stack_have_none(self) -> None:
        """The request line and error lines have no place, nor has what the stack says through the standard library."""
        stream = configured()

        emit("info", "request_completed", {}, logger="asgi_stack.request")
        log_exception(ValueError("x"))
        logging.getLogger("asgi_stack.context").warning("x")
        with RequestContext.scope("not valid!"):
            pass

        assert len(lines(stream)) >= 3
        assert ["call_site" for line in lines(stream) if "call_site" in line] == []

    def test_field_of_that_name_cannot_forge_it(self) -> None:
        """A field that is called `call_site` is written beside it, also where no place is told."""
        stream = configured()
        get_logger("a").info("x", call_site="forged")
        logging.getLogger("a").warning("x", extra={"call_site": "forged"})
        silent = configured(call_site=False)
        get_logger("a").info("x", call_site="forged")

        told, foreign, untold = *lines(stream), *lines(silent)
        assert [line["call_site_"] for line in (told, foreign, untold)] == ["forged"] * 3
        assert told["call_site"]["file"] == FILE  # type: ignore[index]
        assert foreign["call_site"]["file"] == FILE  # type: ignore[index]
        assert "call_site" not in untold

    def test_it_can_be_switched_off(self) -> None:
        """With `call_site` off no line has it."""
        stream = configured(call_site=False)

        get_logger("a").info("x")
        logging.getLogger("a").warning("x")

        assert [line for line in lines(stream) if "call_site" in line] == []

    def test_console_shows_it_at_the_end(self) -> None:
        """On the console it is one short text."""
        stream = configured(format="console")

        get_logger("a").info("x", order=7)
        line = here("")["line"]

        shown = stream.getvalue().decode().rstrip()
        assert shown.endswith(f"order=7 call_site={FILE}:{line} in test_console_shows_it_at_the_end")


class TestStep:
    """`add_call_site` in a chain of one's own."""

    def test_line_of_the_user_has_a_place(self) -> None:
        """It finds the caller of structlog's own kinds of loggers, the standard library's included."""
        taken: list[dict[str, object]] = []

        def take(logger: object, method: str, entry: structlog.typing.EventDict) -> str:
            taken.append(dict(entry))
            raise structlog.DropEvent

        for wrapper in (structlog.BoundLogger, structlog.stdlib.BoundLogger):
            structlog.configure(processors=[add_call_site, take], wrapper_class=wrapper)
            structlog.get_logger().info("x")
            expected = here("test_line_of_the_user_has_a_place")
            assert taken.pop()["call_site"] == expected

    def test_lines_of_the_layers_have_none(self) -> None:
        """What a layer writes is no line of whoever called the layer."""
        taken: list[dict[str, object]] = []

        def take(logger: object, method: str, entry: structlog.typing.EventDict) -> str:
            taken.append(dict(entry))
            raise structlog.DropEvent

        structlog.configure(processors=[add_call_site, take])
        sys.modules["asgi_stack.logging.emit"].emit("info", "x", {}, logger="asgi_stack.request")
        exec("emit('info', 'x', {}, logger='y')", {"emit": emit, "__name__": "asgi_stack.middleware.request_logging"})  # noqa: S102

        assert [entry.get("call_site", {}).get("file") for entry in taken] == [FILE, None]  # type: ignore[attr-defined]


class TestPaths:
    """How a file is named."""

    def test_entries_that_lead_nowhere_are_passed_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The working directory may be gone, as after a release, and `sys.path` may hold what is no path."""
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        monkeypatch.setattr(sys, "path", ["", None, b"/x", str(tmp_path)])
        gone.rmdir()

        assert call_site(str(tmp_path / "gone.py"), 1, "f")["file"] == "gone.py"

    def test_path_begins_where_the_module_was_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What stands in `sys.path` is left out, the longest of several; a file outside is named whole."""
        monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "src"), *sys.path])

        assert call_site(str(tmp_path / "src" / "shop" / "orders.py"), 41, "place") == {
            "file": "shop/orders.py",
            "line": 41,
            "function": "place",
        }
        assert call_site("/elsewhere/orders.py", 1, None) == {"file": "/elsewhere/orders.py", "line": 1, "function": ""}
        assert call_site(logging.__file__, 1, "x")["file"] == "logging/__init__.py"
