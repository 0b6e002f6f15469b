"""A conversation between a server and an app as data, and what plays it inside a lint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asgi_stack.testing import LINT_RULES, ASGILint
from asgi_stack.testing.lint import Blame
from asgi_stack.testing.lint_rules import Culprit
from asgi_stack.types import ASGIApp, Message, Receive, Scope, Send
from tests.driver import Exchange, exchange, http_scope

START: Final[Message] = {"type": "http.response.start", "status": 200, "headers": []}
BODY: Final[Message] = {"type": "http.response.body", "body": b"ok"}
MORE: Final[Message] = {"type": "http.response.body", "body": b"ok", "more_body": True}


@dataclass(frozen=True)
class Get:
    """The app receives this message; what is no `Get` it sends."""

    message: Any


Step = Get | Message | object


@dataclass(frozen=True)
class Case:
    """One broken conversation.

    Attributes:
        rule: The id of the rule that it breaks.
        cites: What the address of the specification ends in.
        steps: What happens, in order; the last step breaks the rule, or the return after it.
        detail: What the error has to say of the value.
    """

    rule: str
    cites: str
    steps: tuple[Step, ...]
    detail: str
    scope: Scope = field(default_factory=http_scope)
    note: str = ""

    @property
    def culprit(self) -> Culprit:
        """Who breaks the rule."""
        return LINT_RULES[self.rule].culprit

    @property
    def id(self) -> str:
        """What pytest calls the case."""
        return f"{self.rule}-{self.note}" if self.note else self.rule


def extended(*names: str, scope: Scope | None = None) -> Scope:
    """Give an http scope that offers extensions."""
    return {**(scope or http_scope()), "extensions": {name: {} for name in names}}


def start(**others: object) -> Message:
    """Give the start of a response with keys replaced or added."""
    return {**START, **others}


def start_with(name: object, value: object = b"x") -> Message:
    """Give the start of a response with one header."""
    return start(headers=[(name, value)])


def without(message: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Give a message or scope without one of its keys."""
    return {name: value for name, value in message.items() if name != key}


def script(*steps: Step) -> ASGIApp:
    """Make the app that does its part of a conversation, whatever it receives."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in steps:
            if isinstance(step, Get):
                await receive()
            else:
                await send(step)  # type: ignore[arg-type]

    return app


async def play(case: Case, *, blame: Blame = "both", ignore: tuple[str, ...] = ()) -> tuple[ASGILint, Exchange]:
    """Be the server of a conversation, around a lint."""
    lint = ASGILint(script(*case.steps), blame=blame, ignore=ignore)
    incoming = [step.message for step in case.steps if isinstance(step, Get)]
    return lint, await exchange(lint, case.scope, incoming)
