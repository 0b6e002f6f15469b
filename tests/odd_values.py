"""Values that break careless code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["Endless", "Unprintable"]


class Unprintable:
    """Raises from `__repr__` and `__str__`."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


class Endless(Mapping[str, int]):
    """A mapping without an end."""

    def __getitem__(self, key: str) -> int:
        """Give a key's number."""
        return int(key)

    def __iter__(self) -> Iterator[str]:
        """Count for ever."""
        number = 0
        while True:
            yield str(number)
            number += 1

    def __len__(self) -> int:
        """Claim to be short."""
        return 1
