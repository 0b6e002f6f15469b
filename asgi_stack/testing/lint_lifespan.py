"""Check the messages of a lifespan, in both directions.

Source: https://asgi.readthedocs.io/en/latest/specs/lifespan.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.testing.lint_scope import is_of_foreign_extension
from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Message, Scope

__all__ = ["LifespanLint"]

_PHASES: Final = ("startup", "shutdown")
_QUESTIONS: Final = {f"lifespan.{phase}": phase for phase in _PHASES}
_ANSWERS: Final = {f"lifespan.{phase}.{answer}": phase for phase in _PHASES for answer in ("complete", "failed")}


class LifespanLint:
    """One lifespan: a startup and a shutdown, each with its answer."""

    __slots__ = ("_answered", "_asked", "_interrupted", "_report", "_scope")

    def __init__(self, scope: Scope, report: Reporter) -> None:
        self._scope = scope
        self._report = report
        self._asked: set[str] = set()
        self._answered: set[str] = set()
        self._interrupted = False

    def sent(self, message: Message) -> None:
        """Check a message of the app, and note it."""
        message_type: str = message["type"]
        phase = _ANSWERS.get(message_type)
        if phase is None:
            if not is_of_foreign_extension(self._scope, message_type):
                self._report("send.unknown-type", f"{shown(message_type)} was sent over a lifespan")
            return
        if not isinstance(message.get("message", ""), str):
            self._report("lifespan.message", f"message is {kind(message['message'])}")
        if phase not in self._asked:
            self._report(f"lifespan.{phase}-unasked", f"{message_type} came before lifespan.{phase}")
        if phase in self._answered:
            self._report(f"lifespan.{phase}-answered-twice", f"{message_type} came after another answer")
        self._answered.add(phase)

    def received(self, message: Message) -> None:
        """Check a message of the server, and note it."""
        message_type: str = message["type"]
        phase = _QUESTIONS.get(message_type)
        if phase is None:
            if not is_of_foreign_extension(self._scope, message_type):
                self._report("receive.unknown-type", f"{shown(message_type)} was received over a lifespan")
            return
        if "shutdown" in self._asked:
            self._report("lifespan.after-shutdown", f"{message_type} came")
        elif phase == "startup" and phase in self._asked:
            self._report("lifespan.startup-twice", f"{message_type} came again")
        elif phase == "shutdown":
            self._check_shutdown(message_type)
        self._asked.add(phase)

    def interrupted(self) -> None:
        """Note that the server did not take a message."""
        self._interrupted = True

    def returned(self) -> None:
        """Check what the app leaves behind."""
        # Whoever returns at once pretends to have a lifespan: the server waits for the answer to its startup.
        open_questions = ({"startup"} | self._asked) - self._answered
        if open_questions and not self._interrupted:
            names = " and ".join(f"lifespan.{phase}" for phase in sorted(open_questions))
            self._report("lifespan.unanswered", f"the app returned without an answer to {names}")

    def _check_shutdown(self, message_type: str) -> None:
        if "startup" not in self._asked:
            self._report("lifespan.startup-first", f"{message_type} came first")
        elif "startup" not in self._answered:
            self._report("lifespan.shutdown-early", f"{message_type} came before it")
