"""Stand linters between the layers of a stack under test: no layer may break a rule that was not broken already.

The apps of the tests break rules on purpose, and so do their scopes. So nothing is raised while a test runs; afterwards
each layer's two sides are compared: what it sent may break only rules that the app inside broke, and what it made of
the scope and of `receive` only those that the server outside broke.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from asgi_stack.testing import ASGILint
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send

__all__ = ["LintedStack", "linted"]


@dataclass
class LintedStack:
    """A stack with a linter around each of the project's layers.

    Attributes:
        app: The stack, to be called.
    """

    app: AnyASGIApp
    _lints: list[ASGILint] = field(default_factory=list[ASGILint])

    def __post_init__(self) -> None:
        """Put the linters in; a stack that is driven again keeps those that it has."""
        layer = self.app
        if not _is_layer(layer):
            return
        self.app = self._lint(layer)
        while _is_layer(layer):
            inside = layer.app  # type: ignore[attr-defined]
            if not isinstance(inside, ASGILint):
                inside = self._lint(inside)
                layer.app = inside  # type: ignore[attr-defined]
            else:
                self._lints.append(inside)
            layer = inside.app

    def check(self, *allowed: str) -> None:
        """Fail where a layer broke a rule of its own; `allowed` are rules that it may break."""
        for outside, inside in zip(self._lints, self._lints[1:], strict=False):
            for culprit, source, copy in (("app", inside, outside), ("server", outside, inside)):
                known = {violation.rule for violation in source.violations if violation.culprit == culprit}
                new = [violation for violation in copy.violations if violation.culprit == culprit]
                added = [violation for violation in new if violation.rule not in known | set(allowed)]
                assert not added, f"{type(outside.app).__name__} broke a rule: {added[0]}"

    def _lint(self, app: AnyASGIApp) -> ASGILint:
        self._lints.append(ASGILint(app, on_violation="keep"))
        return self._lints[-1]


def linted(app: AnyASGIApp, *, allowed: Iterable[str] = ()) -> AnyASGIApp:
    """Give a stack to be called by the test itself; each call ends with the check."""
    stack = LintedStack(app)

    async def call(scope: Scope, receive: Receive, send: Send) -> object:
        try:
            return await stack.app(scope, receive, send)
        finally:
            stack.check(*allowed)

    return call


def _is_layer(app: object) -> bool:
    return type(app).__module__.startswith("asgi_stack.middleware.") and hasattr(app, "app")
