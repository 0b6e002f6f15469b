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
from asgi_stack.redaction_names import NameMatcher

__all__ = ["TextRedactor"]

MIN_SECRET_CHARS: Final = 5
"""`pwd=x`"""

MIN_CARD_DIGITS: Final = 13
MAX_CARD_DIGITS: Final = 19
MIN_GROUP: Final = 4
MAX_GROUPS: Final = 5
"""ISO/IEC 7812-1 numbers, as cards print them: 4-4-4-4, 4-6-5, 4-4-4-4-3."""

_JWT: Final = re.compile(r"(?<![\w-])(?>([\w-]*?)eyJ)[\w-]{10,}+(?:\.[\w-]*+){2,4}", re.ASCII)
"""RFC 7519: base64url parts, the first of which begins with `{"`. What sticks to its front stays (`\\n` in a repr)."""

_SCHEME: Final = re.compile(
    r"\b(?:(bearer[ \t]{1,8})(?!\w+=[\"'])"
    r"(?!(?:auth\w*|credentials?|format|header|realm|scheme|tokens?)(?![\w+/~=-]|\.\w))[\w+/~.-]++"
    # "Basic" is an English word as well: what follows it must not be another one.
    r"|(basic[ \t]{1,8})(?!(?-i:[A-Z]?[a-z]++|[A-Z]++)(?:-[a-z]+)*+(?![\w+/~=]|[.-]\w))[\w+/~.-]{4,}+)=*+",
    re.IGNORECASE | re.ASCII,
)
"""RFC 6750, RFC 7617: a scheme and its token68 (RFC 9110, section 11.2)."""

_USERINFO: Final = re.compile(
    r"""(//[^\s/?#"'<>@:\[\]]*+:)"""
    r"""(?:[^\s/?#"<>]*@|(?!\d{1,5}(?:[/?#]|\\))[^\s"<>@]{0,256}+@(?:[^\s/?#"<>]*@)?)""",
)
"""RFC 3986, section 3.2.1. Database URLs are written with `/` or `#` in a password too, but a port is no password."""

_NAME: Final = re.compile(
    r"""(?<![\w.%$+\[\]-])([\w.%$+\[\]-]++)(\\{0,3}["'`]?)[ \t]*+(=>|:=|={1,3}|:(?!:|//))[ \t]*+""",
)
_HEADER_NAME: Final = re.compile(r"(?:authorization|cookies?2?)\Z", re.IGNORECASE)
_LINE_BREAK: Final = re.compile(r"[\r\n]")

_QUOTED: Final = re.compile(r"""[bBfFrRuU]{0,2}(\\{0,3}["'`])((?:\1\1|(?!(?<!\\)\1).)*+)""", re.DOTALL)
_BRACKETS: Final = re.compile(r""""(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|[\[({]|[\])}]""", re.DOTALL)
_BRACKETS_OF_LINE: Final = re.compile(r""""(?:[^"\\\r\n]|\\.)*+"?|'(?:[^'\\\r\n]|\\.)*+'?|[\[({]|[\])}]|[\r\n]""")
"""JSON spreads over lines; code in a traceback is cut off, and an open bracket there must not hide what follows."""

_BRACKET_DEPTHS: Final = {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}

_CLOSING: Final = r""",;)\]}>"'`|"""
_NEXT_NAME: Final = r"""[\w.%$-]{1,64}+=|(?<=["'`])[\w.%$-]{1,64}+["'`][ \t]?[=:]"""
_BARE: Final = re.compile(
    r"(?:(?:apikey|aws4-hmac-sha256|basic|bearer|digest|hawk|negotiate|token)[ \t]{1,8}+)?"
    rf"(?:[^\s&{_CLOSING}]|[{_CLOSING}](?![{_CLOSING}]{{0,8}}+(?:[\s&]|\Z|{_NEXT_NAME})))++",
    re.IGNORECASE,
)
"""Up to white space or `&`. Punctuation belongs to the value unless it closes something or another name follows."""

_DIGITS: Final = re.compile(
    r"(?<![\w-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![\w-])"  # a UUID
    r"|(?<![0-9])[0-9]{1,12}\.[0-9]{13,}"  # a float
    r"|(?<![0-9])([0-9]+(?:[ -][0-9]++(?!\.[0-9]{13}))*+)",
)
"""Groups of digits with single spaces or dashes between them; the first two hold digits too, and are no cards."""

