"""Every rule is broken on purpose at least once, caught, and cited; and the page lists them all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_stack.testing import LINT_RULES, ASGIViolationError
from tests.testing.lint_cases import Case, Get, play
from tests.testing.lint_cases_http import EXTENSION_CASES, HEADER_CASES, REQUEST_CASES, RESPONSE_CASES
from tests.testing.lint_cases_lifespan import LIFESPAN_CASES
from tests.testing.lint_cases_scope import MESSAGE_CASES, SCOPE_CASES
from tests.testing.lint_cases_websocket import APP_CASES, SERVER_CASES

PAGE = Path(__file__).parents[2] / "docs" / "asgi-lint.md"

CASES: tuple[Case, ...] = (
    *SCOPE_CASES,
    *MESSAGE_CASES,
    *HEADER_CASES,
    *RESPONSE_CASES,
    *EXTENSION_CASES,
    *REQUEST_CASES,
    *SERVER_CASES,
    *APP_CASES,
    *LIFESPAN_CASES,
)

BROKEN_AT_RETURN = {"http.incomplete", "http.no-response", "lifespan.unanswered", "websocket.unanswered"}
"""Broken by what an app leaves undone, and not by its last message."""

SERVER_ERRORS = (KeyError, TypeError)
"""What the server of the tests makes of a message that it cannot read."""

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


@every_case
async def test_violation_is_raised_and_cited(case: Case) -> None:
    """What breaks a rule raises, naming the rule, the culprit, the value and the part of the specification."""
    lint, result = await play(case)

    error = result.raised
    assert isinstance(error, ASGIViolationError), error
    assert lint.violations == (error,)
    assert (error.rule, error.culprit) == (case.rule, case.culprit)
    assert case.detail in error.detail
    assert error.citation.endswith(case.cites)
    assert all(part in str(error) for part in (error.rule, f"by the {error.culprit}", error.detail, error.citation))
    assert "s3cret" not in str(error)


@pytest.mark.parametrize("case", [case for case in CASES if case.culprit == "app"], ids=lambda case: case.id)
async def test_server_gets_what_was_in_order(case: Case) -> None:
    """Every message before the wrong one reaches the server as it was sent, and the wrong one does not."""
    _, result = await play(case)

    sent = [step for step in case.steps if not isinstance(step, Get)]
    expected = sent if case.rule in BROKEN_AT_RETURN else sent[:-1]
    assert len(result.sent) == len(expected)
    assert all(one is other for one, other in zip(result.sent, expected, strict=True))


@every_case
async def test_other_side_is_not_blamed(case: Case) -> None:
    """With the blame on the other side alone, the same conversation breaks no rule of this side."""
    lint, _ = await play(case, blame="server" if case.culprit == "app" else "app")

    assert case.rule not in {violation.rule for violation in lint.violations}


@every_case
async def test_rule_can_be_switched_off(case: Case) -> None:
    """An ignored rule is not reported, whatever else is wrong with the same conversation."""
    lint, result = await play(case, ignore=(case.rule,))

    assert case.rule not in {violation.rule for violation in lint.violations}
    assert result.raised is None or isinstance(result.raised, (ASGIViolationError, *SERVER_ERRORS))


@pytest.mark.parametrize("rule", LINT_RULES)
def test_every_rule_has_a_case(rule: str) -> None:
    """No rule of the table goes without a conversation that breaks it."""
    assert rule in {case.rule for case in CASES}


@pytest.mark.parametrize("rule", LINT_RULES)
def test_rule_is_well_formed(rule: str) -> None:
    """A rule has an id with its area, a culprit, a sentence, and a section with an address in a page."""
    found = LINT_RULES[rule]

    assert found.id == rule
    assert re.fullmatch(r"(scope|send|receive|http|websocket|lifespan)\.[a-z-]+", rule)
    assert found.culprit in ("app", "server")
    assert found.sentence.endswith(".")
    assert re.fullmatch(
        r"https://(asgi\.readthedocs\.io/en/latest/|www\.rfc-editor\.org/rfc/)\S+#\S+", found.section.url
    )


def rows() -> Iterator[str]:
    """Make the table of docs/asgi-lint.md from the rules."""
    yield "| rule | by | what holds | written in |"
    yield "|---|---|---|---|"
    for rule in LINT_RULES.values():
        yield f"| `{rule.id}` | {rule.culprit} | {rule.sentence} | [{rule.section.title}]({rule.section.url}) |"


def test_page_lists_every_rule() -> None:
    """docs/asgi-lint.md has the whole table, in its order."""
    assert "\n".join(rows()) in PAGE.read_text()
