"""Check a response as an app sends it: to an http request, or to deny a websocket.

Source: https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event and /extensions.html,
RFC 9110 sections 6.4.1, 8.6 and 15.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asgi_stack.testing.lint_scope import offers
from asgi_stack.testing.lint_values import check_headers, is_number
from asgi_stack.testing.lint_violations import kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asgi_stack.testing.lint_violations import Reporter
    from asgi_stack.types import Header, Message, Scope

__all__ = ["ResponseLint"]

_length: Final = re.compile(rb"[0-9]{1,18}").fullmatch
"""18 digits are an exabyte."""

_NO_LENGTH: Final = frozenset({*range(100, 200), HTTPStatus.NO_CONTENT})
_NO_BODY: Final = frozenset({*_NO_LENGTH, HTTPStatus.NOT_MODIFIED})
_STATUSES: Final = range(100, 600)
_INTERIM: Final = range(100, 200)


class ResponseLint:
    """What was sent of one response; each method checks a message before it leaves, and notes it.

    Attributes:
        started: The start was sent.
        body_ended: The last part of the body was sent.
        complete: So were the trailers, where there are any.
        cut: The client left or the server refused a message, so that an unfinished body is nobody's fault.
    """

    __slots__ = (
        "_announced",
        "_declared",
        "_has_no_body",
        "_has_part",
        "_report",
        "_scope",
        "_sent",
        "body_ended",
        "complete",
        "cut",
        "started",
    )

    def __init__(self, scope: Scope, report: Reporter) -> None:
        self._scope = scope
        self._report = report
        self._announced = False
        self._declared: int | None = None
        self._has_no_body = False
        self._has_part = False
        self._sent = 0
        self.started = False
        self.body_ended = False
        self.complete = False
        self.cut = False

    def start(self, message: Message) -> None:
        """Check the start of the response."""
        if self.started:
            self._report("http.start-twice", f"{message['type']} came again")
        status = self._status(message)
        length = self._length(status, check_headers(message, self._report))
        trailers = self._flag(message, "trailers")
        if trailers and not offers(self._scope, "http.response.trailers"):
            self._report("send.extension-not-offered", "the start says trailers: True without http.response.trailers")
        self.started = True
        self._announced = trailers
        self._has_no_body = status in _NO_BODY
        # A HEAD and a 304 have the length of what they stand for, and no bytes.
        stands_for_another = self._scope.get("method") == "HEAD" or status == HTTPStatus.NOT_MODIFIED
        self._declared = None if stands_for_another else length

    def body(self, message: Message) -> None:
        """Check a part of the body."""
        body = message.get("body", b"")
        if not isinstance(body, bytes):
            self._report("http.body", f"body is {kind(body)}")
            self._declared = None
        more = self._flag(message, "more_body")
        self._check_place(message)
        if body and self._has_no_body:
            self._report("http.body-forbidden", f"a body of {kind(body)} came all the same")
        self._count(body, more=more)
        self._note_part(more=more)

    def zerocopysend(self, message: Message) -> None:
        """Check a part of the body that is an open file."""
        if not _has_descriptor(message.get("file")):
            self._report("http.zerocopysend", f"file is {kind(message.get('file'))}")
        for key in ("offset", "count"):
            if message.get(key) is not None and not is_number(message[key]):
                self._report("http.zerocopysend", f"{key} is {shown(message[key])}")
        more = self._flag(message, "more_body")
        self._check_file_place(message)
        self._note_part(more=more)

    def pathsend(self, message: Message) -> None:
        """Check a body that is a file."""
        path = message.get("path")
        if not isinstance(path, str) or not Path(path).is_absolute():
            self._report("http.pathsend-path", f"path is {'relative' if isinstance(path, str) else kind(path)}")
        self._check_file_place(message)
        if self._has_part:
            self._report("http.pathsend-mixed", "parts of the body were sent before")
        self._note_part(more=False)

    def trailers(self, message: Message) -> None:
        """Check trailers."""
        check_headers(message, self._report, required=True)
        more = self._flag(message, "more_trailers")
        self._check_started(message)
        if not self._announced:
            self._report("http.trailers-not-announced", "the start said nothing of trailers")
        if self.complete:
            self._report("http.after-complete", f"{message['type']} came after the last trailers")
        if not self.body_ended:
            self._report("http.trailers-early", "the body has not ended")
        self.complete = not more

    def check_open(self, message: Message) -> None:
        """Check that the body has not ended before a message that must stand before its end."""
        if self.body_ended:
            self._report("http.after-complete", f"{message['type']} came after the last part of the body")

    def returned(self) -> None:
        """Check that the response is complete once the app returns."""
        if not self.started:
            self._report("http.no-response", "the app returned without sending anything")
        elif not self.complete:
            missing = "the trailers" if self.body_ended else "the last part of the body"
            self._report("http.incomplete", f"the app returned before it sent {missing}")

    def _status(self, message: Message) -> object:
        status: object = message.get("status")
        if not is_number(status) or status not in _STATUSES:
            self._report("http.status", f"status is {shown(status)}")
        if status in _INTERIM:
            self._report("http.interim-status", f"status is {shown(status)}")
        return status

    def _length(self, status: object, headers: Iterable[Header]) -> int | None:
        values = [value for name, value in headers if name.lower() == b"content-length"]
        if not values:
            return None
        if len(values) > 1 or not _length(values[0]):
            self._report("http.content-length", f"it is {' and '.join(map(shown, values))}")
            return None
        if status in _NO_LENGTH:
            self._report("http.content-length-forbidden", f"a {status} says content-length: {int(values[0])}")
        return int(values[0])

    def _flag(self, message: Message, key: str) -> bool:
        value = message.get(key, False)
        if not isinstance(value, bool):
            self._report("http.flag", f"{key} is {shown(value)}")
        return bool(value)

    def _check_started(self, message: Message) -> None:
        if not self.started:
            self._report("http.body-before-start", f"{message['type']} came first")

    def _check_place(self, message: Message) -> None:
        self._check_started(message)
        self.check_open(message)

    def _check_file_place(self, message: Message) -> None:
        self._check_place(message)
        if self._has_no_body:
            self._report("http.body-forbidden", f"{message['type']} came all the same")
        self._declared = None

    def _count(self, body: object, *, more: bool) -> None:
        if self._declared is None or not isinstance(body, bytes):
            return
        total = self._sent + len(body)
        is_short = total < self._declared and not more and not self.cut
        if total > self._declared or is_short:
            detail = f"{self._declared} bytes were declared, and with this part it is {total}"
            self._report("http.content-length-mismatch", detail)
        self._sent = total

    def _note_part(self, *, more: bool) -> None:
        self._has_part = True
        self.body_ended = not more
        self.complete = self.body_ended and not self._announced


def _has_descriptor(file: object) -> bool:
    # An io.BytesIO has the method, and raises.
    fileno: object = getattr(file, "fileno", None)
    try:
        return callable(fileno) and is_number(fileno())
    except (OSError, ValueError):
        return False