_CARD: Final = re.compile(r"[2-9](?:[ -]?[0-9]){12}")
_SEPARATOR: Final = re.compile(r"([ -])")
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
"""A digit doubled, and the digits of the result added: 7 gives 14 gives 5."""


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
        if _has_digits(text):
            text = _redact_cards(text)
        lowered = text.lower()
        if "eyJ" in text:
            text = _JWT.sub(rf"\1{REDACTED}", text)
        if "earer" in lowered or "asic" in lowered:
            text = _SCHEME.sub(_redact_credential, text)
        if "=" in text or ":" in text:
            return self._redact_named(text, lowered)
        return text

    def _redact_named(self, text: str, lowered: str) -> str:
        if "//" in text and "@" in text:
            text = _USERINFO.sub(rf"\1{REDACTED}@", text)
        return "".join(self._redact_pairs(text)) if self._has_name(lowered) else text

    def _redact_pairs(self, text: str) -> Iterator[str]:
        done = 0
        for match in _NAME.finditer(text):
            if match.start() < done or not self._is_secret(match):
                continue
            start, end = _value_span(match)
            if end > start:
                yield text[done:start]
                yield REDACTED
                done = end
        yield text[done:]

    def _is_secret(self, match: re.Match[str]) -> bool:
        name = unquote_plus(match[1]) if "%" in match[1] else match[1]
        in_query = match.string[match.start() - 1 : match.start()] in {"?", "&"}
        return self._names.is_sensitive_in_query(name) if in_query else self._names.is_sensitive(name)


def _redact_credential(match: re.Match[str]) -> str:
    return f"{match[1] or match[2]}{REDACTED}"


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """Say where the value of a name ends: at its quote, its bracket, the end of a header's line, or a space."""
    text, start = match.string, match.end()
    name, quote, separator = match.groups()
    if separator == ":" and not quote and _HEADER_NAME.search(name):
        return start, _end_of_line(text, start)
    quoted = _QUOTED.match(text, start)
    if quoted:
        return quoted.span(2)
    end = start
    if text.startswith(("[", "{", "("), start):
        end = _end_of_brackets(text, start, _BRACKETS if quote else _BRACKETS_OF_LINE)
    bare = _BARE.match(text, end)
    return start, bare.end() if bare else end


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


def _has_digits(text: str) -> bool:
    """Tell whether there are as many digits as the shortest card number has: a count is cheaper than a search."""
    if len(text) < MIN_CARD_DIGITS:
        return False
    return len(text.encode("ascii", "replace").translate(None, _NO_DIGITS)) >= MIN_CARD_DIGITS


def _redact_cards(text: str) -> str:
    return _DIGITS.sub(_redact_run, text) if _CARD.search(text) else text


def _redact_run(match: re.Match[str]) -> str:
    """Replace the card numbers in a run of digit groups; which groups belong to a number is found by trying."""
    if match[1] is None:
        return match[0]
    parts = _SEPARATOR.split(match[1])
    groups, gaps = parts[::2], [*parts[1::2], ""]
    shown: list[str] = []
    hidden_to = 0  # numbers may overlap by chance: all groups that can belong to one go
    for index, group in enumerate(groups):
        taken = _groups_of_card(groups[index : index + MAX_GROUPS])
        if index >= hidden_to:
            shown.append(REDACTED if taken else group)
        hidden_to = max(hidden_to, index + taken)
        if index >= hidden_to - 1:
            shown.append(gaps[index])
    return "".join(shown)


def _groups_of_card(groups: list[str]) -> int:
    """Say how many groups, from the first on, are one card number: 13 to 19 digits that pass Luhn.

    Only the last group may have fewer than four digits, and none begins with 0 or 1: lists of small numbers and
    Unix timestamps would be taken for cards.
    """
    if groups[0] < "2":
        return 0
    digits, found = "", 0
    for taken, group in enumerate(groups, 1):
        digits += group
        if MIN_CARD_DIGITS <= len(digits) <= MAX_CARD_DIGITS and _passes_luhn(digits):
            found = taken
        if len(group) < MIN_GROUP or len(digits) > MAX_CARD_DIGITS:
            break
    return found


def _passes_luhn(digits: str) -> bool:
    """Check the last digit (ISO/IEC 7812-1, annex B): every second digit from the right counts double."""
    doubled = digits[-2::-2].translate(_DOUBLED)
    return sum(map(int, digits[-1::-2] + doubled)) % 10 == 0
