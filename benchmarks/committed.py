"""The committed figures: what a request may cost, for each version of Python, with what it cost before.

benchmarks/figures.json keeps for each figure and each exact version a list, the oldest count first: the last one holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

__all__ = ["BARE", "FILE", "PEERS", "WHOLE", "Comparison", "Figures", "Verdict", "find_unexplained_rises", "judge"]

FILE: Final = Path(__file__).with_name("figures.json")

BARE: Final = "bare"
"""The name of the bare app's own figure: it shows whether two builds of Python can be compared."""

PEERS: Final = "peers"
"""The name of the peers' figure: how many times ours it is holds on any Python."""

WHOLE: Final = "four_layers"
"""The name of the figure of our whole stack."""

_LIMIT: Final = 0.03
_WIDE_LIMIT: Final = 0.10
"""Where another build or another patch of the same Python is compared."""

_NOISE: Final = 0.005
_RATIO_SLACK: Final = 0.10
"""By how much the ratio to the peers may be below the least one that is committed: it is not the same everywhere."""

_NOT_OURS: Final = frozenset({BARE, PEERS})

History: TypeAlias = Sequence[int]
"""Counts of one figure, the oldest first."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the counts of a run are compared with.

    Attributes:
        version: The version of Python whose figures are taken; None where there is none to compare with.
        limit: How much a figure may rise, as a share of it.
        remark: What a reader has to know about it; empty where it is this very version.
    """

    version: str | None
    limit: float
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one figure.

    Attributes:
        text: As it is shown.
        change: The share by which it rose; None where there is nothing to compare with.
        has_failed: Whether that is too much.
    """

    text: str
    change: float | None = None
    has_failed: bool = False

    @property
    def change_text(self) -> str:
        """The change in percent, with its sign."""
        return "-" if self.change is None else f"{self.change:+.1%}"


@dataclass(frozen=True, slots=True)
class Figures:
    """All committed figures.

    Attributes:
        instructions: Figure to exact version of Python to its history.
    """

    instructions: Mapping[str, Mapping[str, History]]

    @classmethod
    def read(cls, path: Path = FILE) -> Figures:
        """Read the file."""
        return cls(json.loads(path.read_text()))

    @property
    def peers_ratio_floor(self) -> float | None:
        """How many times what ours adds the peers must add, on any Python; None where nothing is committed."""
        ratios = [
            peers / ours
            for version in self._versions()
            if (ours := self.current(WHOLE, version)) and (peers := self.current(PEERS, version))
        ]
        return min(ratios) * (1 - _RATIO_SLACK) if ratios else None

    def write(self, path: Path = FILE) -> None:
        """Write the file, with one line for each history."""
        text = json.dumps(self.instructions, indent=2)
        on_one_line = re.sub(r"\[[^]]*\]", lambda found: " ".join(found[0].split()), text)
        path.write_text(on_one_line.replace("[ ", "[").replace(" ]", "]") + "\n")

    def current(self, figure: str, version: str | None) -> int | None:
        """Give the count that holds for a figure; None where there is none."""
        history = self.instructions.get(figure, {}).get(version or "", ())
        return history[-1] if history else None

    def comparison(self, version: str, bare: int) -> Comparison:
        """Choose what a run is compared with: this version, else the nearest patch of the same minor version.

        Args:
            version: The exact version that was counted, `3.11.7`.
            bare: The bare app's count on it.
        """
        nearest = self._nearest(version)
        if nearest is None:
            remark = f"no figures for Python {version} nor its neighbours: nothing is compared"
            return Comparison(None, _WIDE_LIMIT, remark)
        wide = f"the limit is {_WIDE_LIMIT:.0%}"
        if nearest != version:
            return Comparison(nearest, _WIDE_LIMIT, f"no figures for Python {version}: those of {nearest}, {wide}")
        committed = self.current(BARE, version)
        if committed is not None and abs(bare / committed - 1) > _LIMIT:
            remark = f"another build of Python {version}: bare app {bare:,} instead of {committed:,}, {wide}"
            return Comparison(version, _WIDE_LIMIT, remark)
        return Comparison(version, _LIMIT)

    def accepted(self, version: str, counts: Mapping[str, int]) -> Figures:
        """Give the figures with the counts of a run: what is new, what fell, and what rose by more than the limit.

        A rise within the limit is left out, or small ones would add up unseen. What is not ours has no limit.
        """
        instructions = {figure: dict(histories) for figure, histories in self.instructions.items()}
        for figure, count in counts.items():
            current = self.current(figure, version)
            change = None if current is None else count / current - 1
            limit = _NOISE if figure in _NOT_OURS else _LIMIT
            if change is None or change > limit or change < -_NOISE:
                histories = instructions.setdefault(figure, {})
                histories[version] = [*histories.get(version, ()), count]
        return Figures(instructions)

    def _nearest(self, version: str) -> str | None:
        minor, patch = _split(version)
        siblings = [each for each in self._versions() if _split(each)[0] == minor]
        return min(siblings, key=lambda each: (abs(_split(each)[1] - patch), each), default=None)

    def _versions(self) -> set[str]:
        return {each for histories in self.instructions.values() for each in histories}


def judge(count: int, committed: int | None, limit: float, *, is_gated: bool = True) -> Verdict:
    """Compare a count with the committed one.

    Args:
        count: Instructions now.
        committed: Instructions that are committed; None where there are none.
        limit: How much of it the count may rise.
        is_gated: False for what is shown only.
    """
    if committed is None:
        return Verdict("not committed")
    change = count / committed - 1
    if abs(change) <= limit:
        return Verdict("ok", change)
    if not is_gated:
        return Verdict("differs", change)
    if change > limit:
        return Verdict("FAILED", change, has_failed=True)
    return Verdict(f"now {-change:.1%} below: run `python -m benchmarks.gate --accept`", change)


def find_unexplained_rises(figures: Figures, changelog: str) -> list[str]:
    """Name the counts that are higher than the ones before, and that the changelog does not name.

    Args:
        figures: The committed figures.
        changelog: Its text, where a rise is named by the new count, as `62,500 instructions`.
    """
    text = " ".join(changelog.split())
    return [
        f"{figure}, Python {version}: {after:,} instructions"
        for figure, histories in figures.instructions.items()
        if figure not in _NOT_OURS
        for version, history in histories.items()
        for before, after in pairwise(history)
        if after > before and not re.search(rf"(?<![\d,]){after:,} instructions", text)
    ]


def _split(version: str) -> tuple[str, int]:
    minor, _, patch = version.rpartition(".")
    # A release candidate, `3.14.0rc1`, counts as its release.
    return minor, int(re.split(r"\D", patch)[0])
