"""Check what starts a response before it leaves: a server that finds the fault has often sent half of it by then.

Uvicorn closes the connection without a byte when a header holds a line break, and hypercorn answers with an empty 500.
Found here, the fault becomes an error like any other.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event, RFC 9110 sections 5 and 15.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, cast

from asgi_stack.header_names import USUAL_RESPONSE_NAMES, USUAL_VALUES, learn_name

if TYPE_CHECKING:
    from asgi_stack.types import Header, Message

__all__ = [
    "BODILESS_STATUSES",
    "ProtocolError",
    "checked_headers",
    "checked_start",
    "holds_control",
    "is_token",
    "with_short_reason",
    "without_body",
]

MAX_CLOSE_REASON_BYTES: Final = 123

holds_control: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
is_token: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch

_BYTES: Final[frozenset[type]] = frozenset({bytes})
_tokens: Final = {*USUAL_RESPONSE_NAMES}
"""Names that were found to be tokens."""

BODILESS_STATUSES: Final = frozenset({*range(100, 200), 204, 304})
"""These never have a body (RFC 9110 section 6.4.1)."""

_BODY_HEADERS: Final = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


class ProtocolError(RuntimeError):
    """The application broke a rule of ASGI or HTTP with the message that it was about to send.

    It is raised out of that very `send`, so the traceback shows who sent the message.
    """


def checked_start(message: Message) -> Message:
    """Check the status and the headers of a response start.

    Returns:
        As `checked_headers`.

    Raises:
        ProtocolError: The status is no number from 200 to 599, or see `checked_headers`. A 1xx is no final response:
            uvicorn sends nothing of one or takes it for one, and hypercorn's connection dies.
    """
    status: object = message.get("status")
    if not isinstance(status, int) or status is True or not 200 <= status <= 599:  # noqa: PLR2004 - RFC 9110
        raise ProtocolError(f"{message['type']} has the status {status!r:.40}, not a number from 200 to 599")
    return checked_headers(message)


def checked_headers(message: Message) -> Message:
    """Check the headers of a message that starts a response or accepts a websocket.

    Returns:
        The message itself; a copy where its headers were an iterator, which can be read only once, or where a value
        had blanks around it, which RFC 9110 section 5.5 takes for no part of it, and uvicorn for an error.

    Raises:
        ProtocolError: A header is no pair of bytes, its name is no token, its value holds CR, LF, NUL or another
            control character but the tab, or `content-length` is no number or several. The message names the header
            and never shows its value.
    """
    headers: Iterable[Header] = message.get("headers") or ()
    kind = type(headers)
    if kind is not list and kind is not tuple:
        headers = _as_list(headers)
        message = {**message, "headers": headers}
    return message if _are_sound(headers) else {**message, "headers": _mended(headers)}


def _are_sound(headers: Iterable[Header]) -> bool:
    """Tell whether headers may leave as they are, without saying what is wrong with the others."""
    tokens, usual_values = _tokens, USUAL_VALUES
    values: list[bytes] = []
    length: bytes | None = None
    try:
        for name, value in headers:
            if name not in tokens and not _is_new_token(name):
                return False
            if name == b"content-length":
                if length not in (None, value):
                    return False
                length = value
            elif value not in usual_values:
                values.append(value)
        if length is not None and not (length.isdigit() and type(length) is bytes):
            return False
        # All others at once: a blank around one of them is next to the blank between two.
        return not values or (_BYTES.issuperset(map(type, values)) and _is_clean(b" ".join(values).decode("latin-1")))
    except (AttributeError, TypeError, ValueError):
        return False


def with_short_reason(message: Message) -> Message:
    """Give a close with its reason cut to what a control frame holds, on a character's boundary.

    A frame holds 125 bytes, two of them are the code (RFC 6455 section 5.5). Of a longer reason uvicorn makes an error,
    and the client never learns the code.
    """
    reason = message.get("reason")
    if not isinstance(reason, str) or len(reason.encode(errors="replace")) <= MAX_CLOSE_REASON_BYTES:
        return message
    return {**message, "reason": reason.encode(errors="replace")[:MAX_CLOSE_REASON_BYTES].decode(errors="ignore")}


def without_body(message: Message) -> Message:
    """Give a message of a bodiless response as it may leave.

    A start loses `content-length`, `content-type` and `transfer-encoding`, a part of the body its bytes, a file is not
    sent. uvicorn raises on bytes after such a start and on a length above 0, and ends the chunks of a 204 on the wire,
    where the next response is expected (RFC 9112 section 6.1).
    """
    kind = message["type"]
    if kind == "http.response.start":
        headers = message.get("headers") or ()
        kept = [header for header in headers if header[0].lower() not in _BODY_HEADERS]
        return {**message, "headers": kept} if len(kept) != len(headers) else message
    if kind == "http.response.body":
        return {**message, "body": b""} if message.get("body") else message
    if kind in ("http.response.zerocopysend", "http.response.pathsend"):
        return {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
    return message


def _is_new_token(name: bytes) -> bool:
    if not is_token(name):
        return False
    learn_name(_tokens, name)
    return True


def _is_clean(text: str) -> bool:
    return text.isprintable() and "  " not in text and text.strip() is text


def _as_list(headers: Iterable[Header]) -> list[Header]:
    try:
        return list(headers)
    except TypeError:
        raise ProtocolError(f"headers must be pairs of bytes, not {type(headers).__name__}") from None


def _mended(headers: Iterable[object]) -> list[Header]:
    """Give headers without blanks around their values, or raise for the first that must not leave.

    The value is never told: it may be a secret, or a forged line.
    """
    mended: list[Header] = []
    for header in headers:
        pair = cast("Sequence[object]", header) if isinstance(header, list | tuple) else ()
        if len(pair) != 2:  # noqa: PLR2004 - name and value
            raise ProtocolError("a header is no pair of name and value")
        name, value = pair
        if not isinstance(name, bytes):
            raise ProtocolError(f"the header name {name!r:.80} is {type(name).__name__}, not bytes")
        shown = repr(name[:80])[1:]
        if not is_token(name):
            raise ProtocolError(f"the header name {shown} is no token (RFC 9110 section 5.6.2)")
        if not isinstance(value, bytes):
            raise ProtocolError(f"the value of the header {shown} is {type(value).__name__}, not bytes")
        mended.append((name, value.strip(b" \t")))
        if holds_control(mended[-1][1]):
            raise ProtocolError(f"the value of the header {shown} holds a control character, such as a line break")
    lengths = {value for name, value in mended if name.lower() == b"content-length"}
    if len(lengths) > 1 or not all(value.isdigit() for value in lengths):
        raise ProtocolError("content-length is no number, or there are several (RFC 9110 section 8.6)")
    return mended
