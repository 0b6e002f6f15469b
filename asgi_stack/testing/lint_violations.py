"""What a broken rule becomes: an exception that names the rule, the culprit, the value and the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asgi_stack.testing.lint_rules import LINT_RULES, Culprit, LintRule

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

__all__ = ["ASGIViolationError", "Reporter", "kind", "shown"]

_SHOWN_CHARS: Final = 60
_PLAIN: Final = (str, bytes, int, float, type(None))


class ASGIViolationError(AssertionError):
    """Raised where a message, a scope or an app's return breaks a rule of ASGI.

    Attributes:
        rule: The id of the rule, one of `LINT_RULES`.
        culprit: Who broke it, `app` or `server`.
        citation: The section of the specification and its address.
        detail: What was found. Values of headers, bodies and paths are told by their type alone.
    """

    def __init__(self, rule: LintRule, detail: str) -> None:
        super().__init__(rule, detail)
        self.rule: str = rule.id
        self.culprit: Culprit = rule.culprit
        self.citation: str = rule.citation
        self.detail: str = detail
        self._sentence = rule.sentence

    def __str__(self) -> str:
        """Tell rule, culprit, finding and citation in one line."""
        return f"{self.rule}, broken by the {self.culprit}: {self.detail}. {self._sentence} ({self.citation})"


class Reporter:
    """Takes what the checks of one connection find, keeps what counts, and raises it.

    Attributes:
        app_was_stopped: A message of the app was refused here, so that what follows from its absence is no news.
    """

    __slots__ = ("_counted", "_kept", "_raises", "app_was_stopped")

    def __init__(self, counted: AbstractSet[str], kept: list[ASGIViolationError], *, raises: bool = True) -> None:
        self._counted = counted
        self._kept = kept
        self._raises = raises
        self.app_was_stopped = False

    def __call__(self, rule_id: str, detail: str) -> None:
        """Keep and raise the violation, unless its rule is switched off or the other side's; then the checks go on."""
        if rule_id not in self._counted:
            return
        violation = ASGIViolationError(LINT_RULES[rule_id], detail)
        self._kept.append(violation)
        if not self._raises:
            return
        self.app_was_stopped = self.app_was_stopped or violation.culprit == "app"
        raise violation


def kind(value: object) -> str:
    """Name the type of a value that must not be shown."""
    return type(value).__name__


def shown(value: object) -> str:
    """Show a harmless value, shortened, with its type."""
    if not isinstance(value, _PLAIN):
        return kind(value)
    cut = value[:_SHOWN_CHARS] if isinstance(value, str | bytes) else value
    return f"{cut!r} ({kind(value)})"
