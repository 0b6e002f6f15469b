"""Lines for a person at a terminal."""

from __future__ import annotations

import pytest

from asgi_stack import get_logger, log_exception
from asgi_stack.logging.emit import emit
from tests.logging.memory import configured


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
