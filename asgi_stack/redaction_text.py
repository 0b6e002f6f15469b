"""Take secrets out of free text, in time linear in its length.

Shapes: JSON web tokens, `Bearer` and `Basic` credentials, passwords in the userinfo of URLs, `name=value` and
`"name": value` pairs of sensitive names, payment card numbers. No expression here can backtrack without bound: what
repeats is possessive, or is followed by something that it cannot repeat over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

from asgi_stack.bounded_copy import REDACTED
from asgi_stack.redaction_cards import MIN_CARD_DIGITS, redact_cards
from asgi_stack.redaction_names import NameMatcher

__all__ = ["MAX_ENCODINGS", "TextRedactor", "decode_name"]

MIN_SECRET_CHARS: Final = 5
"""`pwd=x`"""

_JWT: Final = re.compile(r"(?<![\w-])(?>([\w-]*?)eyJ)[\w-]{10,}+(?:(?:\.[\w-]*+){2,4}|\.eyJ[\w-]*+)", re.ASCII)
"""RFC 7519: base64url parts, the first of which begins with `{"`. What sticks to its front stays (`\\n` in a repr).

A token that is cut off in its claims, which begin in the same way, is one too.
"""

_SCHEME: Final = re.compile(
    r"(?:\b|(?<=\\[nrt]))(?:(bearer[ \t]{1,8})(?!\w+=[\"'])"
    r"(?!(?:auth\w*|credentials?|format|header|realm|scheme|tokens?)(?![\w+/~=-]|\.\w))[\w+/~.-]++"
    # "Basic" is an English word as well: what follows it must not be another one.
    r"|(basic[ \t]{1,8})(?!(?-i:[A-Z]?[a-z]++|[A-Z]++)(?:-[a-z]+)*+(?![\w+/~=]|[.-]\w))[\w+/~.-]{4,}+)=*+",
    re.IGNORECASE | re.ASCII,
)
"""RFC 6750, RFC 7617: a scheme and its token68 (RFC 9110, section 11.2)."""

_USERINFO: Final = re.compile(
    r"""((?<!\\)(?:\\{0,31}+/){2}[^\s/?#"'<>@:\[\]]*+(?:@[^\s/?#"'<>@:\[\]]*+)?:)"""
    r"""(?:[^\s/?#"<>]*@|(?!\d{1,5}(?:[/?#]|\\))[^\s"<>@]{0,256}+@(?:[^\s/?#"<>]*@)?)""",
)
"""RFC 3986, section 3.2.1. Database URLs are written with `/` or `#` in a password too, but a port is no password.

A user may be a mail address whose `@` nobody encoded, and some write JSON with `\\/`.
"""

_GAP: Final = r"(?:\s|\\{1,31}+[nrt])"
"""White space, also as it is written in a string that stands in a string."""

_NAME: Final = re.compile(
    r"""(?<![\w.%$+\[\]-])([\w.%$+\[\]-]++)(\\{0,31}+["'`]?)"""
    r"""(?:\]|\)(?==\())?[ \t]*+"""  # settings["key"] = 5, and Key (token)=(5) of PostgreSQL
    rf"""(=>|:=|={{1,3}}|:(?!:|//)|(?<=["'`]),(?={_GAP}*+[bBuU]?\\{{0,31}}+["'`\[{{(]))[ \t]*+""",
)
_PHRASE: Final = re.compile(r"""["'`]([\w.$+\[\] -]{1,64})\Z""")
"""A name of several words in quotes, from its quote on."""

_PAIR_OPENS: Final = re.compile(rf"""(?:[\[(,]{_GAP}*+[\[(]{_GAP}*+[bBuU]?|[\[(][bB])\\{{0,31}}["'`]\Z""")
_PAIR_CLOSES: Final = re.compile(rf"""(?:\\{{0,31}}["'`])?{_GAP}*+(?:[)\]]|\Z)""")
"""`[("name", "value")]`, as headers are written: a sequence of pairs, or one pair of bytes."""

_QUOTES: Final = frozenset("\"'`")
_MAX_LOOK_BACK: Final = 100
_GAPS: Final = re.compile(_GAP + "*+")
MAX_ENCODINGS: Final = 3
"""`%2574oken` is `token` encoded twice; a name that is encoded more often than this reaches no handler as one."""

_QUERY_MARKS: Final = frozenset({"?", "&", "#"})
_HEADER_NAME: Final = re.compile(r"(?:authorization|cookies?2?)\Z", re.IGNORECASE)
_LINE_BREAK: Final = re.compile(r"[\r\n]")

_QUOTED: Final = re.compile(r"""[bBfFrRuU]{0,2}(\\{0,31}["'`])((?:\1\1|(?!(?<!\\)\1).)*+)""", re.DOTALL)
_BRACKETS: Final = re.compile(r""""(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|[\[({]|[\])}]""", re.DOTALL)
_BRACKETS_WITHIN: Final = re.compile(r""""(?:[^"\\]|\\++"?)*+"?|'(?:[^'\\]|\\++'?)*+'?|[\[({]|[\])}]""")
"""In JSON that stands in a string, each backslash is doubled: a quote after two of them need not close anything."""

_BRACKETS_OF_LINE: Final = re.compile(r""""(?:[^"\\\r\n]|\\.)*+"?|'(?:[^'\\\r\n]|\\.)*+'?|[\[({]|[\])}]|[\r\n]""")
"""JSON spreads over lines; code in a traceback is cut off, and an open bracket there must not hide what follows."""

_BRACKET_DEPTHS: Final = {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}

_CLOSING: Final = r""",;)\]}>"'`|"""
_NEXT_NAME: Final = r"""[\w.%$-]{1,64}+=|(?<=["'`])[\w.%$-]{1,64}+["'`][ \t]?[=:]"""
_BARE: Final = re.compile(
    r"(?:(?:apikey|aws4-hmac-sha256|basic|bearer|digest|hawk|negotiate|token)[ \t]{1,8}+)?"
    rf"(?:{re.escape(REDACTED)}|[^\s&{_CLOSING}]|[{_CLOSING}](?![{_CLOSING}]{{0,8}}+(?:[\s&]|\Z|{_NEXT_NAME})))++",
    re.IGNORECASE,
)
"""Up to white space or `&`. Punctuation belongs to the value unless it closes something or another name follows."""


class TextRedactor:
    """Takes secrets out of texts; immutable."""

    __slots__ = ("_has_name", "_names")

    def __init__(self, names: NameMatcher) -> None:
        """Use a test for names."""
        self._has_name = re.compile(names.hints).search
        self._names = names

    def redact(self, text: str) -> str:
        """Give the text with each secret replaced; a text without any comes back as it is."""
        if len(text) < MIN_SECRET_CHARS:
            return text
        if len(text) >= MIN_CARD_DIGITS:
            text = redact_cards(text)
        if "eyJ" in text:
            text = _JWT.sub(rf"\1{REDACTED}", text)
        if " " in text or "\t" in text:
            lowered = text.lower()
            if "earer" in lowered or "asic" in lowered:
                text = _SCHEME.sub(_redact_credential, text)
        if "=" in text or ":" in text or "'," in text or '",' in text:
            return self._redact_named(text)
        return text

    def _redact_named(self, text: str) -> str:
        if "@" in text and ("//" in text or "/\\" in text):
            text = _USERINFO.sub(rf"\1{REDACTED}@", text)
        return "".join(self._redact_pairs(text)) if self._has_name(text.lower()) else text

    def _redact_pairs(self, text: str) -> Iterator[str]:
        done = 0
        for match in _NAME.finditer(text):
            if match.start() < done or not self._is_secret(match):
                continue
            start, end = _value_span(match)
            if end > start and (match[3] != "," or _closes_pair(text, start, end)):
                yield text[done:start]
                yield REDACTED
                done = end
        yield text[done:]

    def _is_secret(self, match: re.Match[str]) -> bool:
        return self._has_secret_name(match) and (match[3] != "," or _opens_pair(match))

    def _has_secret_name(self, match: re.Match[str]) -> bool:
        name = decode_name(match[1]) if "%" in match[1] else match[1]
        before = match.string[match.start() - 1 : match.start()]
        if before in _QUERY_MARKS:
            return self._names.is_sensitive_in_query(name)
        if self._names.is_sensitive(name) or (before == "\\" and self._names.is_sensitive(_unescaped(name))):
            return True
        phrase = _PHRASE.search(_look_back(match) + name) if before == " " and match[2] else None
        return phrase is not None and self._names.is_sensitive(phrase[1])


def _unescaped(name: str) -> str:
    r"""Take from a name what belongs to an escape before it: `\nkey` in a repr is a new line and `key`."""
    return name[1:] if name.startswith(("n", "r", "t")) else name


def decode_name(name: str) -> str:
    """Decode a percent-encoded name, which may be encoded more than once: `%2574oken` is `token`."""
    for _ in range(MAX_ENCODINGS):
        if "%" not in name and "+" not in name:
            break
        name = unquote_plus(name)
    return name


def _redact_credential(match: re.Match[str]) -> str:
    return f"{match[1] or match[2]}{REDACTED}"


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """Say where the value of a name ends: at its quote, its bracket, the end of a header's line, or a space."""
    text, start = match.string, match.end()
    name, quote, separator = match.groups()
    if quote:
        start = _end_of_gap(text, start)
    if separator == ":" and not quote and _HEADER_NAME.search(name):
        return start, _end_of_line(text, start)
    quoted = _QUOTED.match(text, start)
    if quoted:
        return quoted.span(2)
    end = start
    if text.startswith(("[", "{", "("), start):
        readings = (_BRACKETS, _BRACKETS_WITHIN) if quote else (_BRACKETS_OF_LINE,)
        end = max(_end_of_brackets(text, start, tokens) for tokens in readings)
    bare = _BARE.match(text, end)
    return start, bare.end() if bare else end


def _look_back(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _MAX_LOOK_BACK) : match.start()]


def _opens_pair(match: re.Match[str]) -> bool:
    return _PAIR_OPENS.search(_look_back(match)) is not None


def _closes_pair(text: str, start: int, end: int) -> bool:
    """Tell whether nothing follows a quoted value; to look again at what stands in brackets could take for ever."""
    return text[start - 1] not in _QUOTES or _PAIR_CLOSES.match(text, end) is not None


def _end_of_gap(text: str, start: int) -> int:
    found = _GAPS.match(text, start)
    return found.end() if found else start


def _end_of_line(text: str, start: int) -> int:
    found = _LINE_BREAK.search(text, start)
    return found.start() if found else len(text)


def _end_of_brackets(text: str, start: int, tokens: re.Pattern[str]) -> int:
    """Give the index after the bracket that closes the one at `start`; one that stays open takes all the rest."""
    depth = 0
    for token in tokens.finditer(text, start):
        if token[0] in {"\r", "\n"}:
            return token.start()
        depth += _BRACKET_DEPTHS.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)
