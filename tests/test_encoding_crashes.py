"""Values over which orjson ends the process; each is written in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SETTING = """
import enum, sys, uuid
from asgi_stack import Redactor, configure_structlog, get_logger
from asgi_stack.encoding import encode_json
from asgi_stack.logging.emit import emit

class Failing(enum.Enum):
    MEMBER = 1
    @property
    def value(self):
        raise RuntimeError

class Torn(enum.Enum):
    MEMBER = 1
del Torn.MEMBER._value_

class Emptying:
    def __init__(self, container):
        self.container = container
    def __repr__(self):
        self.container.clear()
        return "emptied"

def emptied(container, fill):
    fill(container, [Emptying(container) for _ in range(100)])
    return container
"""

VALUES = {
    "value that raises": "Failing.MEMBER",
    "member without a value": "Torn.MEMBER",
    "deep inside": "({'a': [(Failing.MEMBER,)]},)",
    "key": "{Failing.MEMBER: 1, 'password': 'CANARY'}",
    "list that is emptied": "emptied([], list.extend)",
    "dict that is emptied": "emptied({}, lambda it, all: it.update((str(n), each) for n, each in enumerate(all)))",
    "UUID without a number": "uuid.UUID.__new__(uuid.UUID)",
}


def run(code: str) -> list[dict[str, object]]:
    """Run a program that must not crash, and give what it printed."""
    command = [sys.executable, "-c", SETTING + code]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_encoder_survives(value: str) -> None:
    """What would end the process within orjson is written in a form that is harmless, and what is beside it too."""
    [record] = run(f"print(encode_json({{'odd': {value}, 'good': 1}}).decode())")

    assert record["good"] == 1
    assert "odd" in record


@pytest.mark.parametrize("value", [text for name, text in VALUES.items() if "UUID" not in name])
def test_log_lines_survive(value: str) -> None:
    """So it is in lines of the user and in fields that the layers copied; no secret comes out by it."""
    lines = run(
        f"configure_structlog(); get_logger('a').info('x', odd={value}, good=1);"
        f"emit('info', 'x', Redactor().value({{'odd': {value}, 'good': 1}}), logger='b')"
    )

    assert [line["good"] for line in lines] == [1, 1]
    assert "CANARY" not in str(lines)
