"""Python's warnings as log lines."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator

import pytest

from asgi_stack.logging.captured_warnings import capture_warnings
from tests.logging.memory import configured, lines


@pytest.fixture(autouse=True)
def _shown() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        yield


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Show warnings, where they are not captured, in a list."""
    calls: list[tuple[object, ...]] = []
    monkeypatch.setattr(warnings, "showwarning", lambda *call: calls.append(call))
    return calls


class TestCapturedWarnings:
    """The logger `py.warnings`."""

    def test_warning_is_one_line(self) -> None:
        """A warning becomes a line with its text, its category and the place that is warned about."""
        stream = configured()

        warnings.warn("old\nway", DeprecationWarning, stacklevel=1)

        [line] = lines(stream)
        assert (line["level"], line["logger"], line["event"]) == ("warning", "py.warnings", "old\nway")
        assert line["category"] == "DeprecationWarning"
        assert line["call_site"]["file"] == "tests/logging/test_captured_warnings.py"  # type: ignore[index]
        assert len(stream.getvalue().splitlines()) == 1

    def test_place_is_told_without_call_sites_too(self) -> None:
        """Where other lines have no place, a warning keeps it: nobody could act on it otherwise."""
        stream = configured(call_site=False)

        warnings.warn("old", stacklevel=1)
        logging.getLogger("a").warning("x")

        warning, other = lines(stream)
        assert warning["call_site"]["file"] == "tests/logging/test_captured_warnings.py"  # type: ignore[index]
        assert "call_site" not in other

    def test_configuring_twice_writes_it_once(self) -> None:
        """Each warning is written once, by what was configured last."""
        first = configured()
        second = configured()

        warnings.warn("old", stacklevel=1)

        assert first.getvalue() == b""
        assert [line["event"] for line in lines(second)] == ["old"]

    def test_it_works_again_after_somebody_restored_warnings(self) -> None:
        """A test that restores `warnings.showwarning` does not keep the next one from capturing."""
        with warnings.catch_warnings():
            configured()
        stream = configured()

        warnings.warn("old", stacklevel=1)

        assert len(lines(stream)) == 1

    def test_it_can_be_ended(self, shown: list[tuple[object, ...]]) -> None:
        """`logging.captureWarnings(False)` shows warnings as before, by the user's own function if there is one."""
        stream = configured()
        configured()

        logging.captureWarnings(capture=False)
        warnings.warn("old", stacklevel=1)

        assert stream.getvalue() == b""
        assert [str(message) for message, *_ in shown] == ["old"]

    def test_level_and_filters_hold(self) -> None:
        """A warning that filters hide, or that is below the level, is not written."""
        stream = configured(level="ERROR")
        warnings.warn("below", stacklevel=1)
        stream_of_all = configured()
        warnings.simplefilter("ignore")
        warnings.warn("hidden", stacklevel=1)

        assert (stream.getvalue(), stream_of_all.getvalue()) == (b"", b"")

    def test_warning_to_a_file_is_written_there(self, shown: list[tuple[object, ...]]) -> None:
        """`warnings.showwarning` with a file is what it always was."""
        stream, file = configured(), io.StringIO()

        warnings.showwarning("old", UserWarning, "shop.py", 3, file)

        assert shown == [("old", UserWarning, "shop.py", 3, file, None)]
        assert stream.getvalue() == b""

    def test_warnings_of_other_levels_stay_themselves(self) -> None:
        """Capturing changes nothing for code that turns warnings into errors."""
        capture_warnings()
        warnings.simplefilter("error")

        with pytest.raises(UserWarning, match="old"):
            warnings.warn("old", stacklevel=1)

    def test_process_that_warns_writes_to_standard_output(self) -> None:
        """A whole process has its warnings in its log, and nothing on standard error."""
        code = "import warnings, asgi_stack; asgi_stack.configure_structlog(); warnings.warn('old')"

        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)

        assert '"event":"old","category":"UserWarning"' in result.stdout
        assert result.stderr == ""


def test_warning_that_brings_up_another_one_ends() -> None:
    """A warning that comes up while a warning is written does not warn of itself for ever."""

    class Restless:
        """A value whose text warns."""

        def __repr__(self) -> str:
            warnings.warn("from within", UserWarning, stacklevel=1)
            return "restless"

    def warn_while_filtering(record: logging.LogRecord) -> bool:
        warnings.warn(repr(Restless()), UserWarning, stacklevel=1)
        return True

    stream = configured()
    logger = logging.getLogger("py.warnings")
    logger.addFilter(warn_while_filtering)
    try:
        warnings.warn("from without", UserWarning, stacklevel=1)
    finally:
        logger.removeFilter(warn_while_filtering)

    assert [line["event"] for line in lines(stream)] == ["from without"]
