"""Keep quiet what Quart and Django say about an exception that the error layer's line tells more of."""

from __future__ import annotations

import logging
import re
from typing import Final

from asgi_stack.logging.marks import is_line_due_here

__all__ = ["FrameworkRepeats"]

_DJANGO: Final = "django.request"
_is_quarts: Final = re.compile(r"Exception on (request|websocket) ").match
"""How Quart's line begins; its logger is named after the app."""


class FrameworkRepeats(logging.Filter):
    """Drop a framework's own line about an exception of which the error layer writes one.

    It is a filter of our handler: handlers of the user's own, mail to Django's admins among them, get what they got
    before, and so does our handler where no error layer is around the framework.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not is_line_due_here(error):
            return True
        return record.name != _DJANGO and (not isinstance(record.msg, str) or _is_quarts(record.msg) is None)
