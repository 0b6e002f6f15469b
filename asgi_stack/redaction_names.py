"""Decide by its name whether a field holds a secret.

A name is split into words, whatever its spelling (`snake_case`, `kebab-case`, `camelCase`, `APIKey`, `user.password`),
and the words are compared. So `my_password` and `X-Api-Key` are sensitive, and `monkey` and `keyboard` are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final, TypeAlias

__all__ = ["HEADER_ONLY_NAMES", "QUERY_ONLY_NAMES", "SENSITIVE_FIELD_PATTERNS", "NameMatcher"]

SENSITIVE_FIELD_PATTERNS: Final[tuple[str, ...]] = (
    "access_key",
    "access_keys",
    "access_token",
    "access_tokens",
    "api_key",
    "api_keys",
    "api_token",
    "api_tokens",
    "auth_key",
    "auth_keys",
    "auth_token",
    "auth_tokens",
    "authorization",
    "card_number",
    "card_numbers",
    "cookie",
    "cookies",
    "credential",
    "credentials",
    "cvc",
    "cvv",
    "encryption_key",
    "encryption_keys",
    "key",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "private",
    "private_key",
    "private_keys",
    "pwd",
    "refresh_token",
    "refresh_tokens",
    "secret",
    "secret_key",
    "secret_keys",
    "secrets",
    "session",
    "session_id",
    "signature",
    "signatures",
    "signing_key",
    "signing_keys",
    "ssn",
    "token",
)
"""Words and phrases that make a name sensitive, in snake_case; `key` counts only where it is the whole name.

A phrase is also found run together (`apikey`), and the plain word `tokens` is left out: `max_tokens` is a number.
"""

QUERY_ONLY_NAMES: Final = frozenset({"code", "sig", "x-amz-signature", "x-goog-signature"})
"""Whole names that are sensitive in a query string: OAuth codes and the signatures of pre-signed URLs."""

HEADER_ONLY_NAMES: Final = frozenset(
    {
        "authentication",
        "ocp-apim-subscription-key",
        "sec-websocket-protocol",  # browsers can send a bearer token of a websocket nowhere else
        "x-auth",
        "x-functions-key",
        "x-rapidapi-key",
    }
)
"""Whole names that are sensitive as headers."""

MAX_KEPT_NAMES: Final = 2048
MAX_KEPT_CHARS: Final = 128
"""Names come from clients too: what is kept of them is at most 256 KiB."""

_MEASURES: Final = (
    *("algorithm", "count", "enabled", "length", "limit", "policy"),
    *("required", "size", "status", "timeout", "ttl", "type"),
)
_LAST_WORDS: Final = frozenset(f"{word}{plural}" for word in _MEASURES for plural in ("", "s"))
"""At the end of a name they make its value a number, a flag or a label: `password_min_length`."""

_NEXT_WORDS: Final = _LAST_WORDS | {"name", "names", "url", "urls"}
"""Directly after a sensitive word they do so too: `secret_name`, `token_url`."""

_QUESTIONS: Final = frozenset({"has", "is"})

_RUN_TOGETHER: Final = ("apikey", "passwd", "password", "secret", "sessionid", "token")
"""Ends of words that no harmless word has: `PGPASSWORD`, `csrfmiddlewaretoken`, `jsessionid`."""

_LOWER: Final = r"[^\W\d_A-Z]"
_READINGS: Final = (
    re.compile(rf"[A-Z]+(?!{_LOWER})|[A-Z]?{_LOWER}+|\d+"),
    re.compile(rf"[A-Z]{{2,}}|[A-Z]?{_LOWER}+|[A-Z]|\d+"),
)
"""`APIKey` is API and Key, `APIkey` is API and key: a name is read both ways."""

_FLAT: Final = re.compile(r"[^\W\d_]+|\d+")

_RARE_LAST: Final = "etaoinrhldbumfygpscwvkxjqz"
"""Letters, about from the commonest to the rarest; s stands late, since so many sensitive words share it."""

_QUERY_HINTS: Final = ("code=", "sig=")
_ENCODED_NAME_HINT: Final = r"%[^&=%\s]*="
"""A percent-encoded name; the expression stops at the next percent sign, to stay linear."""

Words: TypeAlias = tuple[str, ...]


def split_words(name: str) -> tuple[Words, ...]:
    """Give each way to read a name as lower-case words: by its capitals first, without regard to them last.

    Unicode's compatibility forms (full-width letters) count as the letters they stand for.
    """
    plain = name if name.isascii() else unicodedata.normalize("NFKC", name)
    by_capitals = (tuple(word.lower() for word in reading.findall(plain)) for reading in _READINGS)
    return (*dict.fromkeys(by_capitals), tuple(_FLAT.findall(plain.lower())))


class NameMatcher:
    """Tells sensitive names from harmless ones; immutable."""

    __slots__ = ("_allowed", "_kept", "_phrases", "hints")

    def __init__(self, *, sensitive_names: Iterable[str] = (), allowed_names: Iterable[str] = ()) -> None:
        """Add words or phrases in any spelling to `SENSITIVE_FIELD_PATTERNS`, and whole names that are harmless.

        Raises:
            ValueError: A name holds no letter or digit.
        """
        patterns = [_words(name) for name in (*SENSITIVE_FIELD_PATTERNS, *sensitive_names) if name != "key"]
        self._allowed = frozenset(map(_words, allowed_names))
        self._phrases = _by_first_word({*patterns, *(("".join(words),) for words in patterns)})
        self._kept = lru_cache(maxsize=MAX_KEPT_NAMES)(self._judge)
        self.hints = _hints({"key", *_QUERY_HINTS, *(max(words, key=_rarest) for words in patterns)})

    def is_sensitive(self, name: str) -> bool:
        """Tell whether a name is sensitive, in time linear in its length; answers for short names are kept."""
        return self._kept(name) if len(name) <= MAX_KEPT_CHARS else self._judge(name)

    def is_sensitive_in_query(self, name: str) -> bool:
        """Tell the same of a key of a query string, where a few more names are sensitive."""
        return self.is_sensitive(name) or self._is_one_of(QUERY_ONLY_NAMES, name)

    def is_sensitive_header(self, name: str) -> bool:
        """Tell the same of a header's name, where a few more are sensitive."""
        return self.is_sensitive(name) or self._is_one_of(HEADER_ONLY_NAMES, name)

    def _is_one_of(self, names: frozenset[str], name: str) -> bool:
        return name.strip().lower() in names and self._allowed.isdisjoint(split_words(name))

    def _judge(self, name: str) -> bool:
        readings = split_words(name)
        if not self._allowed.isdisjoint(readings):
            return False
        *by_capitals, flat = readings
        if flat == ("key",) or self._holds_secret(flat, ()):
            return True
        return any(self._holds_secret(words, _RUN_TOGETHER) for words in by_capitals)

    def _holds_secret(self, words: Words, endings: tuple[str, ...]) -> bool:
        if not words or words[-1] in _LAST_WORDS:
            return False
        for start, word in enumerate(words):
            if word in _QUESTIONS:
                return False
            end = self._end(words, start, endings)
            if end and not self._is_described(words, end, endings):
                return True
        return False

    def _end(self, words: Words, start: int, endings: tuple[str, ...]) -> int:
        """Give the index after the sensitive phrase that begins at `start`, or 0."""
        for phrase in self._phrases.get(words[start], ()):
            if words[start : start + len(phrase)] == phrase:
                return start + len(phrase)
        return start + 1 if endings and words[start].endswith(endings) else 0

    def _is_described(self, words: Words, end: int, endings: tuple[str, ...]) -> bool:
        """Tell whether the next word makes a phrase harmless, or is sensitive and decides in its place.

        So `session_cookie_name` is harmless, as `cookie_name` is.
        """
        return end < len(words) and (words[end] in _NEXT_WORDS or bool(self._end(words, end, endings)))


