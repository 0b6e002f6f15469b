"""Lists of exact paths and prefixes."""

from __future__ import annotations

import pytest

from asgi_stack.paths import PathPatterns


class TestMatch:
    """Which paths a list covers."""

    @pytest.mark.parametrize(
        ("path", "covered"),
        [
            ("/health", True),
            ("/health/", False),
            ("/health/live", False),
            ("/HEALTH", False),
            ("/internal", False),
            ("/internal/", True),
            ("/internal/a/b", True),
            ("/Internal/a", False),
            ("/", False),
            ("", False),
        ],
    )
    def test_exact_paths_and_prefixes(self, path: str, *, covered: bool) -> None:
        """A path is covered when it is listed or begins with a listed prefix; case counts."""
        patterns = PathPatterns("exclude_paths", ["/health", "/internal/*"])

        assert patterns.match(path) is covered

    def test_star_alone_covers_all(self) -> None:
        """`*` stands for every path, the empty one included."""
        patterns = PathPatterns("exclude_paths", ["*"])

        assert all(patterns.match(path) for path in ("/", "/a/b", ""))

    def test_prefix_may_end_inside_a_word(self) -> None:
        """`/api*` covers what begins so, with or without a slash."""
        patterns = PathPatterns("exclude_paths", ["/api*"])

        assert patterns.match("/api")
        assert patterns.match("/api-v2/items")

    def test_no_patterns_cover_nothing(self) -> None:
        """An empty list covers no path, and says that it is empty."""
        patterns = PathPatterns("exclude_paths", ())

        assert not patterns.match("/")
        assert not patterns.match("")

    def test_patterns_may_come_from_a_generator(self) -> None:
        """The list is read once, so anything that can be walked through will do."""
        patterns = PathPatterns("exclude_paths", (path for path in ("/health", "/internal/*")))  # type: ignore[arg-type]

        assert patterns.match("/health")
        assert patterns.match("/internal/a")


class TestErrors:
    """What is no pattern."""

    @pytest.mark.parametrize("pattern", ["", "health", "/a*/b", "**", "*/a", "/a**", 7, None, b"/health"])
    def test_wrong_pattern_is_named(self, pattern: str) -> None:
        """The message names the option and the pattern."""
        with pytest.raises(ValueError, match=r"^sensitive_paths: .* is neither a path") as caught:
            PathPatterns("sensitive_paths", ["/fine", pattern])

        assert repr(pattern) in str(caught.value)

    def test_single_text_is_no_list(self) -> None:
        """A forgotten pair of brackets does not turn into one pattern a letter."""
        with pytest.raises(ValueError, match=r"^exclude_paths must be a sequence of paths, not the text '/health'$"):
            PathPatterns("exclude_paths", "/health")
