"""Broken lifespans, from both sides."""

from __future__ import annotations

from typing import Final

from asgi_stack.types import Message
from tests.driver import lifespan_scope
from tests.testing.lint_cases import Case, Get, Step

STARTUP: Final = Get({"type": "lifespan.startup"})
STARTED: Final[Message] = {"type": "lifespan.startup.complete"}
START_FAILED: Final[Message] = {"type": "lifespan.startup.failed", "message": "no disk"}
SHUTDOWN: Final = Get({"type": "lifespan.shutdown"})
STOPPED: Final[Message] = {"type": "lifespan.shutdown.complete"}

_STARTUP: Final = "lifespan.html#startup-receive-event"
_STARTED: Final = "lifespan.html#startup-complete-send-event"
_SHUTDOWN: Final = "lifespan.html#shutdown-receive-event"


def _case(rule: str, cites: str, steps: tuple[Step, ...], detail: str, note: str = "") -> Case:
    return Case(rule, cites, steps, detail, lifespan_scope(), note)


LIFESPAN_CASES: Final = (
    _case("lifespan.startup-first", _STARTUP, (SHUTDOWN,), "lifespan.shutdown came first"),
    _case("lifespan.startup-twice", _STARTUP, (STARTUP, STARTED, STARTUP), "lifespan.startup came again"),
    _case("lifespan.shutdown-early", _STARTED, (STARTUP, SHUTDOWN), "lifespan.shutdown came before it"),
    _case("lifespan.after-shutdown", _SHUTDOWN, (STARTUP, STARTED, SHUTDOWN, SHUTDOWN), "lifespan.shutdown came"),
    _case("lifespan.after-shutdown", _SHUTDOWN, (STARTUP, STARTED, SHUTDOWN, STARTUP), "startup came", "startup"),
    _case("lifespan.startup-unasked", _STARTUP, (STARTED,), "came before lifespan.startup"),
    _case("lifespan.startup-answered-twice", _STARTED, (STARTUP, STARTED, START_FAILED), "after another answer"),
    _case("lifespan.shutdown-unasked", _SHUTDOWN, (STARTUP, STARTED, STOPPED), "came before lifespan.shutdown"),
    _case(
        "lifespan.shutdown-answered-twice",
        "lifespan.html#shutdown-complete-send-event",
        (STARTUP, STARTED, SHUTDOWN, STOPPED, STOPPED),
        "after another answer",
    ),
    _case(
        "lifespan.message",
        "lifespan.html#startup-failed-send-event",
        (STARTUP, {**START_FAILED, "message": OSError("s3cret")}),
        "message is OSError",
    ),
    _case("lifespan.unanswered", "main.html#protocol-specifications", (), "an answer to lifespan.startup", "at-once"),
    _case(
        "lifespan.unanswered",
        "main.html#protocol-specifications",
        (STARTUP, STARTED, SHUTDOWN),
        "an answer to lifespan.shutdown",
        "shutdown",
    ),
)
