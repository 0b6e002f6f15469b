"""Match request paths against a list of exact paths and prefixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PathPatterns"]


class PathPatterns:
    """Paths, each exact (`/health`) or a prefix with a trailing `*` (`/internal/*`).

    Args:
        option: The name of the option they came from, for the error message.
        patterns: Each starts with `/` (or is `*` alone, for every path) and holds no `*` but the last character.

    Raises:
        ValueError: A pattern is not of that form; the message names the option and the pattern.
    """

    __slots__ = ("_exact", "_prefixes")

    def __init__(self, option: str, patterns: Sequence[str]) -> None:
        if isinstance(patterns, str):
            message = f"{option} must be a sequence of paths, not the text {patterns!r}"
            raise ValueError(message)  # noqa: TRY004 - one kind of error for every wrong option
        patterns = tuple(patterns)
        for pattern in patterns:
            if not isinstance(pattern, str) or not pattern.startswith(("/", "*")) or "*" in pattern[:-1]:
                message = f"{option}: {pattern!r} is neither a path (/health) nor a prefix (/internal/*)"
                raise ValueError(message)
        self._exact = frozenset(pattern for pattern in patterns if not pattern.endswith("*"))
        self._prefixes = tuple(pattern[:-1] for pattern in patterns if pattern.endswith("*"))

    def match(self, path: str) -> bool:
        """Tell whether one of the patterns covers the path, compared with case."""
        return path in self._exact or path.startswith(self._prefixes)
