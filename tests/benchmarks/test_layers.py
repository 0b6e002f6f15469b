"""Trivial layers of each kind."""

from __future__ import annotations

import pytest
from starlette.middleware.base import BaseHTTPMiddleware

from asgi_stack.types import Message
from benchmarks.apps import SCENARIOS, receive
from benchmarks.layers import KINDS, LayerKind

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@every_kind
@pytest.mark.parametrize("count", [1, 8])
async def test_each_layer_adds_one_header(kind: LayerKind, count: int) -> None:
    """All kinds do the same work, so that they can be compared."""
    plain = SCENARIOS["success"]
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await kind.around(plain.app, count)(plain.make_scope(), receive, send)

    added = [pair for pair in sent[0]["headers"] if pair == (b"x-layer", b"1")]
    assert len(added) == count
    assert sent[0]["status"] == 200
    assert b"".join(part["body"] for part in sent[1:]).startswith(b'{"id":7')


@every_kind
def test_no_layer_is_the_app_itself(kind: LayerKind) -> None:
    """Zero layers cost nothing."""
    app = SCENARIOS["success"].app

    assert kind.around(app, 0) is app
    assert KINDS[kind.name] is kind


def test_base_http_is_starlettes() -> None:
    """The slowest kind is the real one."""
    assert isinstance(KINDS["basehttp"].around(SCENARIOS["success"].app, 1), BaseHTTPMiddleware)
