"""What structlog holds, read where it keeps it or asked for."""

from __future__ import annotations

import pytest
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from asgi_stack.logging.structlog_state import (
    BOUND_CONTEXTVARS,
    STRUCTLOG,
    PublicState,
    bound_contextvars,
    state_of_structlog,
)


def test_both_ways_tell_the_same() -> None:
    """What is read is what structlog's public function gives."""
    asked = PublicState()

    assert STRUCTLOG.default_processors is asked.default_processors is structlog.get_config()["processors"]
    assert STRUCTLOG.default_wrapper_class is asked.default_wrapper_class
    assert STRUCTLOG.logger_factory is asked.logger_factory


def test_structlog_of_another_form_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that keeps its configuration elsewhere costs time, not lines."""
    monkeypatch.setattr("structlog._config._CONFIG", object())

    assert isinstance(state_of_structlog(), PublicState)


def test_bound_variables_are_seen() -> None:
    """Once anybody has bound one, lines are looked through for them."""
    bind_contextvars(team="blue")
    clear_contextvars()

    assert len(BOUND_CONTEXTVARS) > 0


def test_unknown_variables_are_always_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that keeps no such dict counts as one that has bound some."""
    monkeypatch.delattr(structlog.contextvars, "_CONTEXT_VARS")

    assert len(bound_contextvars()) == 1
