"""No text that an attacker may send takes longer than its length warrants."""

from __future__ import annotations

import re
import time

import pytest

from asgi_stack import (
    bounded_copy,
    redaction,
    redaction_cards,
    redaction_names,
    redaction_query,
    redaction_text,
)
from asgi_stack.redaction import Redactor

REDACTOR = Redactor()

HOSTILE = [
    *(
        "[(b'token', '",
        '[("token",[',
        '("a",',
        "['a',",
        '"token, ',
        "(token)=(",
        "token,a,",
        '"token x":',
        '"a token b": ',
    ),
    *("token\\\\\\\\", "\\", '\\"', "//a@", "\\/\\/a:", "\\/\\/a@b:", "eyJaaaaaaaaaa.eyJ", '"token":\n', '"token":"\\'),
    *('"token":{\'', "%2574", "?code=", "#", '["token",', "token=[REDACTED", '"token"] ', "'a b ", '"token":  ["', "`"),
]
"""What the shapes begin with, and never end: repeated to 1 MB."""

MODULES = (bounded_copy, redaction, redaction_cards, redaction_names, redaction_query, redaction_text)
PATTERNS = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
}


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_text_takes_linear_time(part: str) -> None:
    """1 MB of what an attacker may send costs about ten times what 100 kB cost."""
    seconds: list[float] = []
    for length in (100_000, 1_000_000):
        text = part * (length // len(part))
        start = time.thread_time()
        REDACTOR.text(text)
        seconds.append(time.thread_time() - start)

    assert seconds[1] < 40 * max(seconds[0], 0.002)


@pytest.mark.parametrize("name", PATTERNS)
def test_no_expression_explodes(name: str) -> None:
    """Each regular expression by itself walks through 100 kB of any hostile text at once, and not in its square."""
    slow: list[str] = []
    for part in (*HOSTILE, "a", "4", "4111 ", " ", "=", '"', "'", ":", "a=", "A1", "password=", "//a:", "[", "%74"):
        text = part * (100_000 // len(part))
        start = time.thread_time()
        for _ in PATTERNS[name].finditer(text):
            pass
        if time.thread_time() - start > 0.5:
            slow.append(part)

    assert slow == []
