"""The stack's own lines pass structlog's loggers by, and are what those would have written."""

from __future__ import annotations

import io
import math
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from asgi_stack import Redactor, RequestContext, get_logger, log_context
from asgi_stack.logging.configuration import active_configuration
from asgi_stack.logging.processors import resolve_lazy_values
from tests.logging.memory import configured
from tests.odd_values import Unprintable

RECORDS = 10_000
LOGGER = "asgi_stack.request"

NAMES = [
    *("method", "path", "route", "status_code", "outcome", "duration_ms", "items", "\u00e4pfel", "a b", "", "\n"),
    *("level", "logger", "timestamp", "correlation_id", "request_id", "call_site", "level_", "truncated", "..."),
    *("password", "api_key", "token_count", "x" * 2000, "\ud800", "stack_trace", "positional_args", "color_message"),
]
TEXTS = [
    *("", "GET", "/orders/7", "caf\u00e9", "a\nb\r\x00\x1b[31m", "\u2028\u2029\x85", "\ud800", "[REDACTED]", "[CYCLE]"),
    *("Bearer abcdefghijkl", "https://user:pass@host/", "password=hunter2", '{"token": "x"}', "4111 1111 1111 1111"),
]
CONSTANTS = [
    *(
        None,
        True,
        False,
        0,
        -1,
        2**64,
        -(2**63) - 1,
        10**400,
        math.nan,
        math.inf,
        -0.0,
        Decimal("1.50"),
        Decimal("NaN"),
    ),
    *(b"a\xff", b"x" * 300, datetime(2025, 1, 1, tzinfo=UTC), date(2025, 1, 1), timedelta(seconds=61), UUID(int=5)),
    *(
        Unprintable(),
        ValueError("no"),
        frozenset({5}),
        memoryview(b"ab"),
        int,
        Redactor,
        lambda: "lazy",
        lambda: 1 // 0,
    ),
]


def value_of(some: random.Random, depth: int = 0) -> object:
    """Make any value, hostile ones as often as tame ones."""
    if depth < 3 and some.random() < 0.2:
        items = [value_of(some, depth + 1) for _ in range(some.randrange(4))]
        names: list[object] = [*NAMES] if some.random() < 0.5 else [1, None, b"k", (1, 2)]
        return some.choice([items, tuple(items), {some.choice(names): item for item in items}])
    if some.random() < 0.005:
        return "x" * some.randrange(100_000)
    return some.choice([some.random() * 10 ** some.randrange(-5, 20), some.choice(TEXTS), some.choice(CONSTANTS)])


def fields_of(some: random.Random, most: int) -> dict[str, object]:
    """Make the fields of a line."""
    return {some.choice(NAMES): value_of(some) for _ in range(some.randrange(most))}


def taken(stream: io.BytesIO) -> bytes:
    """Give what was written since the last time."""
    written = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return written


@pytest.mark.parametrize(("log_format", "schema"), [("json", "default"), ("json", "gcp"), ("console", "default")])
def test_random_records_are_the_same_bytes_both_ways(log_format: str, schema: str) -> None:
    """10,000 records of any fields, in any surroundings, are one line, written alike by structlog and past it."""
    some = random.Random(20251123)  # noqa: S311 - reproducible, not secret
    # Its times would be to the microsecond, and differ.
    timestamp: dict[str, object] = {"add_timestamp": False} if schema == "gcp" else {"timestamp_format": "%Y"}
    stream = configured(format=log_format, schema=schema, level="DEBUG", call_site=False, **timestamp)
    active, redactor = active_configuration(), Redactor()
    assert active is not None
    differing = []

    for number in range(RECORDS if (log_format, schema) == ("json", "default") else RECORDS // 10):
        level, event = some.choice(["debug", "info", "warning", "error", "critical"]), f"event_{number}"
        fields, blocks, bound = fields_of(some, 20), fields_of(some, 4), fields_of(some, 3)
        bound = {name: value for name, value in bound.items() if "\ud800" not in name}
        with RequestContext.scope("job-1"), bound_contextvars(**bound), log_context(**blocks):
            getattr(structlog.get_logger(LOGGER), level)(event, **fields)
            usual = taken(stream)
            finished = redactor.value(resolve_lazy_values(None, level, dict(fields)))
            active.write(level, LOGGER, event, finished)
            fast = taken(stream)
        has_trace = "stack_trace" in fields or "stack_trace" in blocks or "stack_trace" in bound
        if usual != fast or (len(usual.decode().splitlines()) != 1 and (log_format == "json" or not has_trace)):
            differing.append((number, usual[:300], fast[:300]))

    assert differing == []


@pytest.mark.parametrize("timestamp", [{"timestamp_format": "%Y"}, {"add_timestamp": False}], ids=["dated", "undated"])
@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("bound", [{}, {"team": "blue", "level": "forged"}], ids=["alone", "surrounded"])
def test_finished_entry_is_the_same_bytes_as_its_fields(
    timestamp: dict[str, object], log_format: str, bound: dict[str, object]
) -> None:
    """A line whose entry a layer makes itself is what structlog's logger writes of the same fields."""
    stream = configured(format=log_format, call_site=False, **timestamp)
    active = active_configuration()
    assert active is not None

    with RequestContext.scope("job-1") as record, log_context(**bound):
        structlog.get_logger(LOGGER).info("done", method="GET", status_code=200)
        usual = taken(stream)
        start = {"timestamp": active.now(), "level": "info", "logger": LOGGER, "event": "done"}
        ids = {"correlation_id": record.correlation_id, "request_id": record.request_id}
        active.write_entry("info", LOGGER, "done", {**start, **ids, "method": "GET", "status_code": 200})

    assert taken(stream) == usual != b""


def test_level_and_loss_are_the_same_both_ways() -> None:
    """A line below the level is written neither way; `emitted` tells so beforehand."""
    stream = configured(level="WARNING")
    active = active_configuration()
    assert active is not None

    get_logger(LOGGER).info("x")
    active.write("info", LOGGER, "x", {})

    assert stream.getvalue() == b""
    assert active.emitted == {"warn", "warning", "error", "critical", "fatal"}
