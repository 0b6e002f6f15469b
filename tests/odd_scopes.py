"""Scopes, and values in them, that no server sends."""

from __future__ import annotations

from typing import NamedTuple

from tests.odd_values import Endless, Unprintable

__all__ = ["ODD", "Broken", "Moody", "Pair", "UnreadableRoute"]


class Broken(dict[str, object]):
    """A scope that cannot be read at all."""

    def get(self, *_: object) -> object:
        """Fail."""
        raise RuntimeError

    __getitem__ = __iter__ = keys = items = __len__ = get  # type: ignore[assignment]


class Moody(dict[str, object]):
    """A scope one of whose keys cannot be read."""

    def get(self, key: str, default: object = None) -> object:
        """Fail for the path."""
        if key == "path":
            raise RuntimeError
        return super().get(key, default)


class BrokenList(list[object]):
    """A list that cannot be read."""

    def __getitem__(self, index: object) -> object:  # type: ignore[override]
        """Fail."""
        raise RuntimeError


class BrokenText(str):
    """A text that cannot be cut."""

    __slots__ = ()

    def __getitem__(self, index: object) -> str:
        """Fail."""
        raise RuntimeError


class BrokenBytes(bytes):
    """Bytes that cannot be cut."""

    def __getitem__(self, index: object) -> object:  # type: ignore[override]
        """Fail."""
        raise RuntimeError


class UnreadableRoute:
    """A route whose path cannot be read."""

    def __repr__(self) -> str:
        """Name it without its address, as a test's name is the same in every process."""
        return "UnreadableRoute()"

    @property
    def path(self) -> str:
        """Fail."""
        raise RuntimeError


class Pair(NamedTuple):
    """A header as a tuple of one's own."""

    name: bytes
    value: bytes


ODD = [
    *(
        None,
        True,
        0,
        -1,
        2**70,
        1.5,
        float("nan"),
        "",
        b"",
        "text",
        b"bytes",
        "\ud800",
        "a\r\nb",
        b"\xff\x00",
        "x" * 100_000,
    ),
    *(
        (),
        [],
        {},
        set[int](),
        (1,),
        [None, None],
        [[]],
        [()],
        [(b"a",)],
        [(b"a", b"b", b"c")],
        [("a", "b")],
        ["ab", b"cd"],
    ),
    *(
        (b"a", b"b"),
        {"a": "b"},
        [{"a": "b"}],
        [Pair(b"a", b"b")],
        bytearray(b"a"),
        memoryview(b"a"),
        range(5),
        int,
        len,
    ),
    *(
        object(),
        Unprintable(),
        Endless(),
        BrokenList([1]),
        BrokenText("a"),
        BrokenBytes(b"a"),
        UnreadableRoute(),
        ValueError("x"),
    ),
    *(
        [BrokenList([1, 2])],
        [(BrokenBytes(b"a"), BrokenText("b"))],
        (BrokenText("h"), 80),
        [(b"", b"")],
        [(None, b"x")],
    ),
]
"""What no server sends."""
