"""A layer that raises where an app or a server breaks a rule of ASGI.

Scopes: http, websocket and lifespan; unknown types pass unchecked.
Order: anywhere, also several times: what comes from inside is the app's, what comes from outside is the server's.
Reads: the scope, every message in both directions, and whether the app returns in the middle of something.
Writes: nothing; a copy only of a scope or message that holds an iterator, which can be read once.
Errors: `ASGIViolationError`, out of the call for a scope and for what an app leaves undone, out of `receive` and
`send` for messages, before they go any further.
Source: https://asgi.readthedocs.io/en/latest/, RFC 9110, RFC 6455.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, get_args

from asgi_stack.options import check_app, check_choice, strings_of
from asgi_stack.testing.lint_http import HTTPLint
from asgi_stack.testing.lint_lifespan import LifespanLint
from asgi_stack.testing.lint_rules import LINT_RULES
from asgi_stack.testing.lint_scope import ITERABLE_KEYS, check_scope
from asgi_stack.testing.lint_values import is_text_dict, rereadable, unread
from asgi_stack.testing.lint_violations import ASGIViolationError, Reporter, kind, shown
from asgi_stack.testing.lint_websocket import WebSocketLint

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, ASGIApp, Message, Receive, Scope, Send

__all__ = ["ASGILint", "Blame", "OnViolation"]

Blame: TypeAlias = Literal["app", "server", "both"]
"""Whose violations count."""

OnViolation: TypeAlias = Literal["raise", "keep"]
"""Whether a violation is raised, or only kept for `violations` and `check`."""


class _Checks(Protocol):
    def sent(self, message: Message) -> None: ...
    def received(self, message: Message) -> None: ...
    def interrupted(self) -> None: ...
    def returned(self) -> None: ...


_PROTOCOLS: Final[Mapping[str, Callable[[Scope, Reporter], _Checks]]] = {
    "http": HTTPLint,
    "websocket": WebSocketLint,
    "lifespan": LifespanLint,
}


class ASGILint:
    """Check what passes between a server and an app, and raise on every violation.

    Scope, messages, exceptions and the app's return value pass unchanged. A test tool: it costs more than most layers
    that it checks, and it keeps all it found.

    Args:
        app: The application inside.
        blame: Whose violations count: `app`, `server` or `both`. Around a deliberately broken app inside a layer,
            `server` checks what the layer makes of the scope and of `receive`.
        ignore: Ids of rules, of `LINT_RULES`, that do not count.
        on_violation: `raise`; or `keep`, which changes nothing at all about what passes: what is wrong goes on, and
            headers that can be read only once are left unread, and unchecked.

    Raises:
        TypeError: `app` cannot be called.
        ValueError: `blame` or `on_violation` is another word, or `ignore` has no sequence of known ids.
    """

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        blame: Blame = "both",
        ignore: Iterable[str] = (),
        on_violation: OnViolation = "raise",
    ) -> None:
        check_app(app)
        check_choice("blame", blame, get_args(Blame))
        check_choice("on_violation", on_violation, get_args(OnViolation))
        self.app: ASGIApp = app
        self._counted = frozenset(rule.id for rule in LINT_RULES.values() if blame in (rule.culprit, "both")) - _known(
            ignore
        )
        self._raises = on_violation == "raise"
        self._violations: list[ASGIViolationError] = []

    @property
    def violations(self) -> tuple[ASGIViolationError, ...]:
        """Every violation so far, in order: code around may swallow what was raised."""
        return tuple(self._violations)

    def check(self) -> None:
        """Raise the first violation so far, if there is one.

        Raises:
            ASGIViolationError: The very one that was raised before.
        """
        if self._violations:
            raise self._violations[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, checked.

        Raises:
            ASGIViolationError: A rule that counts is broken.
        """
        report = Reporter(self._counted, self._violations, raises=self._raises)
        protocol = _PROTOCOLS.get(_type_of(scope, report))
        if protocol is None:
            return await self.app(scope, receive, send)
        scope, readable = self._readable(scope, *ITERABLE_KEYS)
        check_scope(readable, report)
        checks = protocol(readable, report)

        async def receive_checked() -> Message:
            message = await receive()
            if _is_message(message, "receive.message", report):
                checks.received(message)
            return message

        async def send_checked(message: Message) -> None:
            if _is_message(message, "send.message", report):
                message, readable = self._readable(message, "headers", "links")
                checks.sent(readable)
            try:
                await send(message)
            except BaseException:
                checks.interrupted()
                raise

        # Some apps return a value all the same, and it is not for a lint to lose it.
        returned: None = await self.app(scope, receive_checked, send_checked)  # type: ignore[func-returns-value]
        if not report.app_was_stopped:
            checks.returned()
        return returned

    def _readable(self, values: Scope, *keys: str) -> tuple[Scope, Scope]:
        """Give what goes on, and what is checked."""
        if self._raises:
            values = rereadable(values, *keys)
            return values, values
        return values, unread(values, *keys)


def _known(ignore: Iterable[str]) -> frozenset[str]:
    ids = strings_of("ignore", ignore)
    for name in ids:
        if name not in LINT_RULES:
            raise ValueError(f"ignore has {name!r}, which is none of the rules {', '.join(LINT_RULES)}")
    return frozenset(ids)


def _type_of(scope: object, report: Reporter) -> str:
    """Give the scope's type, or nothing where it has none and that does not count."""
    if not is_text_dict(scope):
        report("scope.type", f"the scope is {kind(scope)}")
        return ""
    scope_type = scope.get("type")
    if not isinstance(scope_type, str):
        report("scope.type", f"type is {shown(scope_type)}")
        return ""
    return scope_type


def _is_message(message: object, rule_id: str, report: Reporter) -> bool:
    """Tell whether a message can be checked any further."""
    if not is_text_dict(message):
        report(rule_id, f"the message is {kind(message)}")
        return False
    message_type = message.get("type")
    if not isinstance(message_type, str):
        report(rule_id, f"type is {shown(message_type)}")
        return False
    return True
