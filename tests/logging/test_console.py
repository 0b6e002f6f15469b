"""Lines for a person at a terminal."""

from __future__ import annotations

from enum import Enum

import pytest
import structlog

from asgi_stack import get_logger, log_exception
from asgi_stack.logging.emit import emit
from tests.logging.memory import configured


class TwoLines:
    """An object that shows itself on two lines."""

    def __repr__(self) -> str:
        return "two\nlines\u2028"


class Kind(Enum):
    """Members that show themselves on two lines."""

    ODD = "odd"

    def __repr__(self) -> str:
        return "two\nlines\u2028"


class TestConsole:
    """Lines for a person at a terminal."""

    def test_line_is_readable(self) -> None:
        """The console shows level, event and fields, and the stack trace below."""
        stream = configured(format="console")

        get_logger("shop").info("order_placed", order_id=7)
        try:
            raise ValueError("broken")
        except ValueError as error:
            log_exception(error)

        text = stream.getvalue().decode()
        assert "order_placed" in text
        assert "order_id=7" in text
        assert "\n  Traceback" in text

    @pytest.mark.parametrize("key", ["stack", "exception", "exc_info"])
    def test_field_may_have_any_name(self, key: str) -> None:
        """Names that structlog's renderer takes for its own are names like others."""
        stream = configured(format="console")

        emit("info", "x", {key: [1, 2]}, logger="a")

        assert f"{key}_=[1, 2]" in stream.getvalue().decode()

    def test_stack_trace_cannot_forge_a_line(self) -> None:
        """The lines of a stack trace are indented, and what would steer the terminal is escaped."""
        stream = configured(format="console")

        log_exception(ValueError("a\x1b[2J\n2026-11-23 [info] forged"))
        emit("info", "x", {"odd\nname": 1}, logger="a")

        text = stream.getvalue().decode()
        assert "\x1b[2J" not in text
        assert "\n2026-11-23 [info] forged" not in text
        assert "odd\\nname=1" in text

    @pytest.mark.parametrize(
        "value", ["\u2028", "\x85\u2029", {"a": "\n\u2028"}, TwoLines(), Kind.ODD, b"\n", ["\x1b[2J"]]
    )
    def test_any_value_stays_on_its_line(self, value: object) -> None:
        """Whatever a viewer takes for the end of a line is escaped, in values of any kind, as event and as field."""
        stream = configured(format="console")

        structlog.get_logger("a").info(value, field=value)
        emit("info", "x", {"field": value}, logger="a")

        text = stream.getvalue().decode()
        assert len(text.splitlines()) == 2
        assert "\x1b[2J" not in text

    def test_what_can_be_read_is_left_readable(self) -> None:
        """Only what cannot be shown is escaped, not the letters beside it."""
        stream = configured(format="console")

        get_logger("a").info("caf\u00e9\nau lait", dish="cr\u00eape\x85")

        text = stream.getvalue().decode()
        assert "caf\u00e9\\nau lait" in text
        assert "dish=cr\u00eape\\x85" in text
