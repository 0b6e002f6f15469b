"""Give the request's ids to lines that the standard library's own formatters write."""

from __future__ import annotations

import logging
from typing import Final

from asgi_stack.context import current_request

__all__ = ["NO_ID", "RequestIdFilter"]

NO_ID: Final = "-"
"""What stands for an id outside a request."""


class RequestIdFilter(logging.Filter):
    """Put `correlation_id` and `request_id` on each record, for formatters such as `%(correlation_id)s %(message)s`.

    Add it to a handler, which sees the records of all loggers; a logger's filter sees its own alone. Name it in
    `logging.config.dictConfig` as `{"()": "asgi_stack.logging.RequestIdFilter"}`.

    Outside a request both are `-`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with both ids."""
        request = current_request.get()
        record.correlation_id = NO_ID if request is None else request.correlation_id
        record.request_id = NO_ID if request is None else request.request_id
        return True