def _words(name: str) -> Words:
    words = split_words(name)[0]
    if not words:
        message = f"a field name needs a letter or a digit, not {name!r}"
        raise ValueError(message)
    return words


def _by_first_word(phrases: Iterable[Words]) -> dict[str, tuple[Words, ...]]:
    """Group phrases by their first word, the longest first."""
    groups: dict[str, list[Words]] = {}
    for phrase in sorted(phrases, key=lambda words: (-len(words), words)):
        groups.setdefault(phrase[0], []).append(phrase)
    return {word: tuple(group) for word, group in groups.items()}


def _hints(words: Iterable[str]) -> str:
    """Write the expression that finds, in lower-case text, some part of every sensitive name.

    Each word is looked for from its rarest letter on (`key` from k, `password` as `word`), and words that share
    that letter share a branch: the search then passes over most of a harmless text without trying anything.
    """
    tails = {word[_rarest(word)[1] :] for word in words}
    needed = sorted(tail for tail in tails if not any(other in tail for other in tails - {tail}))
    branches = [
        f"{re.escape(letter)}(?:{'|'.join(re.escape(tail[1:]) for tail in group)})"
        for letter, group in groupby(needed, key=itemgetter(0))
    ]
    return "|".join([*branches, _ENCODED_NAME_HINT])


def _rarest(word: str) -> tuple[int, int]:
    """Give the rank and the place of the rarest letter that has another one after it."""
    ranks = [_RARE_LAST.find(letter) for letter in word[:-1] or word]
    return max(ranks), ranks.index(max(ranks))
