"""Keep quiet what Quart and Django say about a failure that a line of the stack's tells more of."""

from __future__ import annotations

import logging
import re
from typing import Final, cast

from asgi_stack.logging.marks import is_line_due_here
from asgi_stack.middleware.active import ACTIVE
from asgi_stack.pipeline import Stage
from asgi_stack.status_phrases import FIRST_SERVER_ERROR

__all__ = ["FrameworkRepeats"]

_DJANGO: Final = "django.request"
_is_quarts: Final = re.compile(r"Exception on (request|websocket) ").match
"""How Quart's line begins; its logger is named after the app."""


class FrameworkRepeats(logging.Filter):
    """Drop a framework's own line about an exception of which the error layer writes one, or about a status alone.

    Django logs an error for each response from 500 on, deliberate ones included: the request line has its status.

    It is a filter of our handler: handlers of the user's own, mail to Django's admins among them, get what they got
    before, and so does our handler where no error layer is around the framework.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return record.name != _DJANGO or not _tells_a_status_alone(record)
        if not is_line_due_here(error):
            return True
        return record.name != _DJANGO and (not isinstance(record.msg, str) or _is_quarts(record.msg) is None)


def _tells_a_status_alone(record: logging.LogRecord) -> bool:
    """Tell whether Django says of a response what the request line around it says."""
    try:
        status, request = record.__dict__["status_code"], record.__dict__["request"]
        layers = cast("tuple[object, ...]", request.scope[ACTIVE])
        is_failure: bool = status >= FIRST_SERVER_ERROR
        return is_failure and any(getattr(layer, "stage", None) is Stage.LOGGING for layer in layers)
    except Exception:  # noqa: BLE001 - a record's attributes are whatever somebody gave as extra
        return False
