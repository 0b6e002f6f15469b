"""In what stacks differ from ours: what is printed beside the figures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import Secweb  # noqa: F401 - a run without the peers leaves this file out

from benchmarks.peer_differences import Seen, differences
from benchmarks.stacks import STACKS, Stack
from tests.log_capture import logging_restored

PEERS = tuple(name for name, stack in STACKS.items() if stack.kind == "peers")


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    with logging_restored():
        yield


@pytest.mark.parametrize("name", [name for name in STACKS if name not in PEERS])
async def test_only_peers_differ(name: str) -> None:
    """Layers of ours and the bare app are not compared, since they are meant to do less."""
    assert await differences(STACKS[name]) == ()


@pytest.mark.parametrize("name", PEERS)
async def test_every_peer_differs_in_its_error_line(name: str) -> None:
    """No peer has a fingerprint; those with all fields do not differ in the request line."""
    found = await differences(STACKS[name])

    assert any(each.startswith("error line: without") and "fingerprint" in each for each in found)
    assert any(each.startswith("request line") for each in found) == (name == "peers_as_they_are")


async def test_differences_are_what_was_seen() -> None:
    """Another class of the same layers tells of a header and a body that are gone."""
    ours = STACKS["ours"]
    lesser = Stack(name="lesser", title="", wrap=STACKS["ours_without_log"].wrap)

    found = await differences(lesser, ours)

    assert len(found) == 1
    assert found[0].startswith("request line: without bytes_in, bytes_out, client, ")


def test_a_missing_line_is_empty() -> None:
    """A stack that logs nothing lacks every field."""
    assert Seen(status=None, headers=frozenset(), body=b"", lines=(), raised=None).line("request_failed") == {}
